package dev.evenkeel.train;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.data.Catalog;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.data.Preparation;
import dev.evenkeel.data.Source;
import dev.evenkeel.data.Split;
import dev.evenkeel.data.Table;
import dev.evenkeel.data.TargetChoice;
import dev.evenkeel.data.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * From a name or a file to rows that train, validate and test: what to load, what to predict, how
 * to split. Plain data, kept as a note in checkpoints, so that a run can be resumed by its folder
 * alone.
 *
 * @param target a column or file, "" for the default
 * @param task a {@link Task.Kind}, "" to find out
 */
public record DataPlan(
    String data,
    String target,
    String task,
    List<String> drop,
    List<String> categorical,
    boolean noHeader,
    double valid,
    double test,
    long seed) {

  public DataPlan {
    drop = List.copyOf(drop);
    categorical = List.copyOf(categorical);
    if (!(valid >= 0 && test >= 0 && valid + test < 1)) {
      throw new EvenkeelException(
          "--valid %s and --test %s leave no rows to train on; both must be at least 0 and their sum below 1"
              .formatted(valid, test));
    }
  }

  /** A tenth of the rows to validate on, a fifth to test on, the last column to predict, seed 1. */
  public static DataPlan of(String data) {
    return new DataPlan(data, "", "", List.of(), List.of(), false, 0.1, 0.2, 1);
  }

  /** Predicts this column, by name or number; for .npy and IDX data, the values in this file. */
  public DataPlan withTarget(String target) {
    return new DataPlan(data, target, task, drop, categorical, noHeader, valid, test, seed);
  }

  /** Prepared rows. valid and test are absent where their share is 0. */
  public record Parts(
      Dataset train, Optional<Dataset> valid, Optional<Dataset> test, Preparation preparation) {}

  /**
   * @param notes hears what was decided or ignored, a sentence each
   */
  public Parts load(Consumer<String> notes) {
    Source source = source(data, kind());
    if (source instanceof Source.Csv csv) {
      return parts(csv.table(), notes);
    }
    requireNothingOfTables();
    return parts((Source.Arrays) source, notes);
  }

  private void requireNothingOfTables() {
    if (!drop.isEmpty() || !categorical.isEmpty() || noHeader) {
      throw new EvenkeelException(
          "--drop, --categorical and --no-header are for CSV files; %s has no named columns. help: leave them out"
              .formatted(data));
    }
    boolean classes = kind().orElse(Task.Kind.CLASSIFICATION) == Task.Kind.CLASSIFICATION;
    if (Catalog.NAMES.contains(data) && (!target.isEmpty() || !classes)) {
      throw new EvenkeelException(
          "%s has a target of its own, a class: %s can't change it. help: leave it out"
              .formatted(data, classes ? "--target " + target : "--task regression"));
    }
  }

  private Source source(String nameOrPath, Optional<Task.Kind> kind) {
    Table.Options options =
        Table.Options.DETECT
            .withHeader(noHeader ? Table.Header.ABSENT : Table.Header.AUTO)
            .withCategorical(Set.copyOf(categorical));
    return Catalog.standard()
        .load(nameOrPath, options, target.isEmpty() ? Optional.empty() : Optional.of(target), kind);
  }

  private Optional<Task.Kind> kind() {
    return task.isEmpty() ? Optional.empty() : Optional.of(Task.Kind.valueOf(task));
  }

  private Parts parts(Table table, Consumer<String> notes) {
    table.remark().ifPresent(notes);
    if (table.find(target).isEmpty() && isFile(target)) {
      throw new EvenkeelException(
          "--target %s is a file, but the target of a CSV file is one of its own columns: %s. help: join the two files"
              .formatted(target, String.join(", ", table.columnNames())));
    }
    TargetChoice choice = TargetChoice.of(table, target.isEmpty() ? "-1" : target, kind());
    notes.accept(choice.sentence());
    Split split = choice.split(table, valid, test, seed);
    Preparation preparation = Preparation.fit(table, choice, drop, split.train());
    Dataset all = preparation.apply(table, true, notes);
    return new Parts(
        all.select(split.train()), some(all, split.valid()), some(all, split.test()), preparation);
  }

  private static Optional<Dataset> some(Dataset all, int[] rows) {
    return rows.length == 0 ? Optional.empty() : Optional.of(all.select(rows));
  }

  private static boolean isFile(String name) {
    return !name.isEmpty() && Files.isRegularFile(Path.of(name));
  }

  private Parts parts(Source.Arrays arrays, Consumer<String> notes) {
    if (!arrays.data().hasTargets()) {
      throw new EvenkeelException(
          "%s has no targets to learn from. help: --target FILE names the file that holds them"
              .formatted(data));
    }
    if (!target.isEmpty()) {
      notes.accept(sentence(arrays.data().task()));
    }
    Split split = Split.of(arrays.data(), valid, arrays.test().isPresent() ? 0 : test, seed);
    Preparation preparation = Preparation.fit(arrays.data(), split.train(), arrays.shared());
    Optional<Dataset> tested =
        arrays.test().isPresent()
            ? arrays.test().map(preparation::apply)
            : prepared(preparation, arrays.data(), split.test());
    return new Parts(
        preparation.apply(arrays.data(), split.train()),
        prepared(preparation, arrays.data(), split.valid()),
        tested,
        preparation);
  }

  private String sentence(Task found) {
    boolean classes = found instanceof Task.Classification;
    return "%s is predicted by %s%s. If that is wrong, say --task %s."
        .formatted(
            target,
            classes ? "classification" : "regression",
            classes ? ", into %d classes".formatted(found.outputs()) : "",
            classes ? "regression" : "classification");
  }

  private static Optional<Dataset> prepared(Preparation preparation, Dataset data, int[] rows) {
    return rows.length == 0 ? Optional.empty() : Optional.of(preparation.apply(data, rows));
  }

  /** Whether a name or path means the data of this plan, however it is spelt. */
  public boolean isOf(String other) {
    try {
      return other.equals(data)
          || (isFile(other) && isFile(data) && Files.isSameFile(Path.of(other), Path.of(data)));
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * Rows for a model that is trained: of the data that it was trained on, the test rows alone; of
   * other data, all.
   */
  public Dataset load(
      String other, boolean withTargets, Preparation preparation, Consumer<String> notes) {
    if (withTargets && isOf(other)) {
      Parts parts = load(note -> {});
      if (parts.test().isPresent()) {
        notes.accept(
            "Of %s, the %,d test rows that training never saw."
                .formatted(other, parts.test().get().rows()));
        return parts.test().get();
      }
    }
    Source source = source(other, Optional.of(preparation.target().task().kind()));
    if (source instanceof Source.Csv csv) {
      csv.table().remark().ifPresent(notes);
      return preparation.apply(csv.table(), withTargets, notes);
    }
    Source.Arrays arrays = (Source.Arrays) source;
    return preparation.apply(arrays.test().orElse(arrays.data()));
  }
}
