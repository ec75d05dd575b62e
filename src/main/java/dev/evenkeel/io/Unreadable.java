package dev.evenkeel.io;

import dev.evenkeel.EvenkeelException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Why a file can't be read, in one sentence for every format. */
public final class Unreadable {

  private Unreadable() {}

  public static EvenkeelException because(Path path, IOException e) {
    boolean missing = e instanceof NoSuchFileException || e instanceof FileNotFoundException;
    if (missing && !Files.exists(path)) {
      String where =
          path.isAbsolute() ? "" : " (in the folder " + Path.of("").toAbsolutePath() + ")";
      return new EvenkeelException(
          "There is no file %s%s. help: check the path".formatted(path, where), e);
    }
    if (Files.isDirectory(path)) {
      return new EvenkeelException(
          "Cannot read %s: it is a folder. Name a file in it.".formatted(path), e);
    }
    if (e instanceof ClosedByInterruptException) {
      return new EvenkeelException(
          "Cannot read %s: the thread that reads it was interrupted.".formatted(path), e);
    }
    return new EvenkeelException(
        "Cannot read %s: %s. Check the path and its permissions."
            .formatted(path, AtomicFile.reason(e)),
        e);
  }
}
