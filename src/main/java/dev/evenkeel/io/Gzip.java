package dev.evenkeel.io;

import dev.evenkeel.EvenkeelException;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/** Opens files that may be compressed by gzip, which their first two bytes tell, not their name. */
public final class Gzip {

  private static final int BUFFER = 1 << 16;

  /** Reads from an opened file. */
  @FunctionalInterface
  public interface Reader<T> {
    T read(InputStream in) throws IOException;
  }

  private Gzip() {}

  /**
   * Lets {@code reader} read the file's uncompressed content, or that of its {@link Spool};
   * failures name the file.
   */
  public static <T> T read(Path path, Reader<T> reader) {
    try (InputStream in = open(Files.newInputStream(Spool.readable(path)))) {
      return reader.read(in);
    } catch (ZipException | EOFException e) {
      throw new EvenkeelException(
          "%s is damaged: its gzip compression is broken or ends early (%s). Fetch it again."
              .formatted(path, AtomicFile.reason(e)),
          e);
    } catch (IOException e) {
      throw Unreadable.because(path, e);
    }
  }

  /**
   * The uncompressed content of a stream, which closes with the stream returned, or at once where
   * its beginning is damaged.
   */
  public static InputStream open(InputStream source) throws IOException {
    try {
      BufferedInputStream in = new BufferedInputStream(source, BUFFER);
      in.mark(2);
      boolean compressed = in.read() == 0x1f && in.read() == 0x8b;
      in.reset();
      return compressed ? new BufferedInputStream(new GZIPInputStream(in, BUFFER), BUFFER) : in;
    } catch (IOException e) {
      try (source) {
        throw e; // what closing says is suppressed
      }
    }
  }
}
