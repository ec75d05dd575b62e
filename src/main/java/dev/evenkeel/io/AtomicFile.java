package dev.evenkeel.io;

import dev.evenkeel.EvenkeelException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/**
 * Replaces a file whole or not at all: whoever opens the target sees the old content or the new
 * one, also after a killed process or a lost power supply.
 *
 * <p>A process killed half-way leaves a hidden {@code .NAME.….tmp} beside the target, which nothing
 * reads and anyone may delete.
 */
public final class AtomicFile {

  /** Writes the content of the new file; the channel starts empty and may be rewound. */
  @FunctionalInterface
  public interface Writer {
    void write(FileChannel channel) throws IOException;
  }

  private AtomicFile() {}

  public static void write(Path target, Writer body) {
    Path absolute = target.toAbsolutePath();
    Path folder = absolute.getParent();
    if (folder == null || Files.isDirectory(absolute)) {
      throw new EvenkeelException(
          "Cannot write " + target + ": it is a folder. Name a file in it instead.");
    }
    if (!Files.isDirectory(folder)) {
      throw new EvenkeelException(
          "Cannot write %s: the folder %s does not exist. Create it first."
              .formatted(target, folder));
    }
    String name = absolute.getFileName().toString();
    Path temporary = folder.resolve(temporary(name, UUID.randomUUID().toString()));
    try {
      try (FileChannel channel =
          FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        body.write(channel);
        channel.force(true);
      }
      Files.move(temporary, absolute, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      deleteQuietly(temporary);
      throw new EvenkeelException(
          "Cannot write %s: %s. What was there before is unchanged. Check the free space and the permissions of %s."
              .formatted(target, reason(e), folder),
          e);
    } catch (RuntimeException | Error e) {
      deleteQuietly(temporary);
      throw e;
    }
    forceFolder(folder);
  }

  /** Writes a text in UTF-8. */
  public static void write(Path target, String text) {
    ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    write(
        target,
        channel -> {
          while (bytes.hasRemaining()) {
            channel.write(bytes);
          }
        });
  }

  /**
   * Deletes what killed processes left half-written in a folder, of targets whose names match a
   * pattern of the file system's ("*.safetensors").
   */
  public static void clearLeftOvers(Path folder, String targets) {
    try (var leftOvers = Files.newDirectoryStream(folder, temporary(targets, "*"))) {
      for (Path leftOver : leftOvers) {
        Files.deleteIfExists(leftOver);
      }
    } catch (IOException e) {
      throw new EvenkeelException(
          "The folder %s can't be read: %s".formatted(folder, reason(e)), e);
    }
  }

  private static String temporary(String target, String unique) {
    return ".%s.%s.tmp".formatted(target, unique);
  }

  /** Makes the rename itself durable. Windows cannot open a folder, and needs no such call. */
  private static void forceFolder(Path folder) {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException e) {
      return;
    }
  }

  private static void deleteQuietly(Path temporary) {
    try {
      Files.deleteIfExists(temporary);
    } catch (IOException e) {
      return;
    }
  }

  /** File system exceptions often carry nothing but the path: then their type is the reason. */
  public static String reason(IOException e) {
    if (e instanceof java.nio.file.FileSystemException f) {
      return f.getReason() != null
          ? f.getReason()
          : f.getClass().getSimpleName().replace("Exception", "");
    }
    return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }
}
