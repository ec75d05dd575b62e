package dev.evenkeel.train;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import dev.evenkeel.data.Catalog;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.data.Folds;
import dev.evenkeel.data.Groups;
import dev.evenkeel.data.Preparation;
import dev.evenkeel.data.PreparedTable;
import dev.evenkeel.data.Scaling;
import dev.evenkeel.data.Source;
import dev.evenkeel.data.Split;
import dev.evenkeel.data.Table;
import dev.evenkeel.data.TargetChoice;
import dev.evenkeel.data.Task;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * A plan's rows: read, but neither split nor prepared.
 *
 * @param strata the class index of every row, 0 for numbers
 * @param classes what each row's class is called
 * @param groups that stay together, where the plan has some
 * @param ownValid the rows to validate on that the data bring along, not among these rows
 * @param ownTest the test set, likewise
 * @param prepare makes parts of a split of these rows
 */
record RawRows(
    DataPlan plan,
    int[] strata,
    IntFunction<String> classes,
    Optional<Groups> groups,
    Optional<Dataset> ownValid,
    Optional<Dataset> ownTest,
    Function<Split, Parts> prepare) {

  /**
   * Rows to learn from, prepared by what the training rows of a split teach.
   *
   * @param notes hears what was decided or ignored, a sentence each
   */
  static RawRows toLearn(DataPlan plan, Consumer<String> notes) {
    return toLearn(plan, new Sources(plan).toLearn(), notes);
  }

  /** The same of data that are read. */
  static RawRows toLearn(DataPlan plan, Source source, Consumer<String> notes) {
    if (source instanceof Source.Csv csv) {
      return toLearn(plan, csv.table(), notes);
    }
    Source.Arrays arrays = (Source.Arrays) source;
    if (!Catalog.NAMES.contains(plan.data())) {
      notes.accept(sentence(plan, arrays.data()));
    }
    noteWhereRowsLie(arrays.data(), notes);
    return of(plan, arrays, split -> fit(plan, arrays, split));
  }

  /** The same of a table that is read. */
  static RawRows toLearn(DataPlan plan, Table table, Consumer<String> notes) {
    return new TableRows(plan, notes).rows(table);
  }

  /**
   * Rows for a model that is trained.
   *
   * @param notes hears what was ignored or replaced, a sentence each
   */
  static RawRows toGoOn(DataPlan plan, Preparation trained, Consumer<String> notes) {
    Source source = new Sources(plan).toGoOn(trained);
    return source instanceof Source.Csv csv
        ? toGoOn(plan, csv.table(), trained, notes)
        : of(plan, (Source.Arrays) source, split -> trained);
  }

  /** The same of a table that is read. */
  static RawRows toGoOn(DataPlan plan, Table table, Preparation trained, Consumer<String> notes) {
    return new TableRows(plan, notes).rows(table, trained);
  }

  /** What is to be known before many seconds pass. */
  private static void noteWhereRowsLie(Dataset data, Consumer<String> notes) {
    if (data.stored().array().isEmpty()) {
      notes.accept(
          "%s is read where it lies, row by row, since its %,d numbers would take more than half of Java's memory. help: EVENKEEL_JAVA_OPTIONS=-Xmx gives more, if the machine has it"
              .formatted(data.name(), (long) data.rows() * data.columns()));
    }
  }

  static RawRows of(DataPlan plan, Source.Arrays arrays, Function<Split, Preparation> preparation) {
    int[] strata = arrays.data().strata();
    return new RawRows(
        plan,
        strata,
        row -> Integer.toString(strata[row]),
        Optional.empty(),
        arrays.valid(),
        arrays.test(),
        split -> Parts.prepared(arrays.data(), split, preparation.apply(split)));
  }

  /** Rows of a table for a model that is trained. */
  static RawRows of(
      DataPlan plan,
      PreparedTable all,
      Optional<Groups> groups,
      Preparation trained,
      Consumer<String> notes) {
    return new RawRows(
        plan,
        all.classes(),
        row -> "", // the model knows its classes, whichever train now
        groups,
        Optional.empty(),
        Optional.empty(),
        split ->
            new KeptFiles(plan).into(Parts.of(all, split, groups, trained, notes), groups, notes));
  }

  /** At random, by whole groups, or in order; sets that the data bring stand for others. */
  Split split() {
    double valid = ownValid.isPresent() ? 0 : plan.valid().share();
    double test = ownTest.isPresent() ? 0 : plan.test().share();
    if (plan.order() == Split.Order.ORDERED) {
      return Split.ordered(strata.length, valid, test);
    }
    return groups.isPresent()
        ? Split.grouped(groups.get().ofRow(), valid, test, plan.seed())
        : Split.stratified(strata, valid, test, plan.seed());
  }

  /** The prepared rows of a split; sets that the data bring are those of all splits. */
  Parts parts(Split split) {
    Parts own = prepare.apply(split);
    return own.with(ownValid.map(own.preparation()::apply), ownTest.map(own.preparation()::apply));
  }

  List<Split> folds(int count) {
    double valid = plan.valid().share();
    if (plan.order() == Split.Order.ORDERED) {
      throw new EvenkeelException(
          "--split ordered can't be cross-validated: most folds would be tested by a model that learned from later rows. help: train --split ordered");
    }
    List<Split> folds =
        groups.isPresent()
            ? Folds.grouped(groups.get().ofRow(), count, valid, plan.seed())
            : Folds.of(strata, count, valid, plan.seed());
    folds.forEach(this::requireTrained); // of all, before the first is trained
    return folds;
  }

  /** A split may leave a class out that the others are to be told from, if it is by groups, say. */
  Split requireTrained(Split split) {
    BitSet trained = new BitSet();
    IntStream.of(split.train()).forEach(row -> trained.set(strata[row]));
    for (int row = 0; row < strata.length; row++) {
      if (!trained.get(strata[row])) {
        throw new EvenkeelException(
            "%s: no row of class \"%s\" trains (%s), but some validate or test. help: %ssmaller shares, or leave its rows out"
                .formatted(
                    plan.data(),
                    classes.apply(row),
                    plan.way(),
                    plan.group().isEmpty() ? "" : "another --seed, "));
      }
    }
    return split;
  }

  private static Preparation fit(DataPlan plan, Source.Arrays arrays, Split split) {
    if (plan.scaling() == Scaling.PIECES) {
      throw new EvenkeelException(
          "--scale pieces is for the columns of a table; those of %s have no names, and each would become %d inputs. help: --scale robust, or a CSV file"
              .formatted(plan.data(), Scaling.MOST_PIECES));
    }
    return plan.scaling() == Scaling.ROBUST
        ? Preparation.fitRobust(arrays.data(), split.train())
        : Preparation.fit(arrays.data(), split.train(), arrays.shared());
  }

  private static String sentence(DataPlan plan, Dataset data) {
    Task found = data.task();
    String file = plan.targets().isEmpty() ? "The target of " + plan.data() : plan.targets().get(0);
    String asked = plan.kind().isPresent() ? ", as asked" : "";
    if (found instanceof Task.Flags) {
      return "%s is predicted as %s, the probability of each by itself%s"
          .formatted(
              file,
              Words.counted(found.outputs(), "flag"),
              plan.kind().isPresent()
                  ? ", as asked."
                  : ", because it holds 0 and 1 alone. If that is wrong, say --task regression.");
    }
    if (found instanceof Task.Classification) {
      return "%s is predicted by classification, into %,d classes%s."
              .formatted(file, found.outputs(), asked)
          + (asked.isEmpty() ? " If that is wrong, say --task regression." : "");
    }
    return "%s is predicted by regression%s.".formatted(file, asked)
        + (asked.isEmpty()
            ? " Only whole numbers of at most %d different values, which repeat, are taken for classes; if it holds classes, say --task classification."
                .formatted(TargetChoice.MOST_CLASSES)
            : "");
  }
}
