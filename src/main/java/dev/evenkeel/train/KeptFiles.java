package dev.evenkeel.train;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.data.Groups;
import dev.evenkeel.data.Preparation;
import dev.evenkeel.data.Table;
import dev.evenkeel.io.Spool;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The files of their own that a plan validates or tests on. They are read as any later file is:
 * what the training rows taught is applied to them, and nothing is fitted to them.
 */
record KeptFiles(DataPlan plan) {

  boolean areAny() {
    return plan.valid().isFile() || plan.test().isFile();
  }

  /** Before anything is read, which may take long. */
  void check() {
    check("--valid", plan.valid());
    check("--test", plan.test());
    if (areAny() && DataPlan.isSame(plan.valid().file(), plan.test().file())) {
      throw new EvenkeelException(
          "--valid and --test are the same file, %s: what chooses the best epoch would measure it. help: two files, or --test FRACTION"
              .formatted(plan.test()));
    }
  }

  /** The rows of the test file alone, for a model that is trained. */
  Dataset test(Preparation preparation, Consumer<String> notes) {
    check("--test", plan.test());
    return rows(plan.test(), preparation, new HashSet<>(), notes).orElseThrow();
  }

  private void check(String option, Portion portion) {
    if (!portion.isFile()) {
      return;
    }
    Path path = Path.of(portion.file());
    if (Spool.isStream(path) || Files.isDirectory(path)) {
      throw new EvenkeelException(
          "%s %s is %s, but a file is needed: --resume and evaluate read these rows again. help: %s FILE"
              .formatted(option, portion, Files.isDirectory(path) ? "a folder" : "a pipe", option));
    }
    if (!Files.exists(path)) {
      throw new EvenkeelException(
          "%s %s is neither a share of the rows, as 0.1 is, nor a file that is there (in the folder %s). help: correct it; if a run's file was moved, train --resume takes %s FILE, and evaluate --data FILE"
              .formatted(option, portion, Path.of("").toAbsolutePath(), option));
    }
    if (plan.isOf(portion.file())) {
      throw new EvenkeelException(
          "%s %s is the file of --data itself: its rows can't train and be kept apart. help: %s FRACTION, or another file"
              .formatted(option, portion, option));
    }
  }

  /**
   * The parts with what the files hold.
   *
   * @param groups of the data's own rows, which must not go on in a file
   */
  Parts into(Parts parts, Optional<Groups> groups, Consumer<String> notes) {
    Set<String> known = new HashSet<>();
    groups.ifPresent(own -> known.addAll(own.names()));
    Optional<Dataset> valid = rows(plan.valid(), parts.preparation(), known, notes);
    Optional<Dataset> test = rows(plan.test(), parts.preparation(), known, notes);
    return new Parts(
        parts.train(), valid.or(parts::valid), test.or(parts::test), parts.preparation());
  }

  private Optional<Dataset> rows(
      Portion portion, Preparation preparation, Set<String> known, Consumer<String> notes) {
    if (!portion.isFile()) {
      return Optional.empty();
    }
    Consumer<Table> groups = plan.group().isEmpty() ? table -> {} : table -> add(table, known);
    Dataset rows = plan.load(portion.file(), true, preparation, notes, groups);
    if (!rows.hasTargets()) {
      throw new EvenkeelException(
          "%s has no targets to measure against. help: a CSV file with the columns of %s"
              .formatted(portion, plan.data()));
    }
    if (!plan.weights().isEmpty() && !rows.isWeighted()) {
      throw new EvenkeelException(
          "%s has no column \"%s\", which weighs the rows of %s. help: add it; 1 in each row counts all alike"
              .formatted(portion, plan.weights(), plan.data()));
    }
    return Optional.of(rows);
  }

  private void add(Table table, Set<String> known) {
    Groups groups = Groups.of(table, plan.group());
    List<String> shared = groups.names().stream().filter(known::contains).toList();
    if (!shared.isEmpty()) {
      throw new EvenkeelException(
          "%s: --group %s keeps rows of one value in one part, but %s of %,d have rows elsewhere, too, such as \"%s\". help: bring their rows together in one file, or leave --group out"
              .formatted(
                  table.name(),
                  groups.column(),
                  Words.counted(shared.size(), "value"),
                  groups.names().size(),
                  shared.get(0)));
    }
    known.addAll(groups.names());
  }
}
