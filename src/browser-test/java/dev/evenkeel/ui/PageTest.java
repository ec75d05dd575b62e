package dev.evenkeel.ui;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.PlaywrightException;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import com.sun.net.httpserver.HttpServer;
import dev.evenkeel.train.Listener;
import dev.evenkeel.train.StepFile;
import dev.evenkeel.train.StoppedException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page of runs in a real browser. Screenshots lie in target/screenshots, to be looked at. */
class PageTest {

  private static final Path SCREENSHOTS = Path.of("target", "screenshots");
  private static final String ELSEWHERE = "evil.example";

  private static Chromium chromium;

  @TempDir Path runs;
  private RunServer server;
  private BrowserContext context;
  private Page page;
  private final List<String> errors = new ArrayList<>();

  @BeforeAll
  static void open() throws IOException {
    Path program = Chromium.find().orElse(null);
    Assumptions.assumeTrue(
        program != null, "there is no Chromium and no Chrome on the PATH to show the page in");
    try {
      chromium = new Chromium(program, ELSEWHERE);
    } catch (PlaywrightException e) {
      Assumptions.abort(program + " can't be started: " + e.getMessage());
    }
    Files.createDirectories(SCREENSHOTS);
  }

  @AfterAll
  static void close() {
    if (chromium != null) {
      chromium.close();
    }
  }

  @BeforeEach
  void start() {
    server = RunServer.start(runs, "127.0.0.1", 0);
    show(new Browser.NewContextOptions().setViewportSize(1100, 900));
  }

  @AfterEach
  void end() {
    context.close();
    server.close();
    assertEquals(List.of(), errors, "what the console says");
  }

  private void show(Browser.NewContextOptions options) {
    if (context != null) {
      context.close();
    }
    context = chromium.browser().newContext(options);
    context.setDefaultTimeout(20_000);
    page = context.newPage();
    context.onConsoleMessage(
        message -> {
          if (List.of("error", "warning").contains(message.type())) {
            errors.add(message.text());
          }
        });
    context.onWebError(error -> errors.add(error.error()));
  }

  private void screenshot(String name) {
    page.screenshot(
        new Page.ScreenshotOptions().setPath(SCREENSHOTS.resolve(name + ".png")).setFullPage(true));
  }

  private Locator row(String name) {
    return page.locator("#runs tbody tr").filter(new Locator.FilterOptions().setHasText(name));
  }

  private int charts() {
    return page.locator("#plots .uplot").count();
  }

  /** Of the chart with that title, the values over all points: x, then each line's. */
  private List<?> data(String title) {
    return (List<?>)
        page.evaluate("title => drawn.get(title)?.chart.data.map(a => [...a]) ?? []", title);
  }

  private int points(String title) {
    List<?> data = data(title);
    return data.isEmpty() ? 0 : ((List<?>) data.get(0)).size();
  }

  private static void sleep(int millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private void waitFor(String what) {
    page.waitForFunction(what);
  }

  // A run under way

  /** Steps slow enough that the first epoch lasts longer than this test. */
  private static final Listener SLOW =
      new Listener() {
        @Override
        public void onStep(int epoch, long step, int rows, float loss, double rate, long nanos) {
          sleep(250);
        }
      };

  @Test
  void aTrainingIsSeenWithinTwoSecondsGrowsAndStops() throws IOException {
    page.navigate(server.url());
    assertThat(page.locator("#message")).hasText("There is no run in this folder yet.");
    page.evaluate("window.sameDocument = true");
    Path run = runs.resolve("digits-1");
    CompletableFuture<Void> training =
        CompletableFuture.runAsync(() -> SampleRuns.train(run, 1000, SLOW));
    try {
      Path file = run.resolve(StepFile.FILE);
      while (!Files.exists(file) || Files.readAllLines(file).size() < 2) {
        assertFalse(training.isDone(), "the training has ended");
        page.waitForTimeout(10);
      }
      long written = System.nanoTime();
      waitFor("() => drawn.get('train loss')?.chart.data[1].some(v => v > 0)");
      double late = (System.nanoTime() - written) * 1e-9;
      assertTrue(late < 2, "its first point came " + late + " s late");
      assertThat(row("digits-1")).containsText("running");
      assertThat(page).hasTitle("1 running · Runs");
      int before = points("train loss");
      waitFor("() => drawn.get('train loss').chart.data[0].length >= " + (before + 3));
      assertEquals(true, page.evaluate("window.sameDocument"), "nothing was loaded anew");
      screenshot("running");
      row("digits-1").getByRole(AriaRole.BUTTON).click();
      assertThat(row("digits-1").getByText("stopped")).isVisible();
      assertThat(page.locator("#message")).containsText("digits-1 has stopped with a checkpoint");
      assertThat(row("digits-1").locator("button")).isHidden();
      screenshot("stopped");
    } finally {
      Files.writeString(run.resolve("stop"), ""); // also where something failed
    }
    CompletionException ended =
        assertThrows(
            CompletionException.class, () -> training.orTimeout(60, TimeUnit.SECONDS).join());
    assertEquals(StoppedException.class, ended.getCause().getClass());
  }

  // What it shows

  @Test
  void runsAreLaidOverEachOther() {
    SampleRuns.finished(runs, "batch-norm", 30, 1.1);
    SampleRuns.finished(runs, "layer-norm", 24, 0.8);
    SampleRuns.finished(runs, "no-norm", 12, 0.3);
    page.navigate(server.url());
    waitFor("() => drawn.get('train loss')?.chart.series.length === 4");
    assertEquals(5, charts());
    assertEquals(30, points("train loss"));
    List<?> colours =
        (List<?>)
            page.evaluate(
                "() => [...document.querySelectorAll('.key')].map(key => key.style.background)");
    assertEquals(3, colours.stream().distinct().count(), colours::toString);
    assertThat(page.locator(".u-legend").first()).containsText("batch-norm");
    assertThat(page.locator(".u-legend .u-value").nth(1)).hasText("0.04745"); // the last
    screenshot("overlay");
    row("no-norm").locator("input").uncheck();
    waitFor("() => drawn.get('train loss').chart.series.length === 3");
    page.selectOption("#over", "seconds");
    page.locator("#log").check();
    waitFor("() => drawn.get('train loss').chart.scales.y.distr === 3");
    assertEquals(45, page.evaluate("drawn.get('train loss').chart.data[0].at(-1)"));
    page.waitForTimeout(2200);
    assertEquals(3, page.evaluate("drawn.get('train loss').chart.series.length"), "as chosen");
    screenshot("overlay-log-seconds");
  }

  @Test
  void whatIsZoomedIntoStaysInSight() {
    SampleRuns.folder(
        runs,
        "live",
        Map.of(
            "running",
            SampleRuns.runningMark(),
            "history.csv",
            "epoch,train_loss\n1,3\n2,2\n3,1\n"));
    page.navigate(server.url());
    waitFor("() => drawn.get('train loss')?.chart.data[0].length === 3");
    var box = page.locator(".u-over").first().boundingBox();
    page.mouse().move(box.x + box.width * 0.2, box.y + box.height / 2);
    page.mouse().down();
    page.mouse().move(box.x + box.width * 0.6, box.y + box.height / 2);
    page.mouse().up();
    Object zoomed = page.evaluate("drawn.get('train loss').chart.scales.x.max");
    assertTrue(((Number) zoomed).doubleValue() < 2.9, zoomed + " is the right end");
    page.waitForTimeout(2200);
    assertEquals(zoomed, page.evaluate("drawn.get('train loss').chart.scales.x.max"));
    page.mouse().dblclick(box.x + box.width / 2, box.y + box.height / 2);
    waitFor("() => drawn.get('train loss').chart.scales.x.max === 3");
  }

  @Test
  void aReportDrawsItsCurves() {
    Path run = runs.resolve("digits-1");
    SampleRuns.train(run, 6, new Listener() {});
    SampleRuns.report(run);
    page.navigate(server.url());
    row("digits-1").getByText("report").click();
    page.waitForURL("**/report");
    assertThat(page.locator("figure .uplot")).hasCount(7);
    screenshot("report");
  }

  @Test
  void inTheDarkAndOnNarrowScreensItCanBeRead() {
    SampleRuns.finished(runs, "batch-norm", 30, 1.1);
    SampleRuns.finished(
        runs, "a-run-with-a-rather-long-name-of-width-4096-and-dropout-0.25", 20, 0.7);
    SampleRuns.train(runs.resolve("digits-1"), 3, new Listener() {});
    SampleRuns.report(runs.resolve("digits-1"));
    show(
        new Browser.NewContextOptions()
            .setViewportSize(375, 700)
            .setDeviceScaleFactor(2)
            .setColorScheme(ColorScheme.DARK));
    page.navigate(server.url());
    waitFor("() => drawn.get('train loss')?.chart.series.length === 4");
    String fits = "document.documentElement.scrollWidth <= document.documentElement.clientWidth";
    assertEquals(true, page.evaluate(fits), "nothing lies beyond the edge");
    assertEquals(
        true,
        page.evaluate(
            "() => { const box = document.querySelector('.wide'); return box.scrollWidth <= box.clientWidth; }"),
        "nor of the table");
    assertEquals(
        "rgb(22, 24, 27)", page.evaluate("getComputedStyle(document.body).backgroundColor"));
    assertThat(page.locator("#runs a:visible")).hasCount(1);
    screenshot("dark-narrow");
    row("digits-1").getByText("report").click();
    page.waitForURL("**/report");
    assertThat(page.locator("figure .uplot").first()).isVisible();
    screenshot("dark-narrow-report");
  }

  // What it does not do

  @Test
  void hostileNamesAndContentsAreText() {
    String image = "<img src=x onerror='window.hacked=1'>";
    String history = "epoch,train_loss,<b>bold<b>\n1,NaN,1\n2,0.5,Infinity\n3,0.4,3\n4,0.";
    SampleRuns.folder(runs, image, Map.of("history.csv", history, "report.html", "<h1>own</h1>"));
    SampleRuns.folder(
        runs, "\"quotes\" ' & <script>window.hacked=2<", Map.of("history.csv", history));
    SampleRuns.folder(runs, "long-" + "x".repeat(200), Map.of("history.csv", history));
    SampleRuns.folder(runs, "damaged", Map.of("history.csv", "epoch,train_loss\n1,<i>one</i>\n"));
    SampleRuns.folder(runs, "ragged", Map.of("steps.csv", "step,epoch\n1\n", "history.csv", ""));
    page.navigate(server.url());
    assertThat(page.locator("#runs tbody tr")).hasCount(5);
    for (Locator box : page.locator("#runs input").all()) {
      box.check();
    }
    waitFor("() => drawn.get('train loss')?.chart.series.length === 4");
    assertThat(row(image)).containsText(image);
    assertThat(row("damaged")).containsText("\"<i>one</i>\" where a number belongs");
    assertEquals(3, points("train loss"));
    assertEquals(0, page.locator("#runs img, #runs b, #runs i, #plots b, #runs script").count());
    assertEquals(true, page.evaluate("window.hacked === undefined"));
    assertEquals(
        true,
        page.evaluate(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"));
    screenshot("hostile");
    errors.removeIf(text -> text.contains("status of 500")); // of the damaged ones, said in words
    row(image).getByText("report").click();
    page.waitForURL("**/report");
    assertThat(page.locator("h1")).hasText("own");
  }

  /** A page of another origin, with all the means that a page has. */
  @Test
  void anotherSiteCanNeitherReadNorStop() throws IOException {
    Path run =
        SampleRuns.folder(
            runs,
            "live",
            Map.of("running", SampleRuns.runningMark(), "history.csv", "epoch,train_loss\n1,3\n"));
    HttpServer other = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    byte[] body = "<!DOCTYPE html><title>other</title>".getBytes(StandardCharsets.UTF_8);
    other.createContext(
        "/",
        exchange -> {
          exchange.getResponseHeaders().set("Content-Type", "text/html");
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    other.start();
    try {
      for (String host : List.of("127.0.0.1", "localhost", ELSEWHERE)) {
        page.navigate("http://" + host + ":" + other.getAddress().getPort() + "/");
        attack();
        assertFalse(Files.exists(run.resolve("stop")), host);
      }
    } finally {
      other.stop(0);
    }
    page.navigate("http://" + ELSEWHERE + ":" + URI.create(server.url()).getPort() + "/runs");
    assertThat(page.locator("body")).containsText("This server is not called");
    assertFalse(errors.isEmpty(), "the browser, too, says that it was refused");
    errors.clear();
    page.navigate(server.url());
    row("live").locator("button").click();
    waitFor("() => document.querySelector('.stopping')");
    assertTrue(Files.exists(run.resolve("stop")), "else nothing was ever possible");
  }

  private void attack() {
    String seen =
        (String)
            page.evaluate(
                """
                async url => {
                  const seen = [];
                  const means = [
                    () => fetch(url + "runs"),
                    () => fetch(url + "runs/live/stop", { method: "POST", headers: { "X-Evenkeel-Token": "x" } }),
                    () => fetch(url + "runs/live/stop", { method: "POST", mode: "no-cors" }),
                    () => fetch(url, { mode: "no-cors" }),
                  ];
                  for (const one of means) {
                    try { seen.push(await (await one()).text()); } catch (refused) { seen.push(""); }
                  }
                  for (const [tag, at] of [["img", "icon.svg"], ["script", "page.js"], ["iframe", ""]]) {
                    const made = document.createElement(tag);
                    const loaded = new Promise(done => { made.onload = () => done("loaded"); made.onerror = () => done(""); });
                    made.src = url + at;
                    document.body.append(made);
                    if (tag === "iframe") {
                      await loaded;
                      try { seen.push(made.contentDocument?.body.textContent ?? ""); } catch (refused) { seen.push(""); }
                    } else {
                      seen.push(await loaded);
                    }
                  }
                  const form = document.createElement("form");
                  const frame = document.createElement("iframe");
                  frame.name = form.target = "frame";
                  form.method = "POST";
                  form.action = url + "runs/live/stop";
                  document.body.append(frame, form);
                  const answered = new Promise(done => { frame.onload = done; });
                  form.submit();
                  await answered;
                  return seen.join("");
                }
                """,
                server.url());
    assertEquals("", seen, "what another site could read");
  }
}
