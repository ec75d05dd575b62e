package dev.evenkeel.ui;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.microsoft.playwright.Locator;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What strangers could have put into the folder of runs, or into a page of their own. */
class StrangersTest extends BrowserTest {

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
    assertThat(row("ragged")).containsText("holds a line of 1 field where 2 belong");
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
    errors.removeIf(text -> text.contains("status of 403")); // of a refusal, said a little late
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
