package dev.evenkeel.train;

import dev.evenkeel.io.AtomicFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * A table in a run's folder that grows by lines while the run trains. Each line begins with a whole
 * number that counts upwards, such as the epoch's, so that a run which goes on can cut what lies
 * beyond its checkpoint. Lines are ASCII; to append one allocates nothing.
 */
final class GrowingCsv implements AutoCloseable {

  private static final int BUFFER = 1 << 12;

  private final Path file;
  private final String header;
  private final ByteBuffer bytes = ByteBuffer.allocateDirect(BUFFER);
  private FileChannel channel; // open from the first line on: what fails at once leaves no file

  GrowingCsv(Path file, List<String> columns) {
    this.file = file;
    this.header = String.join(",", columns) + "\n";
  }

  Path file() {
    return file;
  }

  /**
   * Where a run begins or goes on: keeps the whole lines up to that number, and the one that a
   * killed run left half-written goes.
   *
   * @return the last line that is kept, without its end; empty where there is none
   */
  String keepUpTo(long last) throws IOException {
    if (last == 0 || !Files.exists(file)) {
      Files.deleteIfExists(file);
      return "";
    }
    StringBuilder kept = new StringBuilder(header);
    String lastLine = "";
    for (String line : Files.readString(file).split("(?<=\n)")) {
      if (line.endsWith("\n") && isUpTo(line, last)) {
        kept.append(line);
        lastLine = line.strip();
      }
    }
    AtomicFile.write(file, kept.toString());
    return lastLine;
  }

  /** The header has no number. */
  private static boolean isUpTo(String line, long last) {
    String first = line.substring(0, Math.max(0, line.indexOf(',')));
    return first.matches("\\d{1,18}") && Long.parseLong(first) <= last;
  }

  /** Hands lines to the operating system at once, so that whoever watches the file sees them. */
  void append(CharSequence lines) throws IOException {
    if (channel == null) {
      boolean isNew = !Files.exists(file);
      channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
      if (isNew) {
        put(header);
      }
    }
    put(lines);
    flush();
  }

  private void put(CharSequence text) throws IOException {
    for (int i = 0; i < text.length(); i++) {
      if (!bytes.hasRemaining()) {
        flush();
      }
      bytes.put((byte) text.charAt(i));
    }
  }

  private void flush() throws IOException {
    bytes.flip();
    try {
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    } finally {
      bytes.clear();
    }
  }

  @Override
  public void close() throws IOException {
    if (channel != null) {
      channel.close();
    }
  }
}
