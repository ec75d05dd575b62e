package dev.evenkeel.io;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Assumptions;

/** Named pipes, where the system has them, with somebody at their other end. */
public final class Pipes {

  private Pipes() {}

  public static Path make(Path path) throws IOException, InterruptedException {
    Assumptions.assumeTrue(Files.isExecutable(Path.of("/usr/bin/mkfifo")), "no mkfifo here");
    Process made = new ProcessBuilder("/usr/bin/mkfifo", path.toString()).inheritIO().start();
    Assumptions.assumeTrue(made.waitFor() == 0, "no pipes here");
    return path;
  }

  /** What is written into it, once. */
  public static CompletableFuture<String> reading(Path pipe) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return Files.readString(pipe);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  /** Writes into it, once. */
  public static CompletableFuture<Void> writing(Path pipe, String text) {
    return CompletableFuture.runAsync(
        () -> {
          try {
            Files.writeString(pipe, text, StandardOpenOption.WRITE);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }
}
