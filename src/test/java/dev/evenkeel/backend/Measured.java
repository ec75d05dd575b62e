package dev.evenkeel.backend;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The worst error seen of every quantity, kept so that a tolerance can be judged by its margin. */
final class Measured {

  private record Worst(double error, double limit, String row) {}

  private static final Map<String, Worst> WORST = new TreeMap<>();

  private Measured() {}

  static synchronized void record(String quantity, double error, double limit, String row) {
    Worst before = WORST.get(quantity);
    if (before == null || error > before.error || Double.isNaN(error)) {
      WORST.put(quantity, new Worst(error, limit, row));
    }
  }

  static synchronized void write(Path file) throws IOException {
    List<String> lines = new ArrayList<>();
    lines.add("%-58s %9s %9s  %s".formatted("quantity", "worst", "limit", "row"));
    WORST.forEach(
        (quantity, worst) ->
            lines.add(
                "%-58s %9.2e %9.2e  %s".formatted(quantity, worst.error, worst.limit, worst.row)));
    Files.createDirectories(file.toAbsolutePath().getParent());
    Files.write(file, lines);
  }
}
