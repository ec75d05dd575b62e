package dev.evenkeel.backend.cuda.libraries;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.EvenkeelException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UnpackerTest {

  private static final List<String> FILES = List.of("lib/a.so", "lib/b.so");

  @TempDir Path folder;

  /** Two files of random bytes, stored as they are so that a test can damage them. */
  private Path jar(String name, int seed) throws IOException {
    Path jar = folder.resolve(name);
    Random random = new Random(seed);
    try (OutputStream out = Files.newOutputStream(jar);
        ZipOutputStream zip = new ZipOutputStream(out)) {
      zip.setLevel(0);
      for (String file : FILES) {
        byte[] bytes = new byte[1 << 20];
        random.nextBytes(bytes);
        zip.putNextEntry(new ZipEntry(file));
        zip.write(bytes);
        zip.closeEntry();
      }
    }
    return jar;
  }

  private Unpacker unpacker(Path jar) throws IOException {
    URLClassLoader loader = new URLClassLoader(new URL[] {jar.toUri().toURL()}, null);
    return new Unpacker(folder.resolve("cache"), loader);
  }

  private static byte[] expected(int seed) {
    byte[] bytes = new byte[1 << 20];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private List<String> cached() throws IOException {
    try (var files = Files.list(folder.resolve("cache"))) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void filesAreUnpackedOnce() throws IOException {
    Path jar = jar("one.jar", 1);
    Path first = unpacker(jar).unpack("x", FILES).orElseThrow();
    assertArrayEquals(expected(1), Files.readAllBytes(first.resolve("a.so")));
    FileTime time = FileTime.fromMillis(1000);
    Files.setLastModifiedTime(first.resolve("a.so"), time);
    assertEquals(first, unpacker(jar).unpack("x", FILES).orElseThrow());
    assertEquals(time, Files.getLastModifiedTime(first.resolve("a.so")));
    assertEquals(2, cached().size(), "a folder and its lock");
  }

  @Test
  void otherContentsHaveAFolderOfTheirOwn() throws IOException {
    Path first = unpacker(jar("one.jar", 1)).unpack("x", FILES).orElseThrow();
    Path second = unpacker(jar("two.jar", 2)).unpack("x", FILES).orElseThrow();
    assertNotEquals(first, second);
    assertArrayEquals(expected(2), Files.readAllBytes(second.resolve("a.so")));
  }

  @Test
  void aFileThatWasCutShortIsUnpackedAnew() throws IOException {
    Path jar = jar("one.jar", 1);
    Path first = unpacker(jar).unpack("x", FILES).orElseThrow();
    Files.write(first.resolve("a.so"), new byte[10]);
    Files.createDirectories(folder.resolve("cache/x.unfinished123"));
    assertEquals(first, unpacker(jar).unpack("x", FILES).orElseThrow());
    assertArrayEquals(expected(1), Files.readAllBytes(first.resolve("a.so")));
    assertEquals(2, cached().size(), "what a killed process left is gone");
  }

  @Test
  void withoutTheJarThereIsNothing() throws IOException {
    assertEquals(
        Optional.empty(), unpacker(jar("one.jar", 1)).unpack("x", List.of("lib/nothing.so")));
  }

  @Test
  void aDamagedJarIsRefusedAndLeavesNothingThatLooksWhole() throws IOException {
    Path jar = jar("one.jar", 1);
    byte[] bytes = Files.readAllBytes(jar);
    bytes[500_000] ^= 1;
    Files.write(jar, bytes);
    EvenkeelException refused =
        assertThrows(EvenkeelException.class, () -> unpacker(jar).unpack("x", FILES));
    assertTrue(refused.getMessage().contains("EVENKEEL_CACHE"), refused::getMessage);
    assertTrue(cached().stream().noneMatch(name -> name.startsWith("x-")), cached()::toString);
  }

  @Test
  void aCacheThatCantBeWrittenIsNamed() throws IOException {
    Files.writeString(folder.resolve("cache"), "a file where the folder should be");
    Path jar = jar("one.jar", 1);
    EvenkeelException refused =
        assertThrows(EvenkeelException.class, () -> unpacker(jar).unpack("x", FILES));
    assertTrue(
        refused.getMessage().startsWith("The libraries of x can't be unpacked into " + folder),
        refused::getMessage);
  }

  @Test
  void threadsAtOnceGetOneWholeFolder() throws IOException {
    Path jar = jar("one.jar", 1);
    List<CompletableFuture<Path>> running = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      Unpacker unpacker = unpacker(jar);
      running.add(CompletableFuture.supplyAsync(() -> unpacker.unpack("x", FILES).orElseThrow()));
    }
    for (CompletableFuture<Path> one : running) {
      assertArrayEquals(expected(1), Files.readAllBytes(one.join().resolve("a.so")));
    }
    assertEquals(2, cached().size());
  }

  /** Unpacks in a process of its own. */
  static final class Main {
    public static void main(String[] args) throws IOException {
      URLClassLoader loader =
          new URLClassLoader(new URL[] {Path.of(args[0]).toUri().toURL()}, null);
      System.out.print(new Unpacker(Path.of(args[1]), loader).unpack("x", FILES).orElseThrow());
    }
  }

  @Test
  void processesAtOnceGetOneWholeFolder() throws Exception {
    Path jar = jar("one.jar", 1);
    List<Process> running = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      running.add(
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-Xmx64m",
                  "-cp",
                  System.getProperty("java.class.path"),
                  Main.class.getName(),
                  jar.toString(),
                  folder.resolve("cache").toString())
              .redirectErrorStream(true)
              .start());
    }
    for (Process process : running) {
      Path unpacked = Path.of(new String(process.getInputStream().readAllBytes()));
      assertEquals(0, process.waitFor(), unpacked::toString);
      assertArrayEquals(expected(1), Files.readAllBytes(unpacked.resolve("a.so")));
    }
    assertEquals(2, cached().size());
  }
}
