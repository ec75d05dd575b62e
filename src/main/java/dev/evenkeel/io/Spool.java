package dev.evenkeel.io;

import dev.evenkeel.EvenkeelException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A copy of what can be read only once, like a pipe: files of data are opened several times, to
 * find out what they are and then to read them. While it is open, {@link Gzip#read} reads the copy
 * under the pipe's own name. Of regular files there is none.
 */
public final class Spool implements AutoCloseable {

  /** Stands for standard input, as {@code --data -}. */
  public static final Path STDIN = Path.of("-");

  private static final Map<Path, Path> COPIES = new ConcurrentHashMap<>();

  private final Path source;
  private final boolean isOwner;

  private Spool(Path source, boolean isOwner) {
    this.source = source;
    this.isOwner = isOwner;
  }

  /** Copies it, unless it is a regular file or a copy is open already. */
  public static Spool of(Path source) {
    if (!isStream(source) || COPIES.containsKey(source)) {
      return new Spool(source, false);
    }
    try {
      Path copy = Files.createTempFile("evenkeel", ".spool");
      COPIES.put(source, copy);
      try (InputStream in = source.equals(STDIN) ? System.in : Files.newInputStream(source)) {
        Files.copy(in, copy, StandardCopyOption.REPLACE_EXISTING);
      } catch (IOException e) {
        new Spool(source, true).close();
        throw e;
      }
      copy.toFile().deleteOnExit(); // where a signal ends the process
      return new Spool(source, true);
    } catch (IOException e) {
      throw new EvenkeelException(
          "%s can't be copied to %s, which a pipe needs (%s). help: free space there, or give a file"
              .formatted(source, System.getProperty("java.io.tmpdir"), AtomicFile.reason(e)),
          e);
    }
  }

  /** Whether it can be read once only. */
  public static boolean isStream(Path path) {
    return path.equals(STDIN) || AtomicFile.isStream(path);
  }

  /** Whether it can be opened more than once: a regular file, or what has a copy open. */
  public static boolean canReopen(Path path) {
    return !isStream(path) || COPIES.containsKey(path);
  }

  /** What to open in place of a path. */
  static Path readable(Path path) {
    return COPIES.getOrDefault(path, path);
  }

  @Override
  public void close() {
    if (isOwner) {
      try {
        Files.deleteIfExists(COPIES.remove(source));
      } catch (IOException e) {
        return; // it goes when the process ends
      }
    }
  }
}
