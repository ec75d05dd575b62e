package dev.evenkeel.train;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import dev.evenkeel.data.Column;
import dev.evenkeel.data.ColumnNames;
import dev.evenkeel.data.Groups;
import dev.evenkeel.data.Preparation;
import dev.evenkeel.data.PreparedTable;
import dev.evenkeel.data.RowNames;
import dev.evenkeel.data.RowWeights;
import dev.evenkeel.data.Split;
import dev.evenkeel.data.Table;
import dev.evenkeel.data.TableRemarks;
import dev.evenkeel.data.TargetChoice;
import dev.evenkeel.data.Task;
import dev.evenkeel.data.TrainRows;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A table whose columns are chosen from, as {@link RawRows}.
 *
 * @param notes hears what was decided or ignored, a sentence each
 */
record TableRows(DataPlan plan, Consumer<String> notes) {

  /** To learn from. */
  RawRows rows(Table all) {
    all.remarks().forEach(notes);
    requireColumns(all);
    List<String> targets = targets(all);
    Set<String> predicted =
        targets.stream().map(target -> all.column(target).name()).collect(Collectors.toSet());
    requireGroupApart(all, predicted);
    requireWeightsApart(all, predicted::contains, "the target", "leave one of them out");
    Table read = all.whereKnown(targets, notes);
    TargetChoice choice = TargetChoice.of(read, targets, plan.kind());
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
        plan,
        choice.strata(table),
        row -> table.column(choice.columns().get(0)).text(row),
        groups,
        Optional.empty(),
        Optional.empty(),
        split -> {
          Consumer<String> once = said.getAndSet(true) ? note -> {} : notes;
          Parts parts = parts(table, choice, groups, split, once);
          return new KeptFiles(plan).into(parts, groups, notes);
        });
  }

  /** For a model that is trained. */
  RawRows rows(Table read, Preparation trained) {
    read.remarks().forEach(notes);
    requireWeightsApart(
        read, trained::uses, "a feature or the target of the model", "leave it out");
    Table table = trained.withTargets(read, notes);
    Optional<Groups> groups = plan.groups(table);
    PreparedTable all = plan.prepare(trained, table, true, notes);
    return RawRows.of(plan, all, groups, trained, notes);
  }

  private void requireColumns(Table read) {
    for (String target : plan.targets()) {
      if (read.find(target).isEmpty() && DataPlan.isFile(target)) {
        throw new EvenkeelException(
            "--target %s is a file, but the target of a table is one of its own columns: %s. help: join the two files"
                .formatted(target, ColumnNames.listed(read.columnNames())));
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
    return plan.targets().isEmpty() ? List.of(last(read)) : parted(read, plan.targets());
  }

  /** The last column, but for those that lines which end in delimiters make: nameless, empty. */
  private static String last(Table read) {
    int last = read.columns().size() - 1;
    for (int c = last; c > 0; c--) {
      Column column = read.columns().get(c);
      boolean named = !column.name().matches("(unnamed )?" + (c + 1));
      if (named || !IntStream.range(0, read.rows()).allMatch(column::missing)) {
        return column.name();
      }
    }
    return read.columns().get(last).name();
  }

  private static List<String> parted(Table read, List<String> texts) {
    return ColumnNames.parted(texts, Set.copyOf(read.columnNames()));
  }

  private void requireGroupApart(Table read, Set<String> predicted) {
    String group = plan.group();
    if (!group.isEmpty() && predicted.contains(read.column(group).name())) {
      throw new EvenkeelException(
          "--group %s is the target itself: each part would have values of its own, which no other knows. help: another --group, or another --target"
              .formatted(group));
    }
  }

  /**
   * @param used whether a column has another use, which {@code use} says
   */
  private void requireWeightsApart(Table read, Predicate<String> used, String use, String without) {
    if (plan.weights().isEmpty()) {
      return;
    }
    Column weights = read.column(plan.weights());
    boolean grouped = !plan.group().isEmpty() && read.column(plan.group()) == weights;
    if (grouped || used.test(weights.name())) {
      throw new EvenkeelException(
          "--weights %s is also %s: a column has one use. help: another column, or %s"
              .formatted(plan.weights(), grouped ? "--group" : use, without));
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
    List<String> left = new ArrayList<>(parted(table, plan.drop()));
    groups.ifPresent(found -> left.add(found.column()));
    if (!plan.weights().isEmpty()) {
      left.add(table.column(plan.weights()).name());
    }
    left.addAll(empty(table, left, once));
    left.addAll(namesOfRows(table, choice, left, once));
    Optional<float[]> weights =
        plan.weights().isEmpty()
            ? Optional.empty()
            : Optional.of(RowWeights.of(table, plan.weights()));
    TrainRows train = new TrainRows(split.train(), groups, weights);
    Preparation preparation =
        Preparation.fit(table, choice, left, train, plan.scaling(), plan.oneHot());
    TableRemarks.of(
            table, preparation, Set.copyOf(parted(table, plan.categorical())), split.train())
        .forEach(once);
    // Texts that no row to train on has are by chance, unless rows are kept apart on purpose.
    boolean apart = groups.isPresent() || plan.order() == Split.Order.ORDERED;
    PreparedTable rows = preparation.prepare(table.without(left), true, apart ? once : note -> {});
    PreparedTable all = weights.map(rows::withWeights).orElse(rows);
    RepeatedRows.in(table, preparation, split).ifPresent(once);
    return Parts.of(all, split, groups, preparation, once);
  }

  /** Such as lines that end in a delimiter make one. */
  private static List<String> empty(Table table, List<String> left, Consumer<String> once) {
    Set<Column> others = left.stream().map(table::column).collect(Collectors.toSet());
    List<String> empty =
        table.columns().stream()
            .filter(column -> !others.contains(column))
            .filter(column -> IntStream.range(0, table.rows()).allMatch(column::missing))
            .map(Column::name)
            .toList();
    if (!empty.isEmpty()) {
      once.accept(
          "%s: %s no value, and %s left out."
              .formatted(
                  table.name(),
                  empty.size() == 1
                      ? "column \"%s\" has".formatted(empty.get(0))
                      : "columns \"%s\" have".formatted(String.join("\", \"", empty)),
                  empty.size() == 1 ? "is" : "are"));
    }
    return empty;
  }

  private List<String> namesOfRows(
      Table table, TargetChoice choice, List<String> left, Consumer<String> once) {
    List<String> others = new ArrayList<>(parted(table, plan.categorical()));
    others.addAll(choice.columns());
    others.addAll(left);
    List<String> names = RowNames.in(table, others);
    TableRemarks.leftOut(table, names).forEach(once);
    return names;
  }
}
