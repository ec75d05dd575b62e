package dev.evenkeel.train;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.io.AtomicFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.function.Consumer;

/**
 * A table in a run's folder that grows by lines while the run trains. Each line begins with a whole
 * number that counts upwards, such as the epoch's, so that a run which goes on can cut what lies
 * beyond its checkpoint. Lines are ASCII; to append one allocates nothing. Should the file become
 * unwritable on the way, training goes on without it.
 */
final class GrowingCsv implements AutoCloseable {

  private static final int BUFFER = 1 << 12;

  private final Path file;
  private final String header;
  private final Consumer<String> say;
  private final ByteBuffer bytes = ByteBuffer.allocateDirect(BUFFER);
  private FileChannel channel; // open from the first line on: what fails at once leaves no file
  private boolean failed;

  /**
   * @param say hears when the file became unwritable
   */
  GrowingCsv(Path file, List<String> columns, Consumer<String> say) {
    this.file = file;
    this.header = String.join(",", columns) + "\n";
    this.say = say;
  }

  /** Whether it became unwritable: nothing is written any more. */
  boolean failed() {
    return failed;
  }

  /** It holds what this run never wrote. */
  void refuse() {
    fail("%s holds lines that are not its own".formatted(file));
  }

  private void fail(IOException e) {
    fail("Cannot write %s: %s".formatted(file, AtomicFile.reason(e)));
  }

  private void fail(String why) {
    failed = true;
    say.accept(why + ". Training goes on without it");
  }

  /**
   * Where a run begins or goes on: keeps the whole lines up to that number, and the one that a
   * killed run left half-written goes.
   *
   * @return the last line that is kept, without its end; empty where there is none
   */
  String keepUpTo(long last) {
    try {
      return cut(last);
    } catch (IOException e) {
      fail(e);
    } catch (EvenkeelException e) {
      fail(e.getMessage());
    }
    return "";
  }

  private String cut(long last) throws IOException {
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
  void append(CharSequence lines) {
    if (failed) {
      return;
    }
    try {
      write(lines);
    } catch (IOException e) {
      fail(e);
    }
  }

  private void write(CharSequence lines) throws IOException {
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
      AtomicFile.writeAll(channel, bytes);
    } finally {
      bytes.clear();
    }
  }

  @Override
  public void close() {
    try {
      if (channel != null) {
        channel.close();
      }
    } catch (IOException e) {
      return; // what was written is with the operating system already
    }
  }
}
