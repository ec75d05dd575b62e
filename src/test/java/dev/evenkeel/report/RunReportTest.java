package dev.evenkeel.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.data.Task;
import dev.evenkeel.metric.Predictions;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import dev.evenkeel.train.DataPlan;
import dev.evenkeel.train.Observations;
import dev.evenkeel.train.Parts;
import dev.evenkeel.train.Recipe;
import dev.evenkeel.train.RunFolder;
import dev.evenkeel.train.SavedModel;
import dev.evenkeel.train.Trainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunReportTest {

  private static final Pattern PLOT =
      Pattern.compile("<script type=\"application/json\">(.*?)</script>", Pattern.DOTALL);

  @TempDir static Path run;

  @BeforeAll
  static void train() {
    Parts data = DataPlan.of("digits").load(note -> {});
    try (Backend backend = Device.cpu(1);
        Model model = Network.mlp(64, List.of(16, 12), 10).build(backend, 1);
        Observations seen = new Observations(run, model, data.train(), System.err::println)) {
      new Trainer(model, Recipe.classification().withEpochs(4), data.train())
          .withValidation(data.valid().orElseThrow())
          .withCheckpoints(run)
          .withListener(new RunFolder.HistoryFile(run))
          .withListener(seen)
          .fit();
    }
  }

  private static Answers answers(String name) {
    float[] outputs = {2, 1, 0, 0, 3, 1, 0, 5, 1, 1, 2, 4};
    float[] targets = {0, 1, 2, 2};
    return new Answers(
        "4 rows",
        new Task.Classification(List.of("a", name, "c")),
        new Predictions(4, 3, outputs, 1, targets),
        Map.of("accuracy", "75.00 %"));
  }

  private static String html(Answers answers) {
    return new RunReport(
            run, SavedModel.load(run), Optional.of(answers), Map.of("device", "an <abacus>"))
        .html();
  }

  private static List<JsonNode> plots(String html) throws IOException {
    List<JsonNode> plots = new ArrayList<>();
    for (Matcher matcher = PLOT.matcher(html); matcher.find(); ) {
      plots.add(new ObjectMapper().readTree(matcher.group(1)));
    }
    return plots;
  }

  @Test
  void itHasEveryCurveWithAPointForEachEpoch() throws IOException {
    List<JsonNode> plots = plots(html(answers("b")));
    assertEquals(
        List.of(
            "Loss",
            "Validation: accuracy",
            "Learning rate",
            "Speed",
            "Gradient norm by layer",
            "Layer 1 relu",
            "Layer 4 relu"),
        plots.stream().map(plot -> plot.get("title").asText()).toList());
    Map<String, List<Double>> history = RunTables.history(run);
    assertEquals(history.get("train_loss"), doubles(plots.get(0).at("/lines/0/y")));
    assertEquals(history.get("valid_loss"), doubles(plots.get(0).at("/lines/1/y")));
    for (JsonNode plot : plots) {
      assertEquals(List.of(1.0, 2.0, 3.0, 4.0), doubles(plot.get("x")));
      plot.get("lines").forEach(line -> assertEquals(4, doubles(line.get("y")).size()));
    }
    assertEquals(5, plots.get(4).get("lines").size());
  }

  private static List<Double> doubles(JsonNode array) {
    List<Double> values = new ArrayList<>();
    array.forEach(value -> values.add(value.asDouble()));
    return values;
  }

  @Test
  void itNeedsNothingFromElsewhere() {
    String html = html(answers("b"));
    String own = html.replace(UPlot.script(), "").replace(UPlot.style(), "");
    for (String outside : List.of("http:", "https:", "src=", "href=", "@import", "url(")) {
      assertFalse(own.contains(outside), outside);
    }
    assertTrue(html.contains("default-src 'none'"));
    assertTrue(html.contains("uPlot="), "the library itself is in the page");
  }

  @Test
  void theConfusionMatrixCountsTrueByPredicted() {
    String html = answers("b").html();
    String cells = html.replaceAll("(?s).*<tbody>|</tbody>.*| style=\"[^\"]*\"", "");
    assertEquals(
        """
        <tr><th>a</th><td>1</td><td></td><td></td><td>100.0 %</td></tr>
        <tr><th>b</th><td></td><td>1</td><td></td><td>100.0 %</td></tr>
        <tr><th>c</th><td></td><td>1</td><td>1</td><td>50.0 %</td></tr>
        """,
        cells.stripLeading());
  }

  @Test
  void whatWasMeasuredStandsAboveTheAnswers() {
    String html = html(answers("b"));
    int words = html.indexOf("On 4 rows.");
    int metric = html.indexOf("<td>accuracy</td><td>75.00 %</td>");
    assertTrue(words > 0 && words < metric && metric < html.indexOf("class=\"matrix\""));
  }

  @Test
  void aRegressionIsDrawnAgainstTheTruthInItsOrder() {
    float[] predicted = {3, 1, 2};
    float[] truth = {2.5f, 0.5f, 1.5f};
    Answers answers =
        new Answers(
            "",
            new Task.Regression(List.of("price")),
            new Predictions(3, 1, predicted, 1, truth),
            Map.of());
    Plot plot = answers.plots().get(0);
    assertEquals(List.of(0.5, 1.5, 2.5), plot.x());
    assertEquals(List.of(1.0, 2.0, 3.0), plot.lines().get(0).y());
    assertEquals("", answers.html());
  }

  @Test
  void ofManyTargetsTheFirstAreDrawn() {
    for (int targets : new int[] {2, 12, 13, 40}) {
      List<String> names = IntStream.range(0, targets).mapToObj(k -> "y" + k).toList();
      float[] values = new float[3 * targets];
      Answers answers =
          new Answers(
              "3 rows",
              new Task.Regression(names),
              new Predictions(3, targets, values, targets, values),
              Map.of());
      assertEquals(Math.min(12, targets), answers.plots().size());
      assertEquals("y1", answers.plots().get(1).title());
      assertEquals(
          targets <= 12
              ? "On 3 rows."
              : "On 3 rows, the first 12 of %d targets; evaluate measures all.".formatted(targets),
          answers.words());
    }
  }

  @Test
  void namesCantBecomeMarkup() throws IOException {
    String bad = "</script><b>&";
    assertTrue(html(answers(bad)).contains("&lt;/script&gt;&lt;b&gt;&amp;"));
    assertTrue(html(answers("b")).contains("an &lt;abacus&gt;"));
    Answers regression =
        new Answers(
            "",
            new Task.Regression(List.of(bad)),
            new Predictions(1, 1, new float[] {1}, 1, new float[] {1}),
            Map.of("rmse", "<0>"));
    String html = html(regression);
    assertFalse(html.contains(bad));
    assertTrue(html.contains("<td>rmse</td><td>&lt;0&gt;</td>"));
    assertTrue(plots(html).stream().anyMatch(plot -> plot.get("title").asText().equals(bad)));
  }

  @Test
  void theNetworkIsATableWhoseParametersAddUp() {
    String html = html(answers("b"));
    assertTrue(html.contains("weight 16 × 64"), html);
    assertTrue(html.contains(">1,402<"), html); // 64·16 + 2·16 + 16·12 + 2·12 + 12·10 + 10
  }

  @Test
  void aRunThatWasKilledWhileItWroteAndOneWithoutEpochsHaveAReport(@TempDir Path other)
      throws IOException {
    Files.writeString(
        other.resolve(Observations.FILE), "epoch,layer,what,value\n1,0,gradient_norm,2\n1,0,gra");
    String html = new RunReport(other, SavedModel.load(run), Optional.empty(), Map.of()).html();
    assertEquals(
        List.of("Gradient norm by layer"),
        plots(html).stream().map(plot -> plot.get("title").asText()).toList());
  }
}
