package dev.evenkeel.fuzz;

import com.sun.management.ThreadMXBean;
import dev.evenkeel.EvenkeelException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;

/**
 * Gives a reader damaged files, one after the other, and fails at the first that it answers with
 * anything but an {@link EvenkeelException}, that takes too long, or that costs more memory than a
 * file of its size has a right to.
 */
final class Fuzzer {

  /** Far beyond what any of these small files needs, far below what a lying size asks for. */
  private static final long MOST_BYTES = 64L << 20;

  private static final long MOST_NANOS = 20_000_000_000L;

  /** What is under test. */
  @FunctionalInterface
  interface Reader {
    void read(Path file);
  }

  /**
   * A good file to begin with.
   *
   * @param content is damaged
   * @param wrap makes the file of it: it repairs what would hide the damage from all but the
   *     outermost check, as a length or a checksum does
   */
  record Seed(byte[] content, UnaryOperator<byte[]> wrap) {
    static Seed of(byte[] file) {
      return new Seed(file, bytes -> bytes);
    }
  }

  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private final AtomicLong started = new AtomicLong(Long.MAX_VALUE);
  private final AtomicReference<String> failure = new AtomicReference<>();
  private int accepted;
  private int refused;

  /** How many damaged files the reader took all the same, and how many it refused. */
  record Outcome(int accepted, int refused) {}

  Outcome run(String name, Path file, List<Seed> seeds, Reader reader, int mutations)
      throws InterruptedException {
    Thread worker = new Thread(() -> work(name, file, seeds, reader, mutations), "fuzzing " + name);
    worker.setDaemon(true); // a hang must not keep the build from ending
    worker.start();
    while (worker.isAlive()) {
      worker.join(200);
      if (System.nanoTime() - started.get() > MOST_NANOS) {
        throw new AssertionError(
            "%s hangs on %s at %s".formatted(name, file, List.of(worker.getStackTrace())));
      }
    }
    if (failure.get() != null) {
      throw new AssertionError(failure.get());
    }
    return new Outcome(accepted, refused);
  }

  private void work(String name, Path file, List<Seed> seeds, Reader reader, int mutations) {
    try {
      for (Seed seed : seeds) {
        Files.write(file, seed.wrap.apply(seed.content));
        reader.read(file); // as it is, each is good
      }
      for (int i = 0; i < mutations; i++) {
        // Random's first numbers of neighbouring seeds are neighbours themselves: hence the mixing.
        Random random = new Random(new SplittableRandom(31L * i + name.hashCode()).nextLong());
        Seed seed = seeds.get(random.nextInt(seeds.size()));
        Files.deleteIfExists(file); // to cut a file short instead may wait for the disk
        Files.write(file, seed.wrap.apply(new Mutator(random).mutate(seed.content)));
        String wrong = attempt(file, reader);
        if (!wrong.isEmpty()) {
          Path kept = Path.of("target", "fuzz-" + name + "-" + i);
          Files.copy(file, kept, StandardCopyOption.REPLACE_EXISTING);
          failure.set("%s, mutation %d, kept as %s: %s".formatted(name, i, kept, wrong));
          return;
        }
      }
    } catch (Throwable e) {
      failure.set("%s: %s".formatted(name, trace(e)));
    }
  }

  private String attempt(Path file, Reader reader) {
    long before = threads.getCurrentThreadAllocatedBytes();
    started.set(System.nanoTime());
    try {
      reader.read(file);
      accepted++;
    } catch (EvenkeelException e) {
      refused++;
      if (e.getMessage() == null || e.getMessage().isBlank()) {
        return "says nothing: " + trace(e);
      }
    } catch (Throwable e) {
      return trace(e);
    } finally {
      started.set(Long.MAX_VALUE);
    }
    long bytes = threads.getCurrentThreadAllocatedBytes() - before;
    return bytes > MOST_BYTES ? "took %,d bytes of memory".formatted(bytes) : "";
  }

  private static String trace(Throwable e) {
    StringBuilder text = new StringBuilder(e.toString());
    StackTraceElement[] frames = e.getStackTrace();
    for (int i = 0; i < Math.min(12, frames.length); i++) {
      text.append("\n  at ").append(frames[i]);
    }
    return text.toString();
  }
}
