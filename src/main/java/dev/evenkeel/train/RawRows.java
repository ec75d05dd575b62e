package dev.evenkeel.train;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import dev.evenkeel.data.Column;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.data.Groups;
import dev.evenkeel.data.Preparation;
import dev.evenkeel.data.PreparedTable;
import dev.evenkeel.data.RowNames;
import dev.evenkeel.data.RowWeights;
import dev.evenkeel.data.Scaling;
import dev.evenkeel.data.Source;
import dev.evenkeel.data.Split;
import dev.evenkeel.data.Table;
import dev.evenkeel.data.TableRemarks;
import dev.evenkeel.data.TargetChoice;
import dev.evenkeel.data.Task;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * A plan's rows to learn from: read, but neither split nor prepared.
 *
 * @param ownTest the test set that the data bring along, not among these rows
 * @param parts prepares the rows of a split by what its training rows teach
 */
record RawRows(Parting parting, Optional<Dataset> ownTest, Function<Split, Parts> parts) {

  /**
   * @param notes hears what was decided or ignored, a sentence each
   */
  static RawRows read(DataPlan plan, Consumer<String> notes) {
    Source source = new Sources(plan).toLearn();
    return source instanceof Source.Csv csv
        ? new OfTable(plan, notes).rows(csv.table())
        : of(plan, (Source.Arrays) source, notes);
  }

  private static RawRows of(DataPlan plan, Source.Arrays arrays, Consumer<String> notes) {
    Dataset data = arrays.data();
    if (!plan.targets().isEmpty()) {
      notes.accept(sentence(plan, data.task()));
    }
    int[] strata = strata(data);
    return new RawRows(
        new Parting(plan, strata, row -> Integer.toString(strata[row]), Optional.empty()),
        arrays.test(),
        split -> Parts.prepared(data, split, fit(plan, arrays, split)));
  }

  private static Preparation fit(DataPlan plan, Source.Arrays arrays, Split split) {
    return plan.scaling() == Scaling.ROBUST
        ? Preparation.fitRobust(arrays.data(), split.train())
        : Preparation.fit(arrays.data(), split.train(), arrays.shared());
  }

  private static String sentence(DataPlan plan, Task found) {
    String file = plan.targets().get(0);
    String asked = plan.kind().isPresent() ? ", as asked" : "";
    if (found instanceof Task.Classification) {
      return "%s is predicted by classification, into %,d classes%s."
              .formatted(file, found.outputs(), asked)
          + (asked.isEmpty() ? " If that is wrong, say --task regression." : "");
    }
    return "%s is predicted by regression%s.".formatted(file, asked)
        + (asked.isEmpty()
            ? " Only whole numbers from 0 to %d that repeat are taken for classes; if it holds classes, say --task classification."
                .formatted(TargetChoice.MOST_CLASSES)
            : "");
  }

  /** The class index of every row, 0 for numbers. */
  static int[] strata(Dataset data) {
    return data.task() instanceof Task.Classification ? data.labels() : new int[data.rows()];
  }

  /** The rows of a CSV file, whose columns are chosen from. */
  private record OfTable(DataPlan plan, Consumer<String> notes) {

    RawRows rows(Table read) {
      read.remarks().forEach(notes);
      requireColumns(read);
      List<String> predicted = targets(read);
      requireGroupApart(read, predicted);
      requireWeightsApart(read, predicted);
      TargetChoice choice = TargetChoice.of(read, predicted, plan.kind());
      Table table = choice.spelled(read);
      notes.accept(choice.sentence());
      if (!plan.weights().isEmpty()) {
        RowWeights.of(table, plan.weights()); // wrong ones are found before anything else
        notes.accept(
            "Column \"%s\" says what each row counts, in the loss and in metrics."
                .formatted(table.column(plan.weights()).name()));
      }
      Optional<Groups> groups = plan.groups(read);
      groups.ifPresent(found -> notes.accept(sentence(table, found, choice)));
      AtomicBoolean said = new AtomicBoolean();
      return new RawRows(
          new Parting(
              plan,
              choice.strata(table),
              row -> table.column(choice.columns().get(0)).text(row),
              groups),
          Optional.empty(),
          split -> {
            Consumer<String> once = said.getAndSet(true) ? note -> {} : notes;
            Parts parts = parts(table, choice, groups, split, once);
            return new KeptFiles(plan).into(parts, groups, notes);
          });
    }

    private void requireColumns(Table read) {
      for (String target : plan.targets()) {
        if (read.find(target).isEmpty() && DataPlan.isFile(target)) {
          throw new EvenkeelException(
              "--target %s is a file, but the target of a CSV file is one of its own columns: %s. help: join the two files"
                  .formatted(target, String.join(", ", read.columnNames())));
        }
      }
      if (read.columns().size() == 1) {
        throw new EvenkeelException(
            "%s has one column, %s, so there is nothing to learn from; fields are looked for between commas, semicolons, tabs, bars and spaces. help: --delimiter CHAR names another"
                .formatted(plan.data(), read.columnNames().get(0)));
      }
    }

    /** By name or number; a name may have commas in it, else they part several. */
    private List<String> targets(Table read) {
      return plan.targets().isEmpty()
          ? List.of("-1")
          : plan.targets().stream()
              .flatMap(
                  text ->
                      read.find(text).isPresent()
                          ? Stream.of(text)
                          : Stream.of(text.split(",", -1)))
              .toList();
    }

    private void requireGroupApart(Table read, List<String> predicted) {
      String group = plan.group();
      if (!group.isEmpty()
          && predicted.stream().map(read::column).anyMatch(read.column(group)::equals)) {
        throw new EvenkeelException(
            "--group %s is the target itself: each part would have values of its own, which no other knows. help: another --group, or another --target"
                .formatted(group));
      }
    }

    private void requireWeightsApart(Table read, List<String> predicted) {
      if (plan.weights().isEmpty()) {
        return;
      }
      Column weights = read.column(plan.weights());
      boolean grouped = !plan.group().isEmpty() && read.column(plan.group()) == weights;
      if (grouped || predicted.stream().anyMatch(name -> read.column(name) == weights)) {
        throw new EvenkeelException(
            "--weights %s is also %s: a column has one use. help: another column, or leave one of them out"
                .formatted(plan.weights(), grouped ? "--group" : "the target"));
      }
    }

    private static String sentence(Table table, Groups groups, TargetChoice choice) {
      return "%s: rows of the same \"%s\" stay together, %s%s."
          .formatted(
              table.name(),
              groups.column(),
              Words.counted(groups.names().size(), "group"),
              choice.kind() == Task.Kind.CLASSIFICATION
                  ? "; shares of the classes may differ from part to part"
                  : "");
    }

    /**
     * @param once hears what became of the columns, once for all folds
     */
    private Parts parts(
        Table table,
        TargetChoice choice,
        Optional<Groups> groups,
        Split split,
        Consumer<String> once) {
      List<String> left = new ArrayList<>(plan.drop());
      groups.ifPresent(found -> left.add(found.column()));
      if (!plan.weights().isEmpty()) {
        left.add(table.column(plan.weights()).name());
      }
      left.addAll(namesOfRows(table, choice, left, once));
      Preparation preparation = Preparation.fit(table, choice, left, split.train(), plan.scaling());
      TableRemarks.of(table, preparation, Set.copyOf(plan.categorical()), split.train())
          .forEach(once);
      PreparedTable rows = preparation.prepare(table.without(left), true, notes);
      PreparedTable all =
          plan.weights().isEmpty() ? rows : rows.withWeights(RowWeights.of(table, plan.weights()));
      return Parts.of(all::select, split, preparation);
    }

    private List<String> namesOfRows(
        Table table, TargetChoice choice, List<String> left, Consumer<String> once) {
      List<String> others = new ArrayList<>(plan.categorical());
      others.addAll(choice.columns());
      others.addAll(left);
      List<String> names = RowNames.in(table, others);
      TableRemarks.leftOut(table, names).forEach(once);
      return names;
    }
  }
}
