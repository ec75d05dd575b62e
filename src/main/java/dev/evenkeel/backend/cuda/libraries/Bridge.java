package dev.evenkeel.backend.cuda.libraries;

import dev.evenkeel.EvenkeelException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;

/**
 * A library that calls itself libcublas.so.12, as JCuda wants it, and jumps to libcublas.so.13.
 * Compiled where it is needed, from {@code bridge.c}, and kept in the cache; or carried over from
 * another machine, where {@code scripts/build-bridge} has made it.
 */
final class Bridge {

  static final String FILE = "libcublas-12-to-13.so";

  private static final String SOURCES = "dev/evenkeel/backend/cuda/libraries/";
  private static final List<String> FILES = List.of("bridge.c", "bridge.map", "bridge-symbols.h");

  private final Machine machine;

  Bridge(Machine machine) {
    this.machine = machine;
  }

  /** The file to load after libcublas.so.13. */
  Path find() {
    for (Path folder : machine.folders(Machine.FOLDER)) {
      if (Files.exists(folder.resolve(FILE))) {
        return folder.resolve(FILE);
      }
    }
    // scripts/gpu-bundle puts a built one on the class path.
    Optional<Path> carried =
        new Unpacker(machine.cache(), machine.classLoader())
            .unpack("built-bridge", List.of(SOURCES + FILE));
    if (carried.isPresent()) {
      return carried.get().resolve(FILE);
    }
    Path sources =
        new Unpacker(machine.cache(), Bridge.class.getClassLoader())
            .unpack("bridge", FILES.stream().map(SOURCES::concat).toList())
            .orElseThrow();
    Path built = sources.resolve(FILE);
    return Files.exists(built) ? built : build(sources, built);
  }

  /** Two processes may build at once: each its own file, and the last rename wins. */
  private Path build(Path sources, Path built) {
    String compiler = machine.variable("CC").orElse("gcc");
    try {
      Path unfinished = Files.createTempFile(sources, FILE, ".unfinished");
      Process process =
          new ProcessBuilder(
                  compiler,
                  "-shared",
                  "-fPIC",
                  "-O1",
                  "-Wl,-soname,libcublas.so.12",
                  "-Wl,--version-script=bridge.map",
                  "-o",
                  unfinished.toString(),
                  "bridge.c",
                  "-ldl")
              .directory(sources.toFile())
              .redirectErrorStream(true)
              .start();
      String output =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      if (process.waitFor() != 0) {
        Files.delete(unfinished);
        throw new EvenkeelException(
            "%s failed: %s".formatted(compiler, output.lines().findFirst().orElse("no output")));
      }
      return Files.move(unfinished, built, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new EvenkeelException("there is no " + compiler, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EvenkeelException("building it was interrupted", e);
    }
  }
}
