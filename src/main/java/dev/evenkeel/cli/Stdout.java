package dev.evenkeel.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Standard output, whose PrintStream keeps to itself what it could not write. */
final class Stdout extends OutputStream {

  private static final int KIND = 0170000;
  private static final int PIPE = 0010000;
  private static final int SOCKET = 0140000;

  @Override
  public void write(int one) throws IOException {
    write(new byte[] {(byte) one}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int start, int length) throws IOException {
    System.out.write(bytes, start, length);
    if (isCut()) {
      throw new IOException("stdout takes no more");
    }
  }

  /** Whether something that was written there got lost. */
  static boolean isCut() {
    return System.out.checkError();
  }

  /**
   * What a program ends with whose output got lost, and says so; a reader that went away, as head
   * does when it has enough, is none to be told.
   *
   * @param code without that
   */
  static int code(int code) {
    if (!isCut() || isRead()) {
      return code;
    }
    System.err.println(
        "evenkeel: stdout did not take all that was written to it: the end is missing. help: see whether the disk that it goes to is full");
    return code == 0 ? Main.FAILED : code;
  }

  /** By what it is, since the words of the system's error are in the user's language. */
  private static boolean isRead() {
    try {
      int kind = (int) Files.getAttribute(Path.of("/dev/stdout"), "unix:mode") & KIND;
      return kind == PIPE || kind == SOCKET;
    } catch (IOException | UnsupportedOperationException e) {
      return false;
    }
  }
}
