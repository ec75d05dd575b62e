package dev.evenkeel.data;

import dev.evenkeel.Words;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * What became of a table's columns that its owner may not have meant: numbers that are categories
 * because of a few words among them, codes that are numbers, names of rows that were left out,
 * numbers that count them, dates, vectors, texts alike, rare classes, columns that never change,
 * and those that give the target away.
 */
public final class TableRemarks {

  private static final Pattern PERCENT = Pattern.compile("[-+]?[\\d.,]*\\d[\\d.,]*\\s*%");
  private static final Pattern MONEY =
      Pattern.compile(
          "[-+]?(?:[$€£¥]|[A-Z]{3} ?)\\s*[-+]?\\d[\\d.,' ]*|[-+]?\\d[\\d.,' ]*\\s*(?:[$€£¥]|[A-Z]{3})");
  private static final Pattern GROUPED =
      Pattern.compile("[-+]?\\d{1,3}(?:[.,' ]\\d{3})+(?:[.,]\\d+)?");

  /** Postcodes and the like, which nobody means as numbers. */
  private static final Pattern CODE = Pattern.compile("0\\d+");

  /** Fewer rows than these may be counted by chance. */
  private static final int FEW = 20;

  private static final int MOST_WORDS = 5;

  private static final int FEW_EXAMPLES = 3;

  private static final int FEWEST_OF_CLASS = 5;

  private final Table table;
  private final List<String> remarks = new ArrayList<>();
  private final Set<String> counting = new HashSet<>();

  private TableRemarks(Table table) {
    this.table = table;
  }

  /** Why each of the columns that {@link RowNames} found is no feature, in a sentence. */
  public static List<String> leftOut(Table table, List<String> columns) {
    TableRemarks found = new TableRemarks(table);
    columns.forEach(found::explain);
    return found.remarks;
  }

  /**
   * A sentence each.
   *
   * @param chosen columns that are categories because the user said so
   */
  public static List<String> of(
      Table table, Preparation preparation, Set<String> chosen, int[] trainRows) {
    TableRemarks found = new TableRemarks(table);
    for (Feature feature : preparation.features()) {
      String name = feature.column().orElse("");
      if (!feature.levels().isEmpty() && !chosen.contains(name)) {
        String became =
            feature instanceof Feature.Means
                ? "is a category of " + Words.counted(feature.levels().size(), "text")
                : "became " + Words.counted(feature.width(), "input") + ", one for each text";
        found.judge(name, became, "--drop %s leaves it out".formatted(ColumnNames.word(name)));
      } else if (feature instanceof Feature.Vector vector) {
        found.noteVector(vector);
      } else if (feature.holdsNumbers()) {
        found.noteCounting(feature.column().orElseThrow());
      }
    }
    if (preparation.target() instanceof Target.Labels labels && !chosen.contains(labels.name())) {
      String became = "became " + Words.counted(labels.classes().size(), "class");
      found.judge(labels.name(), became, "--target names another column");
    }
    if (preparation.target() instanceof Target.Quantities quantities) {
      quantities.names().forEach(name -> found.noteConstant(name, trainRows));
    }
    if (preparation.target() instanceof Target.Flags flags) {
      flags.names().forEach(name -> found.noteConstant(name, trainRows));
    }
    found.noteMeans(preparation.features(), trainRows);
    found.noteDates(preparation);
    found.noteCodes(preparation);
    LikeTexts.remark(table.name(), preparation, chosen).ifPresent(found.remarks::add);
    found.noteRareClasses(preparation.target());
    found.noteConstant(preparation.features(), trainRows);
    found.noteTelling(preparation, trainRows);
    return found.remarks;
  }

  private void judge(String name, String became, String without) {
    if (table.column(name) instanceof Column.Categorical texts) {
      Counts counts = Counts.of(texts);
      mostly(texts, counts)
          .ifPresent(
              looks ->
                  say(
                      looks,
                      counts,
                      name,
                      became,
                      without + "; --categorical " + ColumnNames.word(name) + " means it so"));
    }
  }

  private void explain(String name) {
    Column.Categorical texts = (Column.Categorical) table.column(name);
    Counts counts = Counts.of(texts);
    String keep = "--categorical " + ColumnNames.word(name) + " makes a category of each text";
    Optional<Looks> looks = mostly(texts, counts);
    if (looks.isPresent()) {
      say(looks.get(), counts, name, "was left out", keep);
    } else {
      remarks.add(
          "%s: column \"%s\" was left out: %,d different texts in %s, such as %s, look like names of the rows, from which nothing can be learned. help: %s"
              .formatted(
                  table.name(),
                  name,
                  counts.rows.length,
                  Words.counted(counts.filled, "row"),
                  Cells.quoted(texts.levels().get(0)),
                  keep));
    }
  }

  private void say(Looks found, Counts counts, String name, String became, String help) {
    boolean mixed = !found.other.isEmpty();
    remarks.add(
        "%s: column \"%s\" %s, though %,d of its %,d texts look like %s, such as %s%s. help: %s%s"
            .formatted(
                table.name(),
                name,
                became,
                found.count,
                counts.filled,
                found.kind,
                found.example,
                mixed ? ", and others do not, such as " + found.other : "",
                mixed ? "--missing WORDS names what stands for no value, " : "",
                help));
  }

  /** How many rows have each text, and how many have any. */
  record Counts(long[] rows, long filled) {
    static Counts of(Column.Categorical texts) {
      long[] rows = new long[texts.levels().size()];
      long filled = 0;
      for (int code : texts.codes()) {
        if (code >= 0) {
          rows[code]++;
          filled++;
        }
      }
      return new Counts(rows, filled);
    }
  }

  private static boolean isList(String text) {
    return text.startsWith("[") && text.endsWith("]");
  }

  private record Looks(String kind, long count, String example, String other) {}

  private static Optional<Looks> mostly(Column.Categorical texts, Counts counts) {
    if (texts.levels().stream().noneMatch(text -> Double.isNaN(Cells.number(text)))) {
      return Optional.empty(); // texts because they are classes, or were texts before
    }
    Predicate<String> number =
        text ->
            !CODE.matcher(text).matches()
                && !(Double.isNaN(Cells.number(text)) && Double.isNaN(Cells.commaNumber(text)));
    Predicate<String> grouped = text -> GROUPED.matcher(text).matches();
    return looks("numbers", texts, counts, number.or(grouped))
        .or(() -> looks("percents", texts, counts, t -> PERCENT.matcher(t).matches()))
        .or(() -> looks("money", texts, counts, t -> MONEY.matcher(t).matches()))
        .or(() -> looks("dates", texts, counts, DateForm::isDate))
        .or(() -> looks("lists, not of as many numbers", texts, counts, TableRemarks::isList));
  }

  private static Optional<Looks> looks(
      String kind, Column.Categorical texts, Counts counts, Predicate<String> is) {
    long count = 0;
    String example = "";
    String other = "";
    for (int k = 0; k < counts.rows.length; k++) {
      String text = texts.levels().get(k);
      if (is.test(text)) {
        count += counts.rows[k];
        example = example.isEmpty() ? Cells.quoted(text) : example;
      } else if (other.isEmpty()) {
        other = Cells.quoted(text);
      }
    }
    return 2 * count > counts.filled
        ? Optional.of(new Looks(kind, count, example, other))
        : Optional.empty();
  }

  private void noteMeans(List<Feature> features, int[] trainRows) {
    List<String> columns = new ArrayList<>();
    List<String> names = new ArrayList<>();
    for (Feature feature : features) {
      if (feature instanceof Feature.Means means) {
        int texts = TargetChoice.countTexts(table.column(means.name()), trainRows);
        int known = means.levels().size();
        String all = texts > known ? ", the %,d that most rows have".formatted(known) : "";
        String none =
            means.means().stream().allMatch(mean -> mean == 0)
                ? ", which tell nothing of it by themselves"
                : "";
        columns.add(
            "\"%s\" (%s%s%s)".formatted(means.name(), Words.counted(texts, "text"), all, none));
        names.add(means.name());
      }
    }
    if (!names.isEmpty()) {
      remarks.add(
          "%s: of each text of %s the network gets the mean target of its rows, drawn to that of all where they are few. help: --drop %s leaves %s out; --one-hot N makes an input of each text, where a column has at most N"
              .formatted(
                  table.name(),
                  String.join(", ", columns),
                  words(names),
                  names.size() == 1 ? "it" : "them"));
    }
  }

  private void noteVector(Feature.Vector vector) {
    remarks.add(
        "%s: column \"%s\" holds vectors of %s, each an input. If they are categories, say --categorical %s."
            .formatted(
                table.name(),
                vector.name(),
                Words.counted(vector.width(), "number"),
                ColumnNames.word(vector.name())));
  }

  /**
   * 1, 2, 3, … down the file, or with gaps, as a key whose rows were partly removed: where rows lie
   * in it seldom says anything of rows to come.
   */
  private void noteCounting(String name) {
    double[] values = ((Column.Numeric) table.column(name)).values();
    boolean rising =
        IntStream.range(1, values.length).allMatch(row -> values[row] > values[row - 1]);
    if (values.length < FEW
        || !rising
        || !DoubleStream.of(values).allMatch(v -> v == Math.rint(v))) {
      return;
    }
    double first = values[0];
    double last = values[values.length - 1];
    counting.add(name);
    remarks.add(
        "%s: column \"%s\" %s, from %s to %s, and became a feature. help: --drop %s, unless the order of rows means something"
            .formatted(
                table.name(),
                name,
                last - first == values.length - 1
                    ? "counts the rows"
                    : "holds whole numbers that rise from row to row",
                Cells.text(first),
                Cells.text(last),
                ColumnNames.word(name)));
  }

  /** One target among others may be the same everywhere: they are learned none the less. */
  private void noteConstant(String target, int[] trainRows) {
    Column values = table.column(target);
    String first = values.text(trainRows[0]);
    if (IntStream.of(trainRows).allMatch(row -> values.text(row).equals(first))) {
      remarks.add(
          "%s: the target \"%s\" is %s in every row to train on, so nothing can be learned of it. help: leave it out of --target"
              .formatted(table.name(), target, first));
    }
  }

  private void noteTelling(Preparation preparation, int[] trainRows) {
    boolean classes = !(preparation.target() instanceof Target.Quantities);
    for (String target : preparation.target().names()) {
      List<String> telling =
          TellingColumns.in(table, preparation.features(), target, classes, trainRows).stream()
              .filter(name -> !counting.contains(name))
              .toList();
      if (!telling.isEmpty()) {
        remarks.add(
            "%s: %s alone tells the target \"%s\". help: --drop %s, unless it is known where the model is to answer"
                .formatted(
                    table.name(),
                    (telling.size() == 1 ? "column " : "each of columns ") + Cells.quoted(telling),
                    target,
                    telling.stream().map(ColumnNames::word).collect(Collectors.joining(","))));
      }
    }
  }

  /** Such as 09271, of which 9271 was made. */
  private void noteCodes(Preparation preparation) {
    List<String> names = new ArrayList<>();
    for (Feature feature : preparation.features()) {
      if (feature.holdsNumbers()) {
        feature.column().ifPresent(names::add);
      }
    }
    names.removeIf(name -> counting.contains(name) || table.padded(name).isEmpty());
    if (!names.isEmpty()) {
      remarks.add(
          "%s: column%s %s became numbers, though zeros in front make all equally long, such as %s, as codes are. help: --categorical %s makes a category of each text; if each row has its own, --drop is better"
              .formatted(
                  table.name(),
                  names.size() == 1 ? "" : "s",
                  Cells.quoted(names),
                  Cells.quoted(table.padded(names.get(0)).orElseThrow()),
                  words(names)));
    }
  }

  private void noteRareClasses(Target target) {
    if (!(target instanceof Target.Labels labels)) {
      return;
    }
    int[] rows = new int[labels.classes().size()];
    Levels known = new Levels(labels.classes());
    Column column = table.column(labels.name());
    for (int row = 0; row < table.rows(); row++) {
      int place = known.place(column.text(row));
      if (place >= 0) {
        rows[place]++;
      }
    }
    List<String> rare =
        IntStream.range(0, rows.length)
            .filter(k -> rows[k] < FEWEST_OF_CLASS)
            .mapToObj(k -> "%s (%d)".formatted(Cells.quoted(labels.classes().get(k)), rows[k]))
            .toList();
    if (!rare.isEmpty()) {
      remarks.add(
          "%s: %s of column \"%s\" with fewer than %d rows, too few to learn and to measure: %s%s. help: leave their rows out, or make one class of several"
              .formatted(
                  table.name(),
                  Words.counted(rare.size(), "class"),
                  labels.name(),
                  FEWEST_OF_CLASS,
                  rare.stream().limit(FEW_EXAMPLES).collect(Collectors.joining(", ")),
                  rare.size() > FEW_EXAMPLES
                      ? " and %,d more".formatted(rare.size() - FEW_EXAMPLES)
                      : ""));
    }
  }

  /** Where some are missing, that says something. */
  private void noteConstant(List<Feature> features, int[] trainRows) {
    List<String> names =
        features.stream()
            .flatMap(feature -> feature.column().stream())
            .filter(name -> isConstant(table.column(name), trainRows))
            .toList();
    if (!names.isEmpty()) {
      remarks.add(
          "%s: column%s %s one value in all rows to train on, so nothing is learned from %s. help: --drop %s"
              .formatted(
                  table.name(),
                  (names.size() == 1 ? " " : "s ") + Cells.quoted(names),
                  names.size() == 1 ? "has" : "have",
                  names.size() == 1 ? "it" : "them",
                  words(names)));
    }
  }

  private static boolean isConstant(Column column, int[] rows) {
    if (column instanceof Column.Categorical texts) {
      int first = texts.codes()[rows[0]];
      return first >= 0 && IntStream.of(rows).allMatch(row -> texts.codes()[row] == first);
    }
    if (column instanceof Column.Vector vectors) {
      return vectors.parts().stream().allMatch(part -> isConstant(part, rows));
    }
    double[] values = ((Column.Numeric) column).values();
    return IntStream.of(rows).allMatch(row -> values[row] == values[rows[0]]);
  }

  /** The first of many are enough to show how to name the others. */
  private static String words(List<String> names) {
    String some =
        names.stream().limit(MOST_WORDS).map(ColumnNames::word).collect(Collectors.joining(","));
    return names.size() > MOST_WORDS ? some + ",…" : some;
  }

  private void noteDates(Preparation preparation) {
    List<String> names = new ArrayList<>();
    boolean time = false;
    for (Feature feature : preparation.features()) {
      if (feature instanceof Feature.Dates dates) {
        names.add(dates.name());
        time |= dates.time();
      }
    }
    if (!names.isEmpty()) {
      remarks.add(
          "%s: dates in column%s %s became days since 1970 and their places in the year%s, as sine and cosine. If they are categories, say --categorical."
              .formatted(
                  table.name(),
                  names.size() == 1 ? "" : "s",
                  Cells.quoted(names),
                  time ? ", the week and the day" : " and the week"));
    }
  }
}
