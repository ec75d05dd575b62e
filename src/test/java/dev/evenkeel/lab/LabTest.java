package dev.evenkeel.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.evenkeel.backend.DeviceOptions;
import dev.evenkeel.lab.experiments.Experiments;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.xml.sax.InputSource;

/** Runs every experiment at its smallest size: its numbers, and what it writes. */
class LabTest {

  static Stream<String> names() {
    return Experiments.all().stream().map(experiment -> experiment.about().name());
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("names")
  void anExperimentFindsWhatIsKnownAndWritesItDown(String name, @TempDir Path folder)
      throws Exception {
    List<String> notes = new ArrayList<>();
    Settings smoke = Settings.of(Scale.SMOKE).withNotes(notes::add);
    List<Finding> findings =
        new Laboratory(smoke, new LabListener() {}).run(Experiments.named(name), folder);

    Finding finding = findings.get(0);
    List<Check> judged = finding.checks().stream().filter(Check::isJudged).toList();
    assertFalse(judged.isEmpty(), "at least one number is judged at the smallest size");
    assertEquals(List.of(), judged.stream().filter(check -> !check.isAsKnown()).toList());
    assertNotEquals("", finding.about().title());
    assertNotEquals("", finding.about().claim());
    assertNotEquals("", finding.about().source());
    assertFalse(finding.method().isEmpty(), "it says how it was measured");

    assertFalse(finding.figures().isEmpty(), "it has a figure");
    assertFalse(finding.files().isEmpty(), "it has data");
    String report = wellFormed(folder.resolve("report.html"));
    assertTrue(report.contains(finding.verdict().words()));
    for (Chart chart : finding.figures()) {
      wellFormed(folder.resolve(chart.name() + ".svg"));
    }
    for (Table table : finding.files()) {
      List<String> lines = Files.readAllLines(folder.resolve(table.name() + ".csv"));
      assertTrue(lines.size() > 1, table.name());
    }
    assumeTrue(notes.isEmpty(), notes::toString); // without fonts, there is no PNG to look at
    for (Chart chart : finding.figures()) {
      var image = ImageIO.read(folder.resolve(chart.name() + ".png").toFile());
      assertEquals(2 * LetsPlot.WIDTH, image.getWidth());
    }
  }

  @Test
  void severalExperimentsMakeOneReportWithASummary(@TempDir Path folder) throws Exception {
    Experiment first = Experiments.all().get(0);
    new Laboratory(Settings.of(Scale.SMOKE), new LabListener() {})
        .run(List.of(first, first), folder);
    String report = wellFormed(folder.resolve("report.html"));
    assertTrue(report.contains("href=\"#" + first.about().name() + "\""));
    assertTrue(Files.exists(folder.resolve(first.about().name()).resolve("report.html")));
  }

  /** As XML, and nothing in it is fetched from elsewhere. */
  private static String wellFormed(Path file) throws Exception {
    String text = Files.readString(file).replaceFirst("^<!DOCTYPE html>", "");
    DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new InputSource(new StringReader(text)));
    String namespaces = text.replaceAll("xmlns(:\\w+)?=\"[^\"]*\"", "");
    assertFalse(namespaces.contains("http"), file + " names something on the network");
    return text;
  }

  @Test
  void namesAreUniqueAndFitForFiles() {
    List<String> names = names().toList();
    assertEquals(names.stream().distinct().toList(), names);
    names.forEach(name -> assertTrue(name.matches("[a-z-]+"), name));
  }

  @ParameterizedTest
  @CsvSource({"1, one seed, one seed", "3, 3 seeds, mean and sd of 3 seeds"})
  void oneSeedHasNoMean(int seeds, String bare, String words) {
    Settings settings =
        new Settings(
            Scale.SMOKE,
            Optional.of(seeds),
            "cpu",
            DeviceOptions.defaults(),
            "scripts/evenkeel lab",
            note -> {});
    try (Lab lab = new Lab(settings, About.of("any"), new LabListener() {})) {
      assertEquals(bare, lab.seedsInWords());
      assertEquals(words, lab.overSeeds("mean and sd"));
    }
  }
}
