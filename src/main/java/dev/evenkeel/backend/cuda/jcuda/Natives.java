package dev.evenkeel.backend.cuda.jcuda;

import dev.evenkeel.backend.cuda.libraries.Machine;
import dev.evenkeel.backend.cuda.libraries.Unpacker;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import jcuda.JCudaVersion;

/** JCuda's own libraries, which stand between its classes and NVIDIA's libraries. */
enum Natives {
  DRIVER("jcuda", "JCudaDriver", () -> jcuda.driver.JCudaDriver.setExceptionsEnabled(false)),
  BLAS("jcublas", "JCublas2", () -> jcuda.jcublas.JCublas2.setExceptionsEnabled(false)),
  CUDNN("jcudnn", "JCudnn", () -> jcuda.jcudnn.JCudnn.setExceptionsEnabled(false));

  private static final String TEMPORARY = "java.io.tmpdir";

  private final String artifact;
  private final String library;
  private final Runnable firstUse;

  Natives(String artifact, String library, Runnable firstUse) {
    this.artifact = artifact;
    this.library = library;
    this.firstUse = firstUse;
  }

  static String version() {
    return JCudaVersion.get();
  }

  private String file() {
    return "lib%s-%s-linux-x86_64.so".formatted(library, version());
  }

  /** What to add to the class path; empty where it is there. */
  Optional<String> missing(Machine machine) {
    return machine.classLoader().getResource("lib/" + file()) != null
        ? Optional.empty()
        : Optional.of(
            "there is no %s on the class path: add org.jcuda:%s-natives:%s:linux-x86_64"
                .formatted(file(), artifact, version()));
  }

  /**
   * Loads it from the cache, after NVIDIA's library that it needs.
   *
   * @return why it can't be loaded; empty where it was
   */
  Optional<String> load(Machine machine) {
    Optional<String> missing = missing(machine);
    if (missing.isPresent()) {
      return missing;
    }
    Path folder =
        new Unpacker(machine.cache(), machine.classLoader())
            .unpack(artifact, List.of("lib/" + file()))
            .orElseThrow();
    synchronized (Natives.class) {
      // JCuda takes a file of a fixed name in the folder for temporary files, or puts it there: not
      // the one that all users of a machine share, where whoever comes first decides what is in it.
      String usual = System.getProperty(TEMPORARY);
      System.setProperty(TEMPORARY, folder.toString());
      try {
        firstUse.run();
        return Optional.empty();
      } catch (LinkageError e) {
        return Optional.of("%s can't be loaded (%s)".formatted(folder.resolve(file()), words(e)));
      } finally {
        System.setProperty(TEMPORARY, usual);
      }
    }
  }

  /** JCuda's message is pages of stack traces; the linker's last words in it are what matters. */
  private static String words(LinkageError error) {
    Throwable root = error;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return String.valueOf(root.getMessage())
        .lines()
        .filter(line -> line.startsWith("java.lang.UnsatisfiedLinkError: "))
        .reduce((first, last) -> last)
        .map(line -> line.substring(line.indexOf(": ") + 2))
        .orElse(String.valueOf(root.getMessage()).lines().findFirst().orElse(""));
  }
}
