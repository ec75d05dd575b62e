package dev.evenkeel.data;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * Which column of a table is to be predicted, and whether as a class or as a number; or which
 * several, as numbers or as flags.
 *
 * @param sentence tells the user what was decided, why, and how to decide otherwise
 */
public record TargetChoice(List<String> columns, Task.Kind kind, String sentence) {

  /** Whole numbers of up to so many different values are taken for classes. */
  public static final int MOST_CLASSES = 20;

  public TargetChoice {
    columns = List.copyOf(columns);
  }

  /**
   * Decides where the user didn't: texts are classes, and so are whole numbers of at most 20
   * different values that are fewer than half of the rows.
   *
   * @param targets at least one, as {@link Table#column} takes them; several are flags where each
   *     has two values, 0 and 1 if they are numbers, and else numbers
   */
  public static TargetChoice of(Table table, List<String> targets, Optional<Task.Kind> forced) {
    List<Column> columns = targets.stream().map(table::column).toList();
    for (Column column : columns) {
      String classes = "--categorical %s makes a class of each text, --target names another column";
      requireSingle(table, column, "target", classes.formatted(ColumnNames.word(column.name())));
    }
    boolean flags = forced.equals(Optional.of(Task.Kind.FLAGS));
    if (flags
        || forced.isEmpty() && columns.size() > 1 && columns.stream().allMatch(FlagColumn::is)) {
      return ofFlags(table, columns, flags);
    }
    return columns.size() == 1
        ? ofOne(table, columns.get(0), forced)
        : ofSeveral(table, columns, forced);
  }

  /** Refuses vectors where a row has one value. */
  static void requireSingle(Table table, Column column, String use, String help) {
    if (column instanceof Column.Vector vectors) {
      throw new EvenkeelException(
          "%s: column \"%s\" holds vectors of %s, but a %s is one value. help: %s"
              .formatted(
                  table.name(),
                  column.name(),
                  Words.counted(vectors.parts().size(), "number"),
                  use,
                  help));
    }
  }

  private static TargetChoice ofSeveral(
      Table table, List<Column> columns, Optional<Task.Kind> forced) {
    List<String> names = names(table, columns);
    String together =
        "%s: columns %s are predicted together".formatted(table.name(), Cells.quoted(names));
    if (forced.equals(Optional.of(Task.Kind.CLASSIFICATION))) {
      throw new EvenkeelException(
          together
              + ", as numbers or flags, not by the classification of --task. Choose one target, or leave --task out.");
    }
    for (Column column : columns) {
      if (column instanceof Column.Categorical texts) {
        boolean chosen = table.options().categorical().contains(column.name());
        throw new EvenkeelException(
            "%s, which is a regression, but \"%s\" holds %s. %s"
                .formatted(
                    together,
                    column.name(),
                    chosen ? "categories, by --categorical" : "texts, such as " + example(texts),
                    chosen
                        ? "Leave it out of one of the two options."
                        : "Leave it out of --target, or predict it alone; several are flags where each has two values."));
      }
    }
    return new TargetChoice(
        names,
        Task.Kind.REGRESSION,
        "Columns %s are predicted together, by regression.".formatted(Cells.quoted(names)));
  }

  /** Of several targets, none twice. */
  private static List<String> names(Table table, List<Column> columns) {
    List<String> names = columns.stream().map(Column::name).toList();
    for (String name : names) {
      if (Collections.frequency(names, name) > 1) {
        throw new EvenkeelException(
            "%s: column \"%s\" is named as a target twice. Name it once."
                .formatted(table.name(), name));
      }
    }
    return names;
  }

  private static TargetChoice ofFlags(Table table, List<Column> columns, boolean asked) {
    List<String> names = names(table, columns);
    for (Column column : columns) {
      if (!FlagColumn.is(column)) {
        throw new EvenkeelException(
            "%s: column \"%s\" can't be a flag: it holds %s, but a flag is 0 or 1, or one of two texts. help: another --task, or another target"
                .formatted(
                    table.name(),
                    column.name(),
                    column instanceof Column.Categorical texts
                        ? Words.counted(texts.levels().size(), "different text")
                        : "other numbers than 0 and 1"));
      }
    }
    boolean numbers = columns.stream().allMatch(Column.Numeric.class::isInstance);
    String why =
        asked
            ? ", as asked."
            : ", because each holds 0 and 1 alone, or two texts."
                + (numbers ? " If that is wrong, say --task regression." : "");
    return new TargetChoice(
        names,
        Task.Kind.FLAGS,
        names.size() == 1
            ? "Column \"%s\" is predicted as a flag, by its probability%s"
                .formatted(names.get(0), why)
            : "Columns %s are predicted as flags, the probability of each by itself%s"
                .formatted(Cells.quoted(names), why));
  }

  private static TargetChoice ofOne(Table table, Column column, Optional<Task.Kind> forced) {
    String subject = "Column \"%s\"".formatted(column.name());
    if (forced.isPresent()) {
      if (forced.get() == Task.Kind.REGRESSION && column instanceof Column.Categorical texts) {
        throw new EvenkeelException(
            "%s: column \"%s\" cannot be predicted as a number: it holds texts, such as %s. Choose classification, or another target."
                .formatted(table.name(), column.name(), example(texts)));
      }
      return new TargetChoice(
          List.of(column.name()),
          forced.get(),
          subject + " is predicted by " + word(forced.get()) + ", as asked.");
    }
    if (column instanceof Column.Categorical texts) {
      requireClasses(table, texts);
      return new TargetChoice(
          List.of(column.name()),
          Task.Kind.CLASSIFICATION,
          "%s is predicted by classification, because it holds texts (%s)."
              .formatted(subject, Words.counted(texts.levels().size(), "different one")));
    }
    double[] values = ((Column.Numeric) column).values();
    double[] present = Arrays.stream(values).filter(v -> !Double.isNaN(v)).toArray();
    boolean whole = Arrays.stream(present).allMatch(v -> v == Math.rint(v));
    long distinct = different(present);
    boolean classes = whole && distinct <= MOST_CLASSES && distinct < values.length / 2.0;
    Task.Kind kind = classes ? Task.Kind.CLASSIFICATION : Task.Kind.REGRESSION;
    return new TargetChoice(
        List.of(column.name()),
        kind,
        "%s is predicted by %s, because it holds %s of %s. If that is wrong, say --task %s."
            .formatted(
                subject,
                word(kind),
                whole ? "whole numbers" : "numbers",
                Words.counted(distinct, "different value"),
                word(classes ? Task.Kind.REGRESSION : Task.Kind.CLASSIFICATION)));
  }

  /** Texts that name the rows can't be told from one another. */
  private static void requireClasses(Table table, Column.Categorical texts) {
    int count = texts.levels().size();
    if (count > MOST_CLASSES && count > 0.9 * table.rows()) {
      throw new EvenkeelException(
          "%s: column \"%s\" holds %,d different texts in %s, such as %s, so it names the rows and no classes. help: --target names another column; if it holds numbers, --missing names the texts among them"
              .formatted(
                  table.name(),
                  texts.name(),
                  count,
                  Words.counted(table.rows(), "row"),
                  example(texts)));
    }
  }

  /** How many different values there are. */
  private static long different(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return IntStream.range(0, sorted.length)
        .filter(i -> i == 0 || Double.compare(sorted[i - 1], sorted[i]) != 0)
        .count();
  }

  private static String word(Task.Kind kind) {
    return kind == Task.Kind.CLASSIFICATION ? "classification" : "regression";
  }

  private static String example(Column.Categorical texts) {
    return Cells.quoted(texts.levels().isEmpty() ? "" : texts.levels().get(0));
  }

  /**
   * The table with class names as they are written, "01" and not 1; but with numbers where some
   * class is written in two ways, as 1 and 1.0.
   */
  public Table spelled(Table table) {
    if (kind != Task.Kind.CLASSIFICATION) {
      return table;
    }
    String column = columns.get(0);
    Table texts = table.spelled(Set.of(column));
    if (texts == table || !(texts.column(column) instanceof Column.Categorical written)) {
      return table;
    }
    AmountForm amounts = table.format().amounts().get(column);
    Set<BigDecimal> values = new HashSet<>();
    boolean apart =
        written.levels().stream()
            .map(text -> amounts == null ? text.replace(',', '.') : plain(amounts.value(text)))
            .allMatch(text -> !Double.isNaN(Cells.number(text)) && values.add(value(text)));
    return apart ? texts : table;
  }

  private static String plain(double value) {
    return Double.isNaN(value) ? "" : Cells.text(value);
  }

  /** To the last digit: a double takes 9007199254740993 for the number before it. */
  private static BigDecimal value(String number) {
    return new BigDecimal(number).stripTrailingZeros();
  }

  /** The class index of every row of the table, 0 for numbers: what splits are stratified by. */
  public int[] strata(Table table) {
    if (kind != Task.Kind.CLASSIFICATION) {
      return new int[table.rows()];
    }
    int[] all = IntStream.range(0, table.rows()).toArray();
    return labels(table, columns.get(0), classes(table, all));
  }

  /** The class labels in the given rows, in natural order. */
  List<String> classes(Table table, int[] rows) {
    Column labels = table.column(columns.get(0));
    requireTargets(table, labels, rows);
    return sortedTexts(labels, rows);
  }

  /** The texts of the given rows that are not missing, each once, in natural order. */
  static List<String> sortedTexts(Column column, int[] rows) {
    Collection<String> texts = new TreeSet<>(NaturalOrder.INSTANCE);
    if (column instanceof Column.Categorical c) {
      boolean[] seen = new boolean[c.levels().size()];
      for (int row : rows) {
        if (!c.missing(row)) {
          seen[c.codes()[row]] = true;
        }
      }
      IntStream.range(0, seen.length)
          .filter(k -> seen[k])
          .forEach(k -> texts.add(c.levels().get(k)));
    } else {
      Arrays.stream(rows)
          .filter(row -> !column.missing(row))
          .forEach(row -> texts.add(column.text(row)));
    }
    return List.copyOf(texts);
  }

  /** How many different texts these rows have. */
  static int countTexts(Column column, int[] rows) {
    BitSet seen = new BitSet();
    int[] codes = ((Column.Categorical) column).codes();
    IntStream.of(rows).filter(row -> !column.missing(row)).forEach(row -> seen.set(codes[row]));
    return seen.cardinality();
  }

  static void requireTargets(Table table, Column target, int[] rows) {
    for (int row : rows) {
      if (target.missing(row)) {
        long others = IntStream.range(0, table.rows()).filter(target::missing).count() - 1;
        throw new EvenkeelException(
            "%s: the target \"%s\" is missing%s. Fill it in or remove the row%s."
                .formatted(
                    table.at(row),
                    target.name(),
                    others == 0 ? "" : ", as in " + Words.counted(others, "other row"),
                    others == 0 ? "" : "s"));
      }
    }
  }

  /** The class index of every row of the table. */
  static int[] labels(Table table, String targetName, List<String> classes) {
    Column column = table.column(targetName);
    Levels known = new Levels(classes);
    int[] labels = new int[table.rows()];
    for (int row = 0; row < labels.length; row++) {
      requireTargets(table, column, new int[] {row});
      int index = known.place(column.text(row));
      if (index < 0) {
        throw new EvenkeelException(
            "%s: the class %s of column \"%s\" is not among those trained on: %s. Correct it, remove the row, or train with such rows."
                .formatted(
                    table.at(row),
                    Cells.quoted(column.text(row)),
                    column.name(),
                    String.join(", ", classes)));
      }
      labels[row] = index;
    }
    return labels;
  }

  /** Targets, of which these rows are looked at. */
  static double[] numbers(Table table, Column column, int[] rows) {
    requireTargets(table, column, rows);
    if (!(column instanceof Column.Numeric numeric)) {
      throw new EvenkeelException(
          "%s: column \"%s\" holds %s, but numbers are needed there."
              .formatted(
                  table.name(),
                  column.name(),
                  column instanceof Column.Vector ? "vectors" : "texts"));
    }
    double[] values = numeric.values();
    for (int row : rows) {
      if (Math.abs(values[row]) > Float.MAX_VALUE) {
        throw new EvenkeelException(
            "%s: the target \"%s\" is %s, which no float can hold. Correct it, or give it in a larger unit, of at most 3.4e38."
                .formatted(table.at(row), column.name(), values[row]));
      }
    }
    return values;
  }
}
