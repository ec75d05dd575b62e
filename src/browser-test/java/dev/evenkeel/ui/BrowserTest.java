package dev.evenkeel.ui;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.PlaywrightException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/**
 * What tests of the page in a real browser share. They skip where there is none. Screenshots lie in
 * target/screenshots, to be looked at.
 */
abstract class BrowserTest {

  private static final Path SCREENSHOTS = Path.of("target", "screenshots");
  static final String ELSEWHERE = "evil.example";

  private static Chromium chromium;
  private static String noBrowser;

  @TempDir Path runs;
  RunServer server;
  BrowserContext context;
  Page page;
  final List<String> errors = new ArrayList<>();

  @BeforeAll
  static void open() throws IOException {
    Path program = Chromium.find().orElse(null);
    if (program == null) {
      noBrowser = "there is no Chromium and no Chrome on the PATH to show the page in";
      return;
    }
    try {
      chromium = new Chromium(program, ELSEWHERE);
    } catch (PlaywrightException e) {
      noBrowser = program + " can't be started: " + e.getMessage();
    }
    Files.createDirectories(SCREENSHOTS);
  }

  @AfterAll
  static void close() {
    if (chromium != null) {
      chromium.close();
      chromium = null;
    }
  }

  @BeforeEach
  void start() {
    Assumptions.assumeTrue(chromium != null, noBrowser); // here, so that each test says so
    server = RunServer.start(runs, "127.0.0.1", 0);
    show(new Browser.NewContextOptions().setViewportSize(1100, 900));
  }

  @AfterEach
  void end() {
    if (chromium == null) {
      return;
    }
    context.close();
    server.close();
    assertEquals(List.of(), errors, "what the console says");
  }

  void show(Browser.NewContextOptions options) {
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

  void screenshot(String name) {
    page.screenshot(
        new Page.ScreenshotOptions().setPath(SCREENSHOTS.resolve(name + ".png")).setFullPage(true));
  }

  Locator row(String name) {
    return page.locator("#runs tbody tr").filter(new Locator.FilterOptions().setHasText(name));
  }

  int charts() {
    return page.locator("#plots .uplot").count();
  }

  /** Of the chart with that title, the values over all points: x, then each line's. */
  List<?> data(String title) {
    return (List<?>)
        page.evaluate("title => drawn.get(title)?.chart.data.map(a => [...a]) ?? []", title);
  }

  int points(String title) {
    List<?> data = data(title);
    return data.isEmpty() ? 0 : ((List<?>) data.get(0)).size();
  }

  static void sleep(int millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  void waitFor(String what) {
    page.waitForFunction(what);
  }
}
