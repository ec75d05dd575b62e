package dev.evenkeel.io;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.Expect;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class AtomicFileTest {

  @TempDir Path folder;

  private List<String> names() throws IOException {
    try (var files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  /** Linux allows 255 bytes, and the temporary name must not need more. */
  @Test
  void namesMayBeAsLongAsTheFileSystemAllows() throws IOException {
    Path file = folder.resolve("n".repeat(251) + ".txt");
    AtomicFile.write(file, "content");
    assertEquals("content", Files.readString(file));
  }

  @Test
  void aFileIsCreatedAndReplacedWhole() throws IOException {
    Path target = folder.resolve("a.txt");
    AtomicFile.write(target, "a longer first text");
    AtomicFile.write(target, "second");
    assertEquals("second", Files.readString(target));
    assertEquals(List.of("a.txt"), names());
  }

  @Test
  void theOldContentStandsUntilTheNewIsWhole() throws IOException {
    Path target = folder.resolve("a.txt");
    AtomicFile.write(target, "old");
    AtomicFile.write(
        target,
        channel -> {
          channel.write(ByteBuffer.wrap(new byte[] {'n', 'e', 'w'}));
          assertEquals("old", Files.readString(target));
          assertEquals(2, names().size());
        });
    assertEquals("new", Files.readString(target));
  }

  @Test
  void aBodyThatThrowsLeavesTheOldFileAndNothingElse() throws IOException {
    Path target = folder.resolve("a.txt");
    AtomicFile.write(target, "old");
    IllegalStateException thrown = new IllegalStateException();
    assertSame(
        thrown,
        assertThrows(
            IllegalStateException.class,
            () ->
                AtomicFile.write(
                    target,
                    channel -> {
                      channel.write(ByteBuffer.allocate(3));
                      throw thrown;
                    })));
    Expect.failure(
        () ->
            AtomicFile.write(
                target,
                channel -> {
                  throw new IOException("No space left on device");
                }),
        "Cannot write " + target + ": No space left on device.");
    assertEquals("old", Files.readString(target));
    assertEquals(List.of("a.txt"), names());
  }

  @Test
  void anInterruptBeforeOrAmidWritingWaits() throws IOException {
    Path target = Files.writeString(folder.resolve("a.txt"), "old");
    Thread.currentThread().interrupt();
    AtomicFile.write(target, "new");
    assertTrue(Thread.interrupted(), "the flag stays for others to see");
    assertEquals("new", Files.readString(target));
    AtomicInteger times = new AtomicInteger();
    AtomicFile.write(
        target,
        channel -> {
          channel.write(ByteBuffer.wrap(new byte[] {'a'}));
          if (times.getAndIncrement() == 0) {
            Thread.currentThread().interrupt();
          }
          channel.write(ByteBuffer.wrap(new byte[] {'b'}));
        });
    assertTrue(Thread.interrupted());
    assertEquals(2, times.get());
    assertEquals("ab", Files.readString(target));
    assertEquals(List.of("a.txt"), names());
  }

  /** As an executor does that is told again and again to stop now. */
  @Test
  @Timeout(20)
  void interruptsThatNeverEndDoNotKeepAFileFromBeingWritten() throws Exception {
    Path target = folder.resolve("a.txt");
    FutureTask<Boolean> writing =
        new FutureTask<>(
            () -> {
              AtomicFile.write(
                  target,
                  channel -> {
                    for (int i = 0; i < 50; i++) {
                      LockSupport.parkNanos(1_000_000);
                      channel.write(ByteBuffer.wrap(new byte[] {'a'}));
                    }
                  });
              return Thread.interrupted();
            });
    Thread thread = new Thread(writing);
    thread.start();
    while (thread.isAlive()) {
      thread.interrupt();
      Thread.sleep(1);
    }
    assertTrue(writing.get(), "the flag stays");
    assertEquals("a".repeat(50), Files.readString(target));
    assertEquals(List.of("a.txt"), names());
  }

  @Test
  void whatAKilledProcessLeftBehindDoesNoHarm() throws IOException {
    Files.writeString(folder.resolve(".a.txt.1234.tmp"), "half");
    AtomicFile.write(folder.resolve("a.txt"), "whole");
    assertEquals(List.of(".a.txt.1234.tmp", "a.txt"), names());
  }

  @Test
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "links are for administrators")
  void aLinkStaysALinkAndWhatItNamesIsReplaced() throws IOException {
    Path inner = Files.createDirectory(folder.resolve("inner"));
    Path file = Files.writeString(inner.resolve("a.txt"), "old");
    Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of("inner/a.txt"));
    Path second = Files.createSymbolicLink(folder.resolve("second"), link);
    AtomicFile.write(second, "new");
    assertTrue(Files.isSymbolicLink(second) && Files.isSymbolicLink(link));
    assertEquals("new", Files.readString(file));
    Path dangling = Files.createSymbolicLink(folder.resolve("dangling"), inner.resolve("b.txt"));
    AtomicFile.write(dangling, "made");
    assertEquals("made", Files.readString(inner.resolve("b.txt")));
    Path circle = Files.createSymbolicLink(folder.resolve("circle"), folder.resolve("circle"));
    Expect.failure(() -> AtomicFile.write(circle, ""), "lead in a circle. help: ");
  }

  @Test
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "its permissions are others")
  void aReplacedFileKeepsItsPermissionsFromTheFirstByteOn() throws IOException {
    for (String permissions : List.of("rw-------", "rw-rw-rw-")) {
      Path target = Files.writeString(folder.resolve("a.txt"), "old");
      Files.setPosixFilePermissions(target, PosixFilePermissions.fromString(permissions));
      AtomicFile.write(
          target,
          channel -> {
            for (String name : names()) {
              assertEquals(permissions, permissions(folder.resolve(name)), name);
            }
          });
      assertEquals(permissions, permissions(target));
    }
  }

  private static String permissions(Path file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }

  /** As others do for moments; only Windows refuses to replace a file meanwhile. */
  @Test
  void whoReadsAFileForAMomentIsWaitedFor() throws IOException {
    Path target = Files.writeString(folder.resolve("a.txt"), "old");
    try (FileInputStream reader = new FileInputStream(target.toFile())) {
      CompletableFuture.delayedExecutor(300, TimeUnit.MILLISECONDS)
          .execute(() -> assertDoesNotThrow(reader::close));
      AtomicFile.write(target, "new");
    }
    assertEquals("new", Files.readString(target));
  }

  @Test
  void aPipeIsWrittenIntoAndStaysOne() throws Exception {
    Path pipe = Pipes.make(folder.resolve("pipe"));
    CompletableFuture<String> read = Pipes.reading(pipe);
    AtomicFile.write(pipe, "through");
    assertEquals("through", read.get(10, TimeUnit.SECONDS));
    assertFalse(Files.isRegularFile(pipe));
    assertEquals(List.of("pipe"), names());
  }

  @Test
  void aFolderThatIsMissingAndATargetThatIsAFolderAreNamed() {
    Path inNoFolder = folder.resolve("none/a.txt");
    Expect.failure(() -> AtomicFile.write(inNoFolder, ""), "none does not exist. Create it first.");
    Expect.failure(() -> AtomicFile.write(folder, ""), "it is a folder");
  }
}
