package dev.evenkeel.report;

import dev.evenkeel.io.AtomicFile;
import dev.evenkeel.io.Json;
import dev.evenkeel.train.SavedModel;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A run as one page that needs nothing else: curves, gradients and activations by layer, what was
 * answered and what is true, the network, the conditions.
 *
 * @param folder of the run
 * @param saved the model or checkpoint in it
 * @param answers of the model on rows that it was not trained on, where there are any
 * @param conditions under which it was trained, what and how
 */
public record RunReport(
    Path folder, SavedModel saved, Optional<Answers> answers, Map<String, String> conditions) {

  public static final String FILE = "report.html";

  /** Writes report.html into the run's folder. */
  public Path write() {
    Path file = folder.resolve(FILE);
    AtomicFile.write(file, html());
    return file;
  }

  String html() {
    String title = "Run " + folder.toAbsolutePath().normalize().getFileName();
    Curves curves = new Curves(folder);
    StringBuilder html = new StringBuilder(head(title));
    html.append(Html.element("h1", title));
    html.append(section("Training", "", curves.ofTraining()));
    html.append(
        section(
            "Gradients",
            "The norm of each layer's gradient at the last batch of an epoch, before clipping.",
            curves.ofGradients()));
    html.append(
        section(
            "What the activation functions get",
            "The 15th, 50th and 85th percentile over some training rows and all units of a layer, as at inference. Where the band drifts from epoch to epoch, the layers behind it must follow.",
            curves.ofActivations()));
    answers.ifPresent(given -> html.append(answers(given)));
    html.append(Html.element("h2", "Network")).append(LayerTable.html(saved));
    html.append(Html.element("h2", "Conditions")).append(conditionRows());
    html.append("<script>").append(UPlot.script()).append("</script>\n");
    return html.append("</body></html>\n").toString();
  }

  /** The policy lets nothing in from elsewhere: neither now nor if the page is changed. */
  private static String head(String title) {
    return """
        <!DOCTYPE html>
        <html lang="en"><head><meta charset="utf-8"/>
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"/>
        <meta name="viewport" content="width=device-width"/>
        """
        + Html.element("title", title)
        + "<style>"
        + UPlot.style()
        + "</style></head><body>\n";
  }

  private static String answers(Answers given) {
    StringBuilder html = new StringBuilder(Html.element("h2", "Answers"));
    html.append(Html.element("p", given.words()));
    if (!given.metrics().isEmpty()) {
      html.append("<table><tbody>\n").append(rows(given.metrics())).append("</tbody></table>\n");
    }
    List<Plot> plots = given.plots();
    return html + (plots.isEmpty() ? given.html() : drawn(plots));
  }

  /** Nothing where there is nothing to draw. */
  private static String section(String title, String words, List<Plot> plots) {
    return plots.isEmpty()
        ? ""
        : Html.element("h2", title)
            + (words.isEmpty() ? "" : Html.element("p", words))
            + drawn(plots);
  }

  private static String drawn(List<Plot> plots) {
    StringBuilder html = new StringBuilder("<div class=\"plots\">\n");
    for (Plot plot : plots) {
      html.append("<figure class=\"plot\"><script type=\"application/json\">");
      html.append(Json.write(plot).replace("<", "\\u003c")); // else a name could end the script
      html.append("</script></figure>\n");
    }
    return html.append("</div>\n").toString();
  }

  private static String rows(Map<String, String> values) {
    StringBuilder html = new StringBuilder();
    values.forEach(
        (what, value) ->
            html.append(
                "<tr><td>%s</td><td>%s</td></tr>\n".formatted(Html.text(what), Html.text(value))));
    return html.toString();
  }

  private String conditionRows() {
    StringBuilder html = new StringBuilder("<table><tbody>\n").append(rows(conditions));
    String recipe = Html.text(Json.write(saved.recipe()));
    html.append("<tr><td>recipe</td><td><code>").append(recipe).append("</code></td></tr>\n");
    return html.append("</tbody></table>\n").toString();
  }
}
