package dev.evenkeel.ui;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Decides which requests are answered. A browser sends along what any site makes it send, so a
 * request must name this server as its host (else a foreign name was made to point here), must not
 * come from another site, and what changes something must bring the token that only the page knows.
 */
final class Guard {

  static final String TOKEN = "X-Evenkeel-Token";

  private final Set<String> hosts = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
  private final String token;

  /**
   * @param host as it was given to listen on
   */
  Guard(String host, InetSocketAddress address) {
    int port = address.getPort();
    InetAddress ip = address.getAddress();
    add(host, port);
    add(ip.getHostAddress(), port);
    if (ip.isLoopbackAddress() || ip.isAnyLocalAddress()) {
      add("localhost", port);
      add("127.0.0.1", port);
      add("[::1]", port);
    }
    byte[] random = new byte[24];
    new SecureRandom().nextBytes(random);
    token = HexFormat.of().formatHex(random);
  }

  private void add(String host, int port) {
    String named = host.contains(":") && !host.startsWith("[") ? "[" + host + "]" : host;
    hosts.add(named + ":" + port);
    if (port == 80) {
      hosts.add(named);
    }
  }

  /** What the page sends with whatever changes something. */
  String token() {
    return token;
  }

  /** Why a request is refused. */
  Optional<String> refusal(HttpExchange exchange) {
    Headers headers = exchange.getRequestHeaders();
    String host = only(headers, "Host");
    if (!hosts.contains(host)) {
      return Optional.of("This server is not called \"%s\"".formatted(printable(host)));
    }
    String site = headers.getFirst("Sec-Fetch-Site");
    if (site != null && !site.equals("same-origin") && !site.equals("none")) {
      return Optional.of("Requests of other sites are refused");
    }
    String origin = headers.getFirst("Origin");
    if (origin != null && !origin.equalsIgnoreCase("http://" + host)) {
      return Optional.of("Requests of other sites are refused");
    }
    boolean reads = exchange.getRequestMethod().equals("GET");
    return reads || isToken(headers.getFirst(TOKEN))
        ? Optional.empty()
        : Optional.of("The page's token is missing or of another start. help: reload the page");
  }

  private boolean isToken(String given) {
    return given != null
        && MessageDigest.isEqual(
            given.getBytes(StandardCharsets.UTF_8), token.getBytes(StandardCharsets.UTF_8));
  }

  /** Two of them are as good as none. */
  private static String only(Headers headers, String name) {
    List<String> all = headers.getOrDefault(name, List.of());
    return all.size() == 1 ? all.get(0) : "";
  }

  private static String printable(String host) {
    String plain = host.replaceAll("[^\\w.:\\[\\]-]", "?");
    return plain.substring(0, Math.min(80, plain.length()));
  }
}
