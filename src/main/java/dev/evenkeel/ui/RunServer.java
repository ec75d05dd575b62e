package dev.evenkeel.ui;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.evenkeel.EvenkeelException;
import dev.evenkeel.io.Json;
import dev.evenkeel.report.UPlot;
import dev.evenkeel.train.RunMark;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Serves the page of a folder of runs. Paths: {@code /} the page; {@code /runs} the list; {@code
 * /runs/NAME} a run's curves; {@code /runs/NAME/report} its report; POST to {@code /runs/NAME/stop}
 * stops it.
 */
public final class RunServer implements AutoCloseable {

  private static final int THREADS = 4;

  private static final String JSON = "application/json; charset=utf-8";
  private static final String HTML = "text/html; charset=utf-8";
  private static final String TEXT = "text/plain; charset=utf-8";

  private static final String PAGE_POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

  /** A report has its script within it, and may run it only as a stranger to this page. */
  private static final String REPORT_POLICY =
      "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; frame-ancestors 'none'";

  private final Runs runs;
  private final String host;
  private final HttpServer server;
  private final ExecutorService threads = Executors.newFixedThreadPool(THREADS);
  private final Guard guard;

  private RunServer(Runs runs, String host, HttpServer server) {
    this.runs = runs;
    this.host = host;
    this.server = server;
    this.guard = new Guard(host, server.getAddress());
  }

  /**
   * Starts it.
   *
   * @param port 0 for any that is free
   */
  public static RunServer start(Path folder, String host, int port) {
    Runs runs = new Runs(folder);
    InetSocketAddress address = new InetSocketAddress(host, port);
    if (address.isUnresolved()) {
      throw new EvenkeelException(
          "--host %s is no name or address of this machine. help: 127.0.0.1".formatted(host));
    }
    try {
      RunServer server = new RunServer(runs, host, HttpServer.create(address, 0));
      server.server.setExecutor(server.threads);
      server.server.createContext("/", server::handle);
      server.server.start();
      return server;
    } catch (IOException e) {
      throw new EvenkeelException(
          "Cannot listen on %s, port %d: %s. help: another --port, or --port 0 for any that is free"
              .formatted(host, port, e.getMessage()),
          e);
    }
  }

  /** Where the page is. */
  public String url() {
    String named = host.contains(":") ? "[" + host + "]" : host;
    return "http://%s:%s/".formatted(named, server.getAddress().getPort());
  }

  /** An answer. */
  private record Answer(int status, String type, String policy, byte[] body) {

    static Answer of(int status, String type, String text) {
      return new Answer(status, type, PAGE_POLICY, text.getBytes(StandardCharsets.UTF_8));
    }

    static Answer problem(int status, String text) {
      return of(status, TEXT, text + "\n");
    }
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      Answer answer;
      try {
        Optional<String> refusal = guard.refusal(exchange);
        answer = refusal.isPresent() ? Answer.problem(403, refusal.get()) : answer(exchange);
      } catch (EvenkeelException e) {
        answer = Answer.problem(500, e.getMessage());
      } catch (RuntimeException e) {
        answer = Answer.problem(500, "internal error: " + e);
      }
      send(exchange, answer);
    }
  }

  private static void send(HttpExchange exchange, Answer answer) throws IOException {
    var headers = exchange.getResponseHeaders();
    headers.set("Content-Type", answer.type);
    headers.set("Content-Security-Policy", answer.policy);
    headers.set("X-Content-Type-Options", "nosniff");
    headers.set("Referrer-Policy", "no-referrer");
    headers.set("Cross-Origin-Resource-Policy", "same-origin");
    headers.set("Cache-Control", "no-store");
    exchange.sendResponseHeaders(answer.status, answer.body.length == 0 ? -1 : answer.body.length);
    exchange.getResponseBody().write(answer.body);
  }

  private Answer answer(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getRawPath();
    String method = exchange.getRequestMethod();
    boolean stops = path.startsWith("/runs/") && path.endsWith("/stop");
    if (!method.equals(stops ? "POST" : "GET")) {
      return Answer.problem(405, "%s is not for %s".formatted(path, method));
    }
    return switch (path) {
      case "/" ->
          Answer.of(200, HTML, resource("page.html").replace("TOKEN_OF_THIS_START", guard.token()));
      case "/page.js" ->
          Answer.of(200, "text/javascript; charset=utf-8", UPlot.script() + resource("page.js"));
      case "/page.css" ->
          Answer.of(200, "text/css; charset=utf-8", UPlot.style() + resource("ui.css"));
      case "/icon.svg" -> Answer.of(200, "image/svg+xml", resource("icon.svg"));
      case "/runs" -> Answer.of(200, JSON, Json.write(runs.list()));
      default -> ofRun(path);
    };
  }

  /** Names are decoded once, after the path was taken apart: an encoded slash stays in its name. */
  private Answer ofRun(String path) throws IOException {
    List<String> parts = List.of(path.split("/", -1));
    if (parts.size() < 3 || parts.size() > 4 || !parts.get(1).equals("runs")) {
      return Answer.problem(404, "There is nothing here");
    }
    Optional<Path> found = decoded(parts.get(2)).flatMap(runs::find);
    if (found.isEmpty()) {
      return Answer.problem(404, "There is no such run");
    }
    Path run = found.get();
    return switch (parts.size() == 3 ? "" : parts.get(3)) {
      case "" -> Answer.of(200, JSON, Json.write(runs.course(run)));
      case "report" -> report(run);
      case "stop" -> stop(run);
      default -> Answer.problem(404, "There is nothing here");
    };
  }

  private static Optional<String> decoded(String part) {
    try {
      return Optional.of(URLDecoder.decode(part.replace("+", "%2B"), StandardCharsets.UTF_8));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private Answer report(Path run) throws IOException {
    Optional<Path> report = runs.report(run);
    return report.isEmpty()
        ? Answer.problem(404, "This run has no report yet")
        : new Answer(200, HTML, REPORT_POLICY, Files.readAllBytes(report.get()));
  }

  private static Answer stop(Path run) {
    if (!RunMark.isRunning(run)) {
      return Answer.problem(409, "This run is not running");
    }
    RunMark.askToStop(run);
    return Answer.of(202, JSON, Json.write(Map.of("stopping", true)));
  }

  private static String resource(String name) throws IOException {
    try (InputStream in = RunServer.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
