package dev.evenkeel.ui;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.evenkeel.Expect;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import dev.evenkeel.train.DataPlan;
import dev.evenkeel.train.Epoch;
import dev.evenkeel.train.Listener;
import dev.evenkeel.train.Recipe;
import dev.evenkeel.train.RunFolder;
import dev.evenkeel.train.StoppedException;
import dev.evenkeel.train.Trainer;
import java.io.IOException;
import java.net.ConnectException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class RunServerTest {

  private static final String HISTORY = "epoch,steps,train_loss\n1,10,0.5\n2,20,0.25\n";
  private static final String SECRET = "a secret beside the runs";

  @TempDir Path folder;
  private Path runs;
  private RunServer server;
  private final HttpClient client = HttpClient.newHttpClient();

  @BeforeEach
  void start() throws IOException {
    runs = Files.createDirectory(folder.resolve("runs"));
    Files.writeString(folder.resolve("history.csv"), SECRET);
    Files.writeString(folder.resolve("report.html"), SECRET);
    run("one", HISTORY);
    server = RunServer.start(runs, "127.0.0.1", 0);
  }

  @AfterEach
  void close() {
    server.close();
  }

  private Path run(String name, String history) throws IOException {
    Path run = Files.createDirectory(runs.resolve(name));
    Files.writeString(run.resolve("history.csv"), history);
    return run;
  }

  private HttpResponse<String> send(String method, String path, String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(server.url()).resolve(path))
            .method(method, HttpRequest.BodyPublishers.noBody());
    if (headers.length > 0) {
      request.headers(headers);
    }
    return client
        .sendAsync(request.build(), HttpResponse.BodyHandlers.ofString())
        .orTimeout(10, TimeUnit.SECONDS)
        .join();
  }

  private JsonNode json(String path) throws IOException {
    HttpResponse<String> answer = send("GET", path);
    assertEquals(200, answer.statusCode(), answer.body());
    return new ObjectMapper().readTree(answer.body());
  }

  /** What a client that keeps to no rules sends: the path as it is, any host. */
  private String raw(String path, String... headers) throws IOException {
    URI url = URI.create(server.url());
    try (Socket socket = new Socket(url.getHost(), url.getPort())) {
      socket.setSoTimeout(10_000);
      List<String> lines = new ArrayList<>(List.of("GET " + path + " HTTP/1.1"));
      lines.addAll(List.of(headers));
      lines.add("Connection: close");
      String request = String.join("\r\n", lines) + "\r\n\r\n";
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private String host() {
    return "Host: " + URI.create(server.url()).getAuthority();
  }

  private String token() {
    Matcher matcher =
        Pattern.compile("evenkeel-token\" content=\"(\\w+)\"").matcher(send("GET", "/").body());
    assertTrue(matcher.find());
    return matcher.group(1);
  }

  // What it shows

  @Test
  void itListsRunsAndGivesTheirHistory() throws IOException {
    Path finished = run("two words é", HISTORY);
    Files.writeString(finished.resolve("model.safetensors"), "");
    Files.createDirectory(runs.resolve("no run"));
    JsonNode list = json("/runs");
    List<String> seen = new ArrayList<>();
    list.forEach(run -> seen.add(run.get("name").asText() + " " + run.get("state").asText()));
    assertTrue(list.get(0).get("length").isNull(), "it does not run");
    assertEquals(List.of("one stopped", "two words é finished"), seen.stream().sorted().toList());
    JsonNode history = json("/runs/two%20words%20%C3%A9");
    assertEquals("[1.0,2.0]", history.at("/epochs/epoch").toString());
    assertEquals("[0.5,0.25]", history.at("/epochs/train_loss").toString());
  }

  @Test
  void thePageAndAllThatItAsksForAreHere() {
    String page = send("GET", "/").body();
    Matcher asked = Pattern.compile("(?:src|href)=\"([^\"]+)\"").matcher(page);
    int count = 0;
    for (; asked.find(); count++) {
      HttpResponse<String> answer = send("GET", asked.group(1));
      assertEquals(200, answer.statusCode(), asked.group(1));
      assertFalse(answer.body().isEmpty());
    }
    assertEquals(3, count, "a script, a style and an icon");
    assertTrue(send("GET", "/page.js").body().contains("uPlot="));
  }

  @Test
  void aTrainingIsSeenWithinTwoSecondsAndStops() throws Exception {
    Path live = runs.resolve("live");
    CompletableFuture<Void> training = CompletableFuture.runAsync(() -> train(live));
    long start = System.nanoTime();
    while (send("GET", "/runs/live").statusCode() != 200) {
      assertTrue(System.nanoTime() - start < 60e9, "the run is never there");
      Thread.sleep(50);
    }
    int epochs = 0;
    while (epochs == 0) {
      Thread.sleep(50);
      JsonNode history = json("/runs/live");
      epochs = history.at("/epochs/epoch").size();
    }
    double late =
        (System.currentTimeMillis()
                - Files.getLastModifiedTime(live.resolve("history.csv")).toMillis())
            / 1e3;
    assertTrue(late < 2, late + " s");
    JsonNode listed = json("/runs").get(0);
    assertEquals("live running", listed.get("name").asText() + " " + listed.get("state").asText());
    assertEquals(10_000, listed.at("/length/epochs").asInt());
    assertEquals(0, listed.at("/length/steps").asLong() % 10_000, "steps of whole epochs");
    assertTrue(listed.at("/length/steps").asLong() >= 10_000);
    HttpResponse<String> answer = send("POST", "/runs/live/stop", Guard.TOKEN, token());
    assertEquals(202, answer.statusCode(), answer.body());
    CompletionException ended =
        assertThrows(
            CompletionException.class, () -> training.orTimeout(60, TimeUnit.SECONDS).join());
    assertEquals(StoppedException.class, ended.getCause().getClass());
    assertTrue(Files.exists(live.resolve("checkpoint.safetensors")));
    assertFalse(json("/runs").toString().contains("\"state\":\"running\""));
    assertEquals(409, send("POST", "/runs/live/stop", Guard.TOKEN, token()).statusCode());
  }

  /** Longer than any test waits, unless it is stopped. */
  private static void train(Path folder) {
    Dataset digits = DataPlan.of("digits").load(note -> {}).train();
    Listener slow =
        new Listener() {
          @Override
          public void onEpoch(Epoch epoch) {
            try {
              Thread.sleep(100);
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
          }
        };
    try (Backend backend = Device.cpu(1);
        Model model = Network.mlp(64, List.of(16), 10).build(backend, 1)) {
      new Trainer(model, Recipe.classification().withEpochs(10_000), digits)
          .withCheckpoints(folder)
          .withListener(new RunFolder.HistoryFile(folder))
          .withListener(slow)
          .fit();
    }
  }

  // What it refuses

  @Test
  void itListensOnLoopbackAlone() throws IOException {
    int port = URI.create(server.url()).getPort();
    List<InetAddress> others = new ArrayList<>();
    for (NetworkInterface one : NetworkInterface.networkInterfaces().toList()) {
      one.inetAddresses()
          .filter(a -> a instanceof Inet4Address && !a.isLoopbackAddress())
          .forEach(others::add);
    }
    for (InetAddress other : others) {
      try (Socket socket = new Socket()) {
        assertThrows(
            ConnectException.class, () -> socket.connect(new InetSocketAddress(other, port), 2000));
      }
    }
    try (Socket socket = new Socket("127.0.0.1", port)) {
      assertTrue(socket.isConnected(), "else nothing listens at all");
    }
  }

  @Test
  void foreignNamesThatPointHereAreRefused() throws IOException {
    int port = URI.create(server.url()).getPort();
    assertTrue(raw("/runs", host()).startsWith("HTTP/1.1 200"));
    assertTrue(raw("/runs", "Host: LocalHost:" + port).startsWith("HTTP/1.1 200"));
    for (String host :
        List.of(
            "evil.example:" + port,
            "127.0.0.1",
            "127.0.0.1:" + (port == 1 ? 2 : 1),
            "127.0.0.1.evil.example:" + port,
            "localhost:" + port + ".evil.example",
            "")) {
      String answer = raw("/runs", "Host: " + host);
      assertTrue(answer.startsWith("HTTP/1.1 403"), host + ": " + answer);
      assertFalse(answer.contains("\"one\""), answer);
    }
    assertTrue(raw("/runs", host(), "Host: evil.example").matches("(?s)HTTP/1.1 40[03].*"));
    assertTrue(raw("/runs").matches("(?s)HTTP/1.1 40[03].*"), "no host at all");
  }

  @Test
  void requestsOfOtherSitesAreRefused() {
    String origin = server.url().replaceFirst("/$", "");
    assertEquals(200, send("GET", "/runs", "Sec-Fetch-Site", "same-origin").statusCode());
    assertEquals(200, send("GET", "/runs", "Sec-Fetch-Site", "none").statusCode());
    assertEquals(200, send("GET", "/runs", "Origin", origin).statusCode());
    for (String site : List.of("cross-site", "same-site", "")) {
      assertEquals(403, send("GET", "/runs", "Sec-Fetch-Site", site).statusCode(), site);
    }
    for (String other : List.of("http://evil.example", "null", "https" + origin.substring(4))) {
      assertEquals(403, send("GET", "/runs", "Origin", other).statusCode(), other);
    }
  }

  @Test
  void stoppingTakesPostAndTheTokenOfThePage() throws IOException {
    String token = token();
    Path stop = runs.resolve("one").resolve("stop");
    assertEquals(405, send("GET", "/runs/one/stop").statusCode());
    assertEquals(403, send("POST", "/runs/one/stop").statusCode());
    assertEquals(403, send("POST", "/runs/one/stop", Guard.TOKEN, "x" + token).statusCode());
    assertEquals(
        403,
        send("POST", "/runs/one/stop", Guard.TOKEN, token, "Origin", "http://evil.example")
            .statusCode());
    assertEquals(409, send("POST", "/runs/one/stop", Guard.TOKEN, token).statusCode());
    assertFalse(Files.exists(stop));
    try (RunServer other = RunServer.start(runs, "127.0.0.1", 0)) {
      assertTrue(!other.url().equals(server.url()) && token.length() == 48);
    }
    assertEquals(405, send("PUT", "/runs/one", Guard.TOKEN, token).statusCode());
    assertEquals(405, send("POST", "/runs/one", Guard.TOKEN, token).statusCode());
  }

  @Test
  void noPathLeadsOutOfTheFolder() throws IOException {
    for (String path :
        List.of(
            "/..",
            "/../history.csv",
            "/runs/..",
            "/runs/../report",
            "/runs/%2e%2e",
            "/runs/%2e%2e/report",
            "/runs/..%2f",
            "/runs/..%2freport",
            "/runs/one%2f..%2f..%2freport",
            "/runs/one/../../../history.csv",
            "/runs/%252e%252e/report",
            "/runs/..%5creport",
            "/runs/.",
            "/runs/./report",
            "/runs//report",
            "/runs/one%00/report",
            "/runs/%00",
            "/runs/%zz",
            "/runs/C:",
            "/runs/C:/report",
            "/runs/C:one",
            "/runs/one*",
            "/runs/one/history.csv",
            "/history.csv",
            "//runs/one",
            "/runs" + folder + "/report",
            "/runs/" + folder.toString().replace("/", "%2f") + "/report")) {
      String answer = raw(path, host());
      assertTrue(answer.matches("(?s)HTTP/1.1 (404|400) .*"), path + ": " + answer);
      assertFalse(answer.contains(SECRET), path);
    }
  }

  @Test
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "links are for administrators")
  void linksAreNotFollowed() throws IOException {
    Path elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
    Files.writeString(elsewhere.resolve("history.csv"), HISTORY);
    Files.writeString(elsewhere.resolve("report.html"), SECRET);
    Files.createSymbolicLink(runs.resolve("linked"), elsewhere);
    Files.createSymbolicLink(runs.resolve("one/report.html"), elsewhere.resolve("report.html"));
    Path half = Files.createDirectory(runs.resolve("half"));
    Files.writeString(half.resolve("model.safetensors"), "");
    Files.createSymbolicLink(half.resolve("history.csv"), elsewhere.resolve("history.csv"));
    Files.createSymbolicLink(half.resolve("steps.csv"), elsewhere.resolve("history.csv"));
    assertEquals(404, send("GET", "/runs/linked").statusCode());
    assertEquals(404, send("GET", "/runs/linked/report").statusCode());
    assertEquals(404, send("GET", "/runs/one/report").statusCode());
    assertEquals("{\"epochs\":{},\"steps\":{}}", json("/runs/half").toString());
    assertFalse(json("/runs").toString().contains("linked"));
    Files.delete(runs.resolve("one/report.html"));
    Files.writeString(runs.resolve("one/report.html"), "a page");
    HttpResponse<String> own = send("GET", "/runs/one/report");
    assertEquals("a page", own.body());
    assertTrue(own.headers().firstValue("Content-Security-Policy").orElse("").contains("sandbox"));
  }

  @Test
  void aRunThatIsDamagedIsOneSentence() throws IOException {
    run("bad", "epoch,train_loss\n1,<b>\n");
    HttpResponse<String> answer = send("GET", "/runs/bad");
    assertEquals(500, answer.statusCode());
    assertTrue(answer.body().contains("where a number belongs"), answer.body());
    assertEquals(
        "text/plain; charset=utf-8", answer.headers().firstValue("Content-Type").orElse(""));
  }

  @Test
  void whereItCantListenOrHasNoFolderItSaysSo() {
    int port = URI.create(server.url()).getPort();
    Expect.failure(() -> RunServer.start(runs, "127.0.0.1", port), "--port");
    Expect.failure(() -> RunServer.start(folder.resolve("none"), "127.0.0.1", 0), "--runs");
  }
}
