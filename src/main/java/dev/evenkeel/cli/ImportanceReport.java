package dev.evenkeel.cli;

import dev.evenkeel.Words;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.data.Preparation;
import dev.evenkeel.metric.Metric;
import dev.evenkeel.nn.Model;
import dev.evenkeel.train.Importance;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Takes the importance of columns, and shows it. */
final class ImportanceReport {

  private static final int REPEATS = 5;
  private static final int SHOWN = 20;
  private static final int LONGEST_NAME = 32;
  private static final long LINE_NANOS = 5_000_000_000L;

  private final Metric metric;
  private final List<Importance.OfColumn> columns;

  /**
   * @param seed of the orders
   */
  ImportanceReport(Model model, Preparation preparation, Dataset rows, Metric metric, long seed) {
    this.metric = metric;
    int all = preparation.features().size();
    long started = System.nanoTime();
    long[] lastSaid = {started};
    this.columns =
        Importance.of(
            model,
            preparation,
            rows,
            metric,
            REPEATS,
            seed,
            done -> {
              long now = System.nanoTime();
              if (now - lastSaid[0] > LINE_NANOS && done < all) {
                lastSaid[0] = now;
                double left = (now - started) * 1e-9 * (all - done) / done;
                System.err.printf("importance: %d of %d columns, %.0f s left%n", done, all, left);
              }
            });
  }

  Map<String, Object> json() {
    List<Map<String, Object>> all = new ArrayList<>();
    for (Importance.OfColumn one : columns) {
      Map<String, Object> column = new LinkedHashMap<>();
      column.put("column", one.name());
      column.put("mean", one.mean());
      column.put("deviation", one.deviation());
      all.add(column);
    }
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("metric", metric.name());
    json.put("repeats", REPEATS);
    json.put("columns", all);
    return json;
  }

  List<String> lines() {
    List<String> lines = new ArrayList<>();
    String change = metric.higherIsBetter() ? "falls" : "rises";
    lines.add("");
    lines.add(
        "importance: by how much %s %s where a column's values change rows; mean ± deviation of %d times"
            .formatted(metric.name(), change, REPEATS));
    boolean share = Evaluation.isShare(metric.name());
    double unit = share ? 100 : 1;
    String form = "%%.%df".formatted(decimals(unit * columns.get(0).mean()));
    TextTable table = new TextTable(1, List.of("column", change + " by", ""));
    for (Importance.OfColumn one : columns.subList(0, Math.min(SHOWN, columns.size()))) {
      table.row(
          List.of(
              TextTable.cut(one.name(), LONGEST_NAME),
              form.formatted(unit * one.mean()),
              "± " + form.formatted(unit * one.deviation()) + (share ? " %" : "")));
    }
    lines.addAll(table.lines());
    if (columns.size() > SHOWN) {
      lines.add(
          "the first %d of %s; --json has all"
              .formatted(SHOWN, Words.counted(columns.size(), "column")));
    }
    return lines;
  }

  /** As many as give the largest number three digits or more. */
  private static int decimals(double largest) {
    double size = Math.abs(largest);
    return size > 0 && size < Double.POSITIVE_INFINITY
        ? (int) Math.min(9, Math.max(0, 2 - Math.floor(Math.log10(size))))
        : 2;
  }
}
