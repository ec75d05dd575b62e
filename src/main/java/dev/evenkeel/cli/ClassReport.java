package dev.evenkeel.cli;

import dev.evenkeel.Words;
import dev.evenkeel.metric.Confusion;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** What became of the rows of each class, and which classes are taken for which. */
final class ClassReport extends Details {

  /** A wider matrix does not fit a terminal. */
  private static final int LARGEST_MATRIX = 12;

  private static final int MOST_CONFUSIONS = 12;

  /** More classes than that are not read through: the worst are shown. */
  private static final int LONGEST_TABLE = 40;

  private static final int WORST = 20;

  /** Of the matrix' headings, which few classes may share among them. */
  private static final int HEADINGS = 64;

  private static final int SHORTEST_HEADING = 6;

  private final List<String> names;
  private final Confusion confusion;
  private final String unit;

  /**
   * @param weighted whether the confusion counts rows by their weights
   */
  ClassReport(List<String> names, Confusion confusion, boolean weighted) {
    this.names = names;
    this.confusion = confusion;
    this.unit = weighted ? "weight" : "rows";
  }

  @Override
  void put(Map<String, Object> result) {
    List<Map<String, Object>> classes = new ArrayList<>();
    for (int k = 0; k < names.size(); k++) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("class", names.get(k));
      one.put(unit, number(confusion.rows()[k]));
      one.put("precision", orNull(confusion.precision(k)));
      one.put("recall", orNull(confusion.recall(k)));
      one.put("f1", orNull(confusion.f1(k)));
      classes.add(one);
    }
    result.put("classes", classes);
    List<List<Number>> counts =
        Arrays.stream(confusion.counts())
            .map(row -> Arrays.stream(row).mapToObj(ClassReport::number).toList())
            .toList();
    result.put("confusion", counts);
  }

  /** Whole, unless rows have weights. */
  private static Number number(double count) {
    return count == Math.rint(count) ? (Number) (long) count : (Number) count;
  }

  @Override
  List<String> lines() {
    List<String> lines = new ArrayList<>();
    lines.add("");
    lines.addAll(table());
    lines.add("");
    lines.addAll(names.size() <= LARGEST_MATRIX ? matrix() : mostFrequent());
    return lines;
  }

  private List<String> table() {
    TextTable table = new TextTable(1, List.of("class", unit, "precision", "recall", "F1"));
    List<Integer> shown = IntStream.range(0, names.size()).boxed().toList();
    boolean all = names.size() <= LONGEST_TABLE;
    if (!all) {
      shown = shown.stream().sorted(Comparator.comparing(confusion::f1)).limit(WORST).toList();
    }
    for (int k : shown) {
      table.row(
          List.of(
              TextTable.cut(names.get(k), LONGEST_NAME),
              Words.amount(confusion.rows()[k]),
              percent(confusion.precision(k)),
              percent(confusion.recall(k)),
              percent(confusion.f1(k))));
    }
    List<String> lines = new ArrayList<>(table.lines());
    if (!all) {
      lines.add(
          "the %d classes of the lowest F1, of %,d; --json has all".formatted(WORST, names.size()));
    }
    return lines;
  }

  private List<String> matrix() {
    List<String> heading = new ArrayList<>(List.of("true \\ predicted"));
    int most = Math.max(SHORTEST_HEADING, Math.min(LONGEST_NAME, HEADINGS / names.size()));
    names.forEach(name -> heading.add(TextTable.cut(name, most)));
    TextTable table = new TextTable(1, heading);
    for (int truth = 0; truth < names.size(); truth++) {
      List<String> row = new ArrayList<>(List.of(TextTable.cut(names.get(truth), LONGEST_NAME)));
      for (int answer = 0; answer < names.size(); answer++) {
        double count = confusion.counts()[truth][answer];
        row.add(count == 0 ? "·" : Words.amount(count));
      }
      table.row(row);
    }
    return table.lines();
  }

  private List<String> mostFrequent() {
    List<Confusion.Pair> pairs = confusion.mistakes(MOST_CONFUSIONS);
    if (pairs.isEmpty()) {
      return List.of("No row was taken for another class.");
    }
    TextTable table = new TextTable(2, List.of("true", "taken for", unit));
    for (Confusion.Pair pair : pairs) {
      table.row(
          List.of(
              TextTable.cut(names.get(pair.truth()), LONGEST_NAME),
              TextTable.cut(names.get(pair.answer()), LONGEST_NAME),
              Words.amount(pair.count())));
    }
    List<String> lines = new ArrayList<>(table.lines());
    lines.add(
        "the most frequent confusions; the matrix of all %,d classes is in --json"
            .formatted(names.size()));
    return lines;
  }
}
