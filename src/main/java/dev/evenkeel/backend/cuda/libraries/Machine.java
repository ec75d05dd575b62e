package dev.evenkeel.backend.cuda.libraries;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the search asks of the machine that it runs on.
 *
 * @param root of the file system
 * @param classLoader that may know the jar with NVIDIA's libraries
 */
public record Machine(
    Map<String, String> environment,
    Path root,
    Path home,
    String system,
    String architecture,
    ClassLoader classLoader) {

  /** Names a folder with the CUDA libraries; it comes before all others. */
  public static final String FOLDER = "EVENKEEL_CUDA";

  public static Machine here() {
    return new Machine(
        System.getenv(),
        Path.of("/"),
        Path.of(System.getProperty("user.home")),
        System.getProperty("os.name"),
        System.getProperty("os.arch"),
        Machine.class.getClassLoader());
  }

  /** Why no library of this machine could be used; empty where it could. */
  public Optional<String> unsupported() {
    boolean supported = system.equals("Linux") && architecture.equals("amd64");
    return supported
        ? Optional.empty()
        : Optional.of(
            "CUDA is supported on Linux on x86-64, and this is %s on %s"
                .formatted(system, architecture));
  }

  Optional<String> variable(String name) {
    return Optional.ofNullable(environment.get(name)).filter(value -> !value.isBlank());
  }

  /** The folders of a variable such as LD_LIBRARY_PATH. */
  List<Path> folders(String name) {
    return variable(name).stream()
        .flatMap(value -> Arrays.stream(value.split(":")))
        .filter(folder -> !folder.isBlank())
        .map(Path::of)
        .toList();
  }

  /** An absolute path on this machine. */
  Path path(String absolute) {
    return root.resolve(absolute.substring(1));
  }

  /** Where libraries are unpacked to and built: below $XDG_CACHE_HOME or ~/.cache. */
  public Path cache() {
    return variable("EVENKEEL_CACHE")
        .map(Path::of)
        .or(() -> variable("XDG_CACHE_HOME").map(cache -> Path.of(cache, "evenkeel")))
        .orElse(home.resolve(".cache").resolve("evenkeel"));
  }
}
