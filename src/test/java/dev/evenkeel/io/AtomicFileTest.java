package dev.evenkeel.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.EvenkeelException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFileTest {

  @TempDir Path folder;

  private List<String> names() throws IOException {
    try (var files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
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
    EvenkeelException e =
        assertThrows(
            EvenkeelException.class,
            () ->
                AtomicFile.write(
                    target,
                    channel -> {
                      throw new IOException("No space left on device");
                    }));
    assertTrue(
        e.getMessage().startsWith("Cannot write " + target + ": No space left on device."),
        e.getMessage());
    assertEquals("old", Files.readString(target));
    assertEquals(List.of("a.txt"), names());
  }

  @Test
  void whatAKilledProcessLeftBehindDoesNoHarm() throws IOException {
    Files.writeString(folder.resolve(".a.txt.1234.tmp"), "half");
    AtomicFile.write(folder.resolve("a.txt"), "whole");
    assertEquals(List.of(".a.txt.1234.tmp", "a.txt"), names());
  }

  @Test
  void aFolderThatIsMissingAndATargetThatIsAFolderAreNamed() {
    Path inNoFolder = folder.resolve("none/a.txt");
    String message =
        assertThrows(EvenkeelException.class, () -> AtomicFile.write(inNoFolder, "")).getMessage();
    assertTrue(message.contains("none does not exist. Create it first."), message);
    message =
        assertThrows(EvenkeelException.class, () -> AtomicFile.write(folder, "")).getMessage();
    assertTrue(message.contains("it is a folder"), message);
  }
}
