package dev.evenkeel.io;

import dev.evenkeel.EvenkeelException;
import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * Replaces a file whole or not at all: whoever opens the target sees the old content or the new
 * one, also after a killed process or a lost power supply.
 *
 * <p>A link stays one: the file that it names is replaced, and keeps its permissions. What is no
 * regular file, like a pipe or a device, can't be replaced and is written straight into.
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

  private static final int MOST_LINKS = 40;

  /** Characters of at most three bytes, beside 42 bytes of the temporary name; 255 are allowed. */
  private static final int LONGEST = 70;

  /** Two seconds in all, for the replacement alone. */
  private static final int TRIES = 40;

  private static final long MILLIS_BETWEEN = 50;

  private AtomicFile() {}

  /**
   * An interrupt of the thread, which closes channels, does not end it: what was half written is
   * written anew by a thread that nobody knows, and the interrupt stays set.
   */
  public static void write(Path target, Writer body) {
    boolean interrupted = Thread.interrupted();
    try {
      if (!isWritten(target, body)) {
        interrupted = true;
        onOwnThread(() -> isWritten(target, body));
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** On a thread that nobody interrupts; it is waited for all the same. */
  private static void onOwnThread(Runnable task) {
    try {
      CompletableFuture.runAsync(task, run -> new Thread(run, "evenkeel-write").start()).join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw (Error) e.getCause();
    }
  }

  /** Whether no interrupt came between. */
  private static boolean isWritten(Path target, Writer body) {
    try {
      if (isStream(target)) {
        writeThrough(target, body);
      } else {
        replace(target, body);
      }
      return true;
    } catch (ClosedByInterruptException e) {
      return false;
    }
  }

  private static void replace(Path target, Writer body) throws ClosedByInterruptException {
    Path absolute = followed(target);
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
    Path temporary = folder.resolve(temporary(start(name), UUID.randomUUID().toString()));
    try {
      Optional<Set<PosixFilePermission>> permissions = permissions(absolute);
      try (FileChannel channel = create(temporary, permissions)) {
        body.write(channel);
        channel.force(true);
      }
      replace(absolute, temporary);
    } catch (ClosedByInterruptException e) {
      deleteQuietly(temporary);
      throw e;
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

  /** Whether it is there and neither a file nor a folder: a pipe, a terminal, another device. */
  public static boolean isStream(Path path) {
    return Files.exists(path) && !Files.isRegularFile(path) && !Files.isDirectory(path);
  }

  /** Where links lead, also one whose file is not there yet. */
  private static Path followed(Path target) {
    Path path = target.toAbsolutePath();
    try {
      for (int i = 0; i < MOST_LINKS && Files.isSymbolicLink(path); i++) {
        path = path.resolveSibling(Files.readSymbolicLink(path));
      }
    } catch (IOException e) {
      throw new EvenkeelException(
          "Cannot write %s: its link can't be followed (%s). help: name the file itself"
              .formatted(target, reason(e)),
          e);
    }
    if (Files.isSymbolicLink(path)) {
      throw new EvenkeelException(
          "Cannot write %s: its links lead in a circle. help: name the file itself"
              .formatted(target));
    }
    return path;
  }

  /** Of the file that is replaced; empty where there is none, or no such permissions. */
  private static Optional<Set<PosixFilePermission>> permissions(Path file) throws IOException {
    PosixFileAttributeView view =
        Files.getFileAttributeView(file, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
    return view == null || !Files.exists(file)
        ? Optional.empty()
        : Optional.of(view.readAttributes().permissions());
  }

  /** From its first byte on nobody reads it who could not read the file that it replaces. */
  private static FileChannel create(Path file, Optional<Set<PosixFilePermission>> permissions)
      throws IOException {
    Set<OpenOption> options = Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    if (permissions.isEmpty()) {
      return FileChannel.open(file, options);
    }
    FileChannel channel =
        FileChannel.open(file, options, PosixFilePermissions.asFileAttribute(permissions.get()));
    Files.setPosixFilePermissions(file, permissions.get()); // the umask took some away
    return channel;
  }

  /**
   * Windows refuses it as long as anyone has either file open, if only to read it, as virus
   * scanners and the page of runs do for moments.
   */
  private static void replace(Path file, Path by) throws IOException {
    for (int tries = 1; ; tries++) {
      try {
        Files.move(by, file, StandardCopyOption.ATOMIC_MOVE);
        return;
      } catch (FileSystemException e) {
        if (tries == TRIES || File.separatorChar != '\\' || !Files.exists(by)) {
          throw e;
        }
      }
      try {
        Thread.sleep(MILLIS_BETWEEN);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new ClosedByInterruptException();
      }
    }
  }

  /** By a temporary file, since writers may rewind. */
  private static void writeThrough(Path target, Writer body) throws ClosedByInterruptException {
    try {
      Path temporary = Files.createTempFile("evenkeel", ".tmp");
      try {
        try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
          body.write(channel);
        }
        try (OutputStream out = new FileOutputStream(target.toFile())) { // which nothing interrupts
          Files.copy(temporary, out);
        }
      } finally {
        deleteQuietly(temporary);
      }
    } catch (ClosedByInterruptException e) {
      throw e;
    } catch (IOException e) {
      throw new EvenkeelException(
          "Cannot write to %s: %s. help: see whether its reader is still there, or name a file"
              .formatted(target, reason(e)),
          e);
    }
  }

  /** Writes a text in UTF-8. */
  public static void write(Path target, String text) {
    write(target, text.getBytes(StandardCharsets.UTF_8));
  }

  public static void write(Path target, byte[] content) {
    write(target, channel -> writeAll(channel, ByteBuffer.wrap(content)));
  }

  /** A channel may take only a part at a time. */
  public static void writeAll(WritableByteChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
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

  /** Of a name as long as a file system allows, so much that the temporary one is allowed, too. */
  private static String start(String name) {
    int end = Math.min(name.length(), LONGEST);
    return name.substring(0, Character.isHighSurrogate(name.charAt(end - 1)) ? end - 1 : end);
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
  public static String reason(Throwable e) {
    if (e instanceof java.nio.file.FileSystemException f) {
      return f.getReason() != null
          ? f.getReason()
          : f.getClass().getSimpleName().replace("Exception", "");
    }
    return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }
}
