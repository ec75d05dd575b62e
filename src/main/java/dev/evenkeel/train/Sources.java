package dev.evenkeel.train;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.data.Catalog;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.data.Preparation;
import dev.evenkeel.data.Source;
import dev.evenkeel.data.Table;
import dev.evenkeel.data.TableFormat;
import dev.evenkeel.data.Task;
import java.util.HashSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** Reads what a plan names, as it says; what doesn't fit its data is refused. */
record Sources(DataPlan plan) {

  /** The plan's data, to learn from. */
  Source toLearn() {
    return checked(source(plan.data(), options(), plan.kind()));
  }

  /** How a table is read to learn from it. */
  Table.Options options() {
    Set<String> group = plan.group().isEmpty() ? Set.of() : Set.of(plan.group());
    return Table.Options.DETECT
        .withFormat(plan.format())
        .withCategorical(Set.copyOf(plan.categorical()))
        .withTexts(group)
        .withDropped(Set.copyOf(plan.drop()));
  }

  /** The plan's data, for a model that is trained. */
  Source toGoOn(Preparation trained) {
    return checked(like(plan.data(), trained));
  }

  /** Any data for a model, read as those that trained it. */
  Source like(String nameOrPath, Preparation trained) {
    return source(nameOrPath, options(trained), Optional.of(trained.target().task().kind()));
  }

  /** How a table is read for a model that is trained. */
  Table.Options options(Preparation trained) {
    Table.Options options = trained.options();
    String group = plan.group();
    boolean number =
        trained.features().stream()
            .anyMatch(one -> one.holdsNumbers() && one.column().equals(Optional.of(group)));
    if (!group.isEmpty() && !number) {
      Set<String> texts = new HashSet<>(options.texts());
      texts.add(group);
      options = options.withTexts(texts);
    }
    if (!plan.weights().isEmpty()) {
      Set<String> used = new HashSet<>(options.used());
      used.add(plan.weights());
      options = options.withUsed(used);
    }
    return options;
  }

  private Source source(String nameOrPath, Table.Options options, Optional<Task.Kind> kind) {
    return Catalog.standard().load(nameOrPath, options, plan.targets().stream().findFirst(), kind);
  }

  private Source checked(Source source) {
    if (source instanceof Source.Arrays arrays) {
      requireNothingOfTables();
      requireOneFile();
      requireTargets(arrays.data());
    }
    return source;
  }

  private void requireTargets(Dataset data) {
    if (!data.hasTargets()) {
      throw new EvenkeelException(
          "%s has no targets to learn from. help: --target FILE names the file that holds them; of an NPZ file, --target NAME the array"
              .formatted(plan.data()));
    }
  }

  private void requireOneFile() {
    if (plan.targets().size() > 1) {
      throw new EvenkeelException(
          "%s takes one file of targets, not %d: %s. help: join them into one of as many columns"
              .formatted(plan.data(), plan.targets().size(), String.join(", ", plan.targets())));
    }
  }

  private void requireNothingOfTables() {
    boolean named = Catalog.NAMES.contains(plan.data());
    if (!plan.group().isEmpty() || !plan.weights().isEmpty() || new KeptFiles(plan).areAny()) {
      throw new EvenkeelException(
          "--group COLUMN, --weights COLUMN, --valid FILE and --test FILE are for CSV files; %s has no named columns. help: --valid FRACTION, --test FRACTION%s"
              .formatted(plan.data(), named ? "; mnist and fashion-mnist bring a test set" : ""));
    }
    boolean read = !plan.format().equals(TableFormat.DETECT);
    if (!plan.drop().isEmpty() || !plan.categorical().isEmpty() || read) {
      throw new EvenkeelException(
          "--drop, --categorical, --no-header and what else says how a table is read are for CSV files; %s has no named columns. help: leave them out"
              .formatted(plan.data()));
    }
    Task.Kind kind = plan.kind().orElse(Task.Kind.CLASSIFICATION);
    boolean classes = kind == Task.Kind.CLASSIFICATION;
    if (named && (!plan.targets().isEmpty() || !classes)) {
      throw new EvenkeelException(
          "%s has a target of its own, a class: %s can't change it. help: leave it out"
              .formatted(
                  plan.data(),
                  classes
                      ? "--target " + String.join(",", plan.targets())
                      : "--task " + kind.name().toLowerCase(Locale.ROOT)));
    }
  }
}
