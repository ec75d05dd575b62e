package dev.evenkeel.report;

import dev.evenkeel.Words;
import dev.evenkeel.data.Task;
import dev.evenkeel.metric.Confusion;
import dev.evenkeel.metric.FlagScores;
import dev.evenkeel.metric.Predictions;
import dev.evenkeel.report.Plot.Line;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.DoubleStream;

/**
 * What a model answered on rows, beside what is true.
 *
 * @param rows "360 rows that training never saw"
 * @param metrics of them, by name, as they are shown
 */
public record Answers(
    String rows, Task task, Predictions predictions, Map<String, String> metrics) {

  private static final int LARGEST_MATRIX = 30;
  private static final int MOST_CONFUSIONS = 20;
  private static final int MOST_DOTS = 2000;
  private static final int MOST_PLOTS = 12;

  /**
   * The confusion matrix of a classification, or where there are many classes, its largest part; of
   * flags, how well each is told.
   */
  String html() {
    if (task instanceof Task.Flags of) {
      return flags(of.targets());
    }
    if (!(task instanceof Task.Classification classification)) {
      return "";
    }
    List<String> classes = classification.classes();
    Confusion confusion = Confusion.of(predictions);
    return classes.size() <= LARGEST_MATRIX ? matrix(classes, confusion) : list(classes, confusion);
  }

  private String flags(List<String> names) {
    StringBuilder html = new StringBuilder("<table><thead><tr>");
    List.of("flag", "true in", "accuracy", "precision", "recall", "F1", "AUC")
        .forEach(heading -> html.append("<th>").append(heading).append("</th>"));
    html.append("</tr></thead><tbody>\n");
    for (int k = 0; k < names.size(); k++) {
      FlagScores of = FlagScores.of(predictions, k);
      html.append("<tr><td>").append(Html.text(names.get(k))).append("</td>");
      DoubleStream.of(of.share(), of.accuracy(), of.precision(), of.recall(), of.f1())
          .forEach(share -> html.append(number("%.1f %%", 100 * share)));
      html.append(number("%.3f", of.auc()));
      html.append("</tr>\n");
    }
    return html.append("</tbody></table>\n").toString();
  }

  private static String number(String form, double value) {
    String text = Double.isNaN(value) ? "–" : String.format(Locale.ROOT, form, value);
    return "<td>" + text + "</td>";
  }

  private static String matrix(List<String> classes, Confusion confusion) {
    StringBuilder html =
        new StringBuilder("<table class=\"matrix\"><thead><tr><th>true \\ predicted</th>");
    classes.forEach(name -> html.append("<th>").append(Html.text(name)).append("</th>"));
    html.append("<th>recall</th></tr></thead><tbody>\n");
    for (int i = 0; i < classes.size(); i++) {
      double[] counts = confusion.counts()[i];
      double all = confusion.rows()[i] > 0 ? confusion.rows()[i] : 1;
      html.append("<tr><th>").append(Html.text(classes.get(i))).append("</th>");
      for (int j = 0; j < classes.size(); j++) {
        html.append(cell(counts[j], counts[j] / all, i == j));
      }
      html.append(String.format(Locale.ROOT, "<td>%.1f %%</td></tr>\n", 100.0 * counts[i] / all));
    }
    return html.append("</tbody></table>\n").toString();
  }

  /** Right answers in blue, wrong ones in orange, the darker the more of the row. */
  private static String cell(double count, double share, boolean right) {
    String colour = right ? "0,114,178" : "213,94,0";
    double depth = count == 0 ? 0 : right ? 0.15 + 0.55 * share : Math.min(1, 0.2 + 1.5 * share);
    return String.format(
        Locale.ROOT,
        "<td style=\"background:rgba(%s,%.2f)\">%s</td>",
        colour,
        depth,
        count == 0 ? "" : Words.amount(count));
  }

  private static String list(List<String> classes, Confusion confusion) {
    StringBuilder html =
        new StringBuilder(
            "<table><thead><tr><th>true</th><th>taken for</th><th>rows</th></tr></thead><tbody>\n");
    confusion
        .mistakes(MOST_CONFUSIONS)
        .forEach(
            one ->
                html.append(
                    "<tr><td>%s</td><td>%s</td><td class=\"number\">%s</td></tr>\n"
                        .formatted(
                            Html.text(classes.get(one.truth())),
                            Html.text(classes.get(one.answer())),
                            Words.amount(one.count()))));
    return html.append("</tbody></table>\n").toString();
  }

  /** Of a regression, predicted against true values, one plot for each of the first targets. */
  List<Plot> plots() {
    List<Plot> plots = new ArrayList<>();
    if (task instanceof Task.Regression regression) {
      for (int target = 0; target < Math.min(regression.targets().size(), MOST_PLOTS); target++) {
        plots.add(dots(regression.targets().get(target), target));
      }
    }
    return plots;
  }

  /** What the plots are of. */
  String words() {
    int targets = predictions.targetColumns();
    return targets <= MOST_PLOTS
        ? "On %s.".formatted(rows)
        : "On %s, the first %d of %,d targets; evaluate measures all."
            .formatted(rows, MOST_PLOTS, targets);
  }

  private Plot dots(String name, int column) {
    int columns = predictions.columns();
    int shown = Math.min(MOST_DOTS, predictions.rows());
    List<double[]> dots = new ArrayList<>();
    for (int i = 0; i < shown; i++) {
      int at = (int) ((long) i * predictions.rows() / shown) * columns + column;
      dots.add(new double[] {predictions.targets()[at], predictions.outputs()[at]});
    }
    dots.sort(Comparator.comparingDouble(dot -> dot[0]));
    List<Double> truth = dots.stream().map(dot -> Line.orNull(dot[0])).toList();
    List<Double> predicted = new ArrayList<>();
    dots.forEach(dot -> predicted.add(Line.orNull(dot[1])));
    return new Plot(
        name,
        "true " + name,
        "predicted",
        Plot.Kind.DOTS,
        false,
        truth,
        List.of(new Line("predicted", predicted), new Line("where both are equal", truth)));
  }
}
