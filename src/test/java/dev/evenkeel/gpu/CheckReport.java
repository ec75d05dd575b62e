package dev.evenkeel.gpu;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.evenkeel.io.Json;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/**
 * Sums up what {@code gpu-check} ran: one folder a group, with JUnit's XML or the exit code of a
 * program. Leaves {@code gpu-check.json} and {@code gpu-check.xml}, and says it in one line.
 */
public final class CheckReport {

  /** What the program ends with: something is wrong, no GPU can be used. */
  private static final int WRONG = 1;

  private static final int NO_GPU = 3;

  /**
   * @param failures each with its first line
   * @param skips the reasons of tests that were skipped
   */
  record Group(String name, int tests, int skipped, List<String> failures, List<String> skips) {

    String line() {
      String counts = "%d tests, %d failed, %d skipped".formatted(tests, failures.size(), skipped);
      return (failures.isEmpty() ? "ok     " : "WRONG  ") + (tests == 0 ? "" : counts);
    }
  }

  /** Failures of a group that are told; all are in the JSON. */
  private static final int TOLD = 20;

  private CheckReport() {}

  /** "line FOLDER" prints a group's line; "all FOLDER DOCTOR OUT" sums up, after doctor's code. */
  public static void main(String[] args) throws Exception {
    if (args[0].equals("line")) {
      System.out.println(group(Path.of(args[1])).line());
      return;
    }
    System.exit(all(Path.of(args[1]), Integer.parseInt(args[2]), Path.of(args[3]), System.out));
  }

  static int all(Path reports, int doctor, Path out, PrintStream words) throws Exception {
    List<Group> groups = new ArrayList<>();
    for (Path folder : sorted(reports, "*")) {
      groups.add(group(folder));
    }
    writeXml(reports, out.resolve("gpu-check.xml"));
    for (Group group : groups) {
      group.failures.stream()
          .limit(TOLD)
          .forEach(one -> words.println("WRONG  " + group.name + ": " + one));
      if (group.failures.size() > TOLD) {
        words.printf("WRONG  %s: and %d more%n", group.name, group.failures.size() - TOLD);
      }
    }
    groups.stream()
        .flatMap(group -> group.skips.stream())
        .distinct()
        .forEach(reason -> words.println("skipped: " + reason));
    int tests = groups.stream().mapToInt(Group::tests).sum();
    int skipped = groups.stream().mapToInt(Group::skipped).sum();
    int failed = groups.stream().mapToInt(group -> group.failures.size()).sum();
    JsonNode report = read(out.resolve("doctor.json"));
    String device = "no GPU";
    for (JsonNode gpu : report.path("gpus")) {
      device = gpu.path("name").asText();
      break;
    }
    boolean wrong = failed > 0 || doctor != 0 && doctor != NO_GPU || tests == 0 && doctor == 0;
    int code = wrong ? WRONG : doctor;
    String reason = report.path("reason").asText(doctor == 0 ? "" : "doctor ended with " + doctor);
    String verdict = code == 0 ? "PASSED" : code == NO_GPU ? "NO GPU CAN BE USED" : "FAILED";
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("verdict", verdict);
    json.put("exit_code", code);
    json.put("device", device);
    json.put("reason", doctor == 0 ? null : reason);
    json.put("tests", tests);
    json.put("failed", failed);
    json.put("skipped", skipped);
    json.put("groups", groups);
    Files.writeString(out.resolve("gpu-check.json"), Json.write(json) + "\n");
    words.printf(
        "gpu-check: %s on %s, %d tests, %d failed, %d skipped%s; results in %s%n",
        verdict, device, tests, failed, skipped, doctor == 0 ? "" : ": " + reason, out);
    return code;
  }

  private static JsonNode read(Path file) throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    return Files.exists(file) && Files.size(file) > 0
        ? mapper.readTree(file.toFile())
        : mapper.createObjectNode();
  }

  private static List<Path> sorted(Path folder, String pattern) throws IOException {
    List<Path> found = new ArrayList<>();
    if (Files.isDirectory(folder)) {
      try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, pattern)) {
        files.forEach(found::add);
      }
    }
    found.sort(null);
    return found;
  }

  static Group group(Path folder) throws Exception {
    int tests = 0;
    int skipped = 0;
    List<String> failures = new ArrayList<>();
    List<String> skips = new ArrayList<>();
    Path code = folder.resolve("exit-code");
    if (Files.exists(code)) {
      String ended = Files.readString(code).strip();
      switch (ended) {
        case "0" -> {}
        case "124" -> failures.add("the program did not end in its time" + lastTest(folder));
        default -> failures.add("the program ended with " + ended + lastTest(folder));
      }
    }
    for (Path file : sorted(folder, "*.xml")) {
      NodeList cases = parse(file).getElementsByTagName("testcase");
      for (int i = 0; i < cases.getLength(); i++) {
        Element one = (Element) cases.item(i);
        tests++;
        if (one.getElementsByTagName("skipped").getLength() > 0) {
          skipped++;
          String reason = one.getElementsByTagName("skipped").item(0).getTextContent();
          skips.add(first(reason.strip()).replaceFirst("^.*Assumption failed: ", ""));
        }
        for (String kind : List.of("failure", "error")) {
          if (one.getElementsByTagName(kind).getLength() > 0) {
            Element failure = (Element) one.getElementsByTagName(kind).item(0);
            failures.add(name(one) + ": " + first(failure.getAttribute("message")));
          }
        }
      }
    }
    return new Group(folder.getFileName().toString(), tests, skipped, failures, skips);
  }

  /** Which test was running when the program was ended, where that is known. */
  private static String lastTest(Path folder) throws IOException {
    Path file = folder.resolve("last-test");
    String name = Files.exists(file) ? Files.readString(file).strip() : "";
    return name.isEmpty() ? "" : "; it was at " + name.replace("JUnit Jupiter > ", "");
  }

  /** The display name, where JUnit's report has it: a row's name says more than its number. */
  private static String name(Element testcase) {
    String printed =
        testcase.getElementsByTagName("system-out").getLength() == 0 ? "" : output(testcase);
    return Stream.of(printed.split("\n"))
        .filter(line -> line.startsWith("display-name: "))
        .map(line -> line.substring("display-name: ".length()).replace("JUnit Jupiter > ", ""))
        .findFirst()
        .orElse(testcase.getAttribute("name"));
  }

  private static String output(Element testcase) {
    return testcase.getElementsByTagName("system-out").item(0).getTextContent();
  }

  private static String first(String message) {
    return message.lines().findFirst().orElse("no message");
  }

  private static Document parse(Path file) throws Exception {
    return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(file.toFile());
  }

  /** All groups' suites in one file. */
  private static void writeXml(Path reports, Path target) throws Exception {
    Document all = DocumentBuilderFactory.newInstance().newDocumentBuilder().newDocument();
    Element suites = all.createElement("testsuites");
    all.appendChild(suites);
    for (Path folder : sorted(reports, "*")) {
      for (Path file : sorted(folder, "*.xml")) {
        Element suite = (Element) all.importNode(parse(file).getDocumentElement(), true);
        suite.setAttribute("name", folder.getFileName().toString());
        suites.appendChild(suite);
      }
    }
    TransformerFactory.newInstance()
        .newTransformer()
        .transform(new DOMSource(all), new StreamResult(target.toFile()));
  }
}
