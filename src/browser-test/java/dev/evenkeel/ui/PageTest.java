package dev.evenkeel.ui;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import dev.evenkeel.train.Listener;
import dev.evenkeel.train.StepFile;
import dev.evenkeel.train.StoppedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What the page of runs shows, in a real browser. */
class PageTest extends BrowserTest {

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
      assertThat(row("digits-1")).containsText(" of 1000");
      assertThat(row("digits-1").locator(".left"))
          .hasText(Pattern.compile("about \\d+ (min|h) left"));
      int before = points("train loss");
      waitFor("() => drawn.get('train loss').chart.data[0].length >= " + (before + 3));
      assertEquals(true, page.evaluate("window.sameDocument"), "nothing was loaded anew");
      screenshot("running");
      row("digits-1").getByRole(AriaRole.BUTTON).click();
      assertThat(row("digits-1").getByText("stopped")).isVisible();
      assertThat(page.locator("#message")).containsText("digits-1 has stopped with a checkpoint");
      assertThat(row("digits-1").locator("button")).isHidden();
      assertThat(row("digits-1").locator(".left")).isEmpty();
      screenshot("stopped");
    } finally {
      Files.writeString(run.resolve("stop"), ""); // also where something failed
    }
    CompletionException ended =
        assertThrows(
            CompletionException.class, () -> training.orTimeout(60, TimeUnit.SECONDS).join());
    assertEquals(StoppedException.class, ended.getCause().getClass());
  }

  @Test
  void theTimeThatIsLeftIsThatOfThePaceOfLate() {
    SampleRuns.folder(
        runs,
        "live",
        Map.of(
            "running",
            SampleRuns.runningMark() + "\n8 800\n",
            "history.csv",
            "epoch,steps,seconds,train_loss\n1,100,60,3\n2,200,120,2\n3,300,180,1\n"));
    page.navigate(server.url());
    assertThat(row("live").locator(".left")).hasText("about 5 min left");
    assertThat(row("live")).containsText("3 of 8");
    assertEquals("119 min", page.evaluate("duration(7150)"));
    assertEquals("2 h", page.evaluate("duration(7200)"));
    assertEquals("1 s", page.evaluate("duration(0)"));
    assertEquals("3 days", page.evaluate("duration(3 * 86400)"));
    screenshot("time-left");
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
    String length = "\n1000 800000\n";
    String history = "epoch,steps,seconds,train_loss\n1,800,60,2\n2,1600,120,1\n";
    SampleRuns.folder(
        runs,
        "under-way",
        Map.of("running", SampleRuns.runningMark() + length, "history.csv", history));
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
}
