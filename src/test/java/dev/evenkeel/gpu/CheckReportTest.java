package dev.evenkeel.gpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What gpu-check concludes from its groups' reports. */
class CheckReportTest {

  private static final String CASE =
      "<testcase name=\"row[1]\">%s<system-out>display-name: JUnit Jupiter &gt; add: 3 x 5\n"
          + "</system-out></testcase>";

  @TempDir Path folder;

  private final ByteArrayOutputStream said = new ByteArrayOutputStream();

  private void group(String name, String... bodies) throws Exception {
    StringBuilder cases = new StringBuilder();
    for (String body : bodies) {
      cases.append(CASE.formatted(body));
    }
    Path reports = Files.createDirectories(folder.resolve("reports").resolve(name));
    Files.writeString(
        reports.resolve("TEST-junit-jupiter.xml"), "<testsuite>" + cases + "</testsuite>");
  }

  private int sumUp(int doctor, String json) throws Exception {
    Path out = Files.createDirectories(folder.resolve("out"));
    Files.writeString(out.resolve("doctor.json"), json);
    return CheckReport.all(folder.resolve("reports"), doctor, out, new PrintStream(said));
  }

  private JsonNode result() throws Exception {
    return new ObjectMapper().readTree(folder.resolve("out/gpu-check.json").toFile());
  }

  @Test
  void allRightIsPassed() throws Exception {
    group("rows on the GPU", "", "");
    group("training", "<skipped>TestAbortedException: Assumption failed: no MNIST\n at</skipped>");
    assertEquals(0, sumUp(0, "{\"gpus\":[{\"name\":\"Big One\"}],\"reason\":null}"));
    assertEquals("PASSED", result().get("verdict").asText());
    assertEquals("Big One", result().get("device").asText());
    assertEquals(3, result().get("tests").asInt());
    assertEquals("no MNIST", result().get("groups").get(1).get("skips").get(0).asText());
    String xml = Files.readString(folder.resolve("out/gpu-check.xml"));
    assertTrue(xml.contains("<testsuite name=\"training\">"), xml);
  }

  @Test
  void aFailedTestOrProgramIsNamed() throws Exception {
    group("rows on the GPU", "", "<failure message=\"is off by 3&#10;more\">trace</failure>");
    Path program = Files.createDirectories(folder.resolve("reports/compute-sanitizer"));
    Files.writeString(program.resolve("exit-code"), "99\n");
    assertEquals(1, sumUp(0, "{}"));
    assertEquals("FAILED", result().get("verdict").asText());
    assertEquals(
        List.of("the program ended with 99"),
        List.of(result().get("groups").get(0).get("failures").get(0).asText()));
    assertEquals(
        "add: 3 x 5: is off by 3", result().get("groups").get(1).get("failures").get(0).asText());
  }

  @Test
  void aMissingGpuIsNoFailureButNothingRunOnOneIs() throws Exception {
    group("rows on the CPU", "");
    assertEquals(3, sumUp(3, "{\"reason\":\"there is no driver\"}"));
    assertEquals("there is no driver", result().get("reason").asText());
    assertTrue(
        said.toString()
            .startsWith(
                "gpu-check: NO GPU CAN BE USED on no GPU, 1 tests, 0 failed, 0 skipped: there is no driver"),
        said::toString);
    assertEquals(1, sumUp(1, "{\"reason\":\"2 of 41 operations differ\"}"));
    Files.delete(folder.resolve("reports/rows on the CPU/TEST-junit-jupiter.xml"));
    assertEquals(1, sumUp(0, "{}"), "no test was run");
  }
}
