package dev.evenkeel.backend.cuda.libraries;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;

/** The folders of a machine that may hold NVIDIA's libraries, in the order of the search. */
final class Places {

  /**
   * A folder, and what to call it.
   *
   * @param name "toolkit", "Python environment"
   */
  record Place(String name, Path folder) {}

  private static final Pattern NUMBER = Pattern.compile("\\d+");

  private final Machine machine;
  private final List<Place> places = new ArrayList<>();

  private Places(Machine machine) {
    this.machine = machine;
  }

  /** What the user names, which comes before the jar on the class path. */
  static List<Place> named(Machine machine) {
    return machine.folders(Machine.FOLDER).stream()
        .map(folder -> new Place(Machine.FOLDER, folder))
        .toList();
  }

  /** All that comes after the jar on the class path. */
  static List<Place> installed(Machine machine) {
    Places all = new Places(machine);
    all.toolkit();
    all.system();
    all.python();
    return all.places.stream().distinct().filter(place -> Files.isDirectory(place.folder)).toList();
  }

  private void toolkit() {
    for (String variable : List.of("CUDA_HOME", "CUDA_PATH")) {
      machine.folders(variable).forEach(this::addToolkit);
    }
    machine.folders("LD_LIBRARY_PATH").forEach(folder -> add("LD_LIBRARY_PATH", folder));
    addToolkit(machine.path("/usr/local/cuda"));
    matches(machine.path("/usr/local"), "cuda-*").forEach(this::addToolkit);
    addToolkit(machine.path("/opt/cuda"));
  }

  private void addToolkit(Path toolkit) {
    add("CUDA toolkit", toolkit.resolve("lib64"));
    add("CUDA toolkit", toolkit.resolve("targets/x86_64-linux/lib"));
  }

  private void system() {
    linkerFolders(machine.path("/etc/ld.so.conf"), 0);
    for (String folder :
        List.of(
            "/usr/lib/x86_64-linux-gnu",
            "/lib/x86_64-linux-gnu",
            "/usr/lib64",
            "/lib64",
            "/usr/lib",
            // Of the Windows Subsystem for Linux, of NVIDIA's containers, of NixOS.
            "/usr/lib/wsl/lib",
            "/usr/local/nvidia/lib",
            "/usr/local/nvidia/lib64",
            "/run/opengl-driver/lib")) {
      add("system", machine.path(folder));
    }
  }

  /** What ldconfig reads: a folder a line, or "include" and a pattern of files like this. */
  private void linkerFolders(Path file, int depth) {
    List<String> lines;
    try {
      lines = Files.readAllLines(file);
    } catch (IOException e) {
      return;
    }
    for (String line : lines) {
      String text = line.replaceAll("#.*", "").strip();
      if (text.startsWith("include ") && depth < 5) {
        Path pattern = Path.of(text.substring("include ".length()).strip());
        Path folder =
            pattern.isAbsolute()
                ? machine.path(pattern.getParent().toString())
                : file.resolveSibling(pattern).getParent();
        matches(folder, pattern.getFileName().toString())
            .forEach(one -> linkerFolders(one, depth + 1));
      } else if (text.startsWith("/")) {
        add("system", machine.path(text));
      }
    }
  }

  /** Wheels such as nvidia-cublas-cu12 keep their libraries in nvidia/cublas/lib. */
  private void python() {
    List<Path> prefixes = new ArrayList<>(machine.folders("VIRTUAL_ENV"));
    for (Path conda : machine.folders("CONDA_PREFIX")) {
      add("Conda environment", conda.resolve("lib"));
      prefixes.add(conda);
    }
    prefixes.add(machine.home().resolve(".local"));
    for (Path folder : machine.folders("PATH")) {
      if (folder.getParent() != null && Files.isExecutable(folder.resolve("python3"))) {
        prefixes.add(folder.getParent());
      }
    }
    prefixes.addAll(matches(machine.home().resolve(".pyenv/versions"), "*"));
    prefixes.add(machine.path("/usr/local"));
    prefixes.add(machine.path("/usr"));
    for (Path prefix : prefixes) {
      for (Path python : matches(prefix.resolve("lib"), "python3*")) {
        for (String packages : List.of("site-packages", "dist-packages")) {
          matches(python.resolve(packages).resolve("nvidia"), "*")
              .forEach(wheel -> add("Python environment", wheel.resolve("lib")));
        }
      }
    }
  }

  private void add(String name, Path folder) {
    if (places.stream().noneMatch(place -> place.folder.equals(folder))) {
      places.add(new Place(name, folder));
    }
  }

  /** What a folder holds by that pattern, the newest version first. */
  private static List<Path> matches(Path folder, String pattern) {
    List<Path> found = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, pattern)) {
      files.forEach(found::add);
    } catch (IOException e) {
      return List.of();
    }
    found.sort(Comparator.comparing(Places::padded).reversed());
    return found;
  }

  /** A name that sorts as its version numbers do: 9.2 before 13.0. */
  private static String padded(Path file) {
    return NUMBER
        .matcher(file.getFileName().toString())
        .replaceAll(n -> "0".repeat(Math.max(0, 9 - n.group().length())) + n.group());
  }
}
