package dev.evenkeel.backend.cuda.libraries;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which library is taken from where, on machines made of folders with files of those names. */
class LibrarySearchTest {

  private static final String[] CUBLAS = {"libcublasLt.so.12", "libcublas.so.12"};
  private static final String[] CUDNN = {
    "libcudnn_graph.so.9", "libcudnn_ops.so.9", "libcudnn.so.9"
  };

  @TempDir Path folder;

  private final Map<String, String> environment = new HashMap<>();
  private final List<Path> loaded = new ArrayList<>();
  private URL[] classPath = {};

  private Path root() {
    return folder.resolve("root");
  }

  private Path library(String absolute, String... files) throws IOException {
    Path place = Files.createDirectories(root().resolve(absolute.substring(1)));
    for (String file : files) {
      Files.writeString(place.resolve(file), "not a library");
    }
    return place;
  }

  private Machine machine() {
    return new Machine(
        environment,
        root(),
        root().resolve("home"),
        "Linux",
        "amd64",
        new URLClassLoader(classPath, null));
  }

  private Finding find(Library library) {
    return new LibrarySearch(machine(), loaded::add).find(library);
  }

  private Path place(Library library) {
    return find(library).file().orElseThrow().getParent();
  }

  @Test
  void placesAreTakenInTheStatedOrder() throws IOException {
    Path wheel = library("/home/.local/lib/python3.11/site-packages/nvidia/cublas/lib", CUBLAS);
    assertEquals(wheel, place(Library.CUBLAS));
    assertEquals("Python environment", find(Library.CUBLAS).place());

    Path environmentWheel = library("/venv/lib/python3.9/site-packages/nvidia/cublas/lib", CUBLAS);
    environment.put("VIRTUAL_ENV", root().resolve("venv").toString());
    assertEquals(environmentWheel, place(Library.CUBLAS));

    library("/etc");
    Files.createDirectories(root().resolve("etc/ld.so.conf.d"));
    Files.writeString(root().resolve("etc/ld.so.conf"), "include /etc/ld.so.conf.d/*.conf\n");
    Files.writeString(root().resolve("etc/ld.so.conf.d/cuda.conf"), "# CUDA\n/opt/deep/lib\n");
    Path configured = library("/opt/deep/lib", CUBLAS);
    assertEquals(configured, place(Library.CUBLAS));
    assertEquals("system", find(Library.CUBLAS).place());

    Path old = library("/usr/local/cuda-9.2/lib64", CUBLAS);
    assertEquals(old, place(Library.CUBLAS));
    Path recent = library("/usr/local/cuda-12.6/lib64", CUBLAS);
    assertEquals(recent, place(Library.CUBLAS));
    Path chosen = library("/usr/local/cuda/lib64", CUBLAS);
    assertEquals(chosen, place(Library.CUBLAS));
    Path path = library("/somewhere", CUBLAS);
    environment.put("LD_LIBRARY_PATH", "/nowhere:" + path);
    assertEquals(path, place(Library.CUBLAS));
    Path home = library("/toolkit/lib64", CUBLAS);
    environment.put("CUDA_HOME", root().resolve("toolkit").toString());
    assertEquals(home, place(Library.CUBLAS));

    classPath = new URL[] {library("/jar").toUri().toURL()};
    library("/jar/org/bytedeco/cuda/linux-x86_64", CUBLAS);
    Path unpacked = place(Library.CUBLAS);
    assertTrue(unpacked.startsWith(machine().cache()), unpacked::toString);

    Path named = library("/named", CUBLAS);
    environment.put("EVENKEEL_CUDA", named.toString());
    assertEquals(named, place(Library.CUBLAS));
    assertEquals("EVENKEEL_CUDA", find(Library.CUBLAS).place());
  }

  /** NVIDIA's containers mount it into either, and need not tell the linker. */
  @ParameterizedTest
  @ValueSource(strings = {"/usr/local/nvidia/lib", "/usr/local/nvidia/lib64", "/usr/lib/wsl/lib"})
  void theDriverIsFoundWhereItIsMounted(String folder) throws IOException {
    assertEquals(library(folder, "libcuda.so.1"), place(Library.DRIVER));
  }

  @Test
  void filesAreLoadedInTheOrderOfTheirNeedsAndOnce() throws IOException {
    Path place = library("/usr/lib64", CUDNN);
    LibrarySearch search = new LibrarySearch(machine(), loaded::add);
    assertTrue(search.find(Library.CUDNN).isFound());
    assertTrue(search.find(Library.CUDNN).isFound());
    assertEquals(List.of(CUDNN).stream().map(place::resolve).toList(), loaded);
  }

  @Test
  void whatIsMissingComesWithItsRemedy() {
    assertEquals(
        "there is no NVIDIA driver (libcuda.so.1): install NVIDIA's driver, version 525 or newer"
            + " (nvidia-smi then lists the GPU)",
        find(Library.DRIVER).missing());
    assertEquals(
        "there is no cuBLAS (libcublas.so.12): build with mvn -Pcuda -DskipTests package, or add"
            + " org.bytedeco:cuda:12.6-9.5-1.5.11:linux-x86_64-redist to your class path, or pip"
            + " install nvidia-cublas-cu12, or install CUDA 12's toolkit",
        find(Library.CUBLAS).missing());
    assertTrue(find(Library.CUDNN).missing().contains("pip install nvidia-cudnn-cu12"));
  }

  @Test
  void theCoordinatesInTheRemedyAreTheBuildsOwn() throws IOException {
    String pom = Files.readString(Path.of("pom.xml"));
    String version = Library.REDIST.split(":")[2];
    assertTrue(pom.contains("<cuda.redist.version>" + version + "</cuda.redist.version>"));
  }

  @Test
  void aFolderWithHalfOfALibraryIsPassedOverAndNamed() throws IOException {
    Path half = library("/usr/local/cuda/lib64", "libcublas.so.12");
    assertEquals(
        "cuBLAS can't be used: %s holds a part of cuBLAS, but no libcublasLt.so.12: "
                .formatted(half)
            + Library.CUBLAS.remedy(),
        find(Library.CUBLAS).missing());
    Path whole = library("/usr/lib64", CUBLAS);
    Finding found = find(Library.CUBLAS);
    assertEquals(whole, found.file().orElseThrow().getParent());
    assertEquals(1, found.passedOver().size());
  }

  @Test
  void anEmptyFolderThatTheUserNamesIsSaid() {
    environment.put("EVENKEEL_CUDA", "/nowhere");
    assertEquals(
        List.of("EVENKEEL_CUDA names /nowhere, where there is no libcublas.so.12"),
        find(Library.CUBLAS).passedOver());
    assertEquals(List.of(), find(Library.DRIVER).passedOver());
  }

  @Test
  void aLibraryThatCantBeLoadedGivesWayToTheNext() throws IOException {
    Path broken = library("/usr/local/cuda/lib64", CUDNN);
    Path whole = library("/usr/lib64", CUDNN);
    Finding found =
        new LibrarySearch(
                machine(),
                file -> {
                  if (file.startsWith(broken)) {
                    throw new UnsatisfiedLinkError(
                        file
                            + ": libz.so.1: cannot open shared object file: No such file or"
                            + " directory");
                  }
                })
            .find(Library.CUDNN);
    assertEquals(whole.resolve("libcudnn.so.9"), found.file().orElseThrow());
    assertEquals(
        List.of(broken.resolve("libcudnn_graph.so.9") + " needs libz.so.1, which is not installed"),
        found.passedOver());
  }

  @Test
  void otherWordsOfTheLinkerAreKept() {
    Path file = Path.of("/x/libcudnn.so.9");
    assertEquals(
        "/x/libcudnn.so.9 can't be loaded (invalid ELF header)",
        LibrarySearch.words(file, new UnsatisfiedLinkError(file + ": invalid ELF header")));
  }

  @Test
  void withoutACompilerCublas13IsNotEnoughAndBothWaysOutAreNamed() throws IOException {
    Path newer = library("/usr/local/cuda-13.0/lib64", "libcublasLt.so.13", "libcublas.so.13");
    environment.put("CC", "no-such-compiler");
    Finding found = find(Library.CUBLAS);
    assertFalse(found.isFound());
    assertEquals(
        "cuBLAS can't be used: %s is there, but JCuda needs libcublas.so.12, and the bridge between them can't be built (there is no no-such-compiler); install gcc, which builds it in a second, or bring cuBLAS 12: %s"
            .formatted(newer.resolve("libcublas.so.13"), Library.CUBLAS.remedy()),
        found.missing());
  }

  @Test
  void theBridgeIsLoadedAfterCublas13AndMayBeCarriedOver() throws IOException {
    Path newer = library("/usr/local/cuda-13.0/lib64", "libcublasLt.so.13", "libcublas.so.13");
    Path carried = library("/carried", Bridge.FILE);
    environment.put("EVENKEEL_CUDA", carried.toString());
    Finding found = find(Library.CUBLAS);
    assertEquals(Optional.of(newer.resolve("libcublas.so.13")), found.file());
    assertEquals("CUDA toolkit, bridged", found.place());
    assertEquals(
        List.of(
            newer.resolve("libcublasLt.so.13"),
            newer.resolve("libcublas.so.13"),
            carried.resolve(Bridge.FILE)),
        loaded);
  }

  /** Who names CUDA 13's folder, as PyTorch's wheels have it, wants that one. */
  @Test
  void aNamedCublas13ComesBeforeAnInstalled12() throws IOException {
    library("/usr/local/cuda/lib64", CUBLAS);
    Path named = library("/nvidia/cu13/lib", "libcublasLt.so.13", "libcublas.so.13");
    Path cudnn = library("/nvidia/cudnn/lib", CUDNN);
    Path carried = library("/carried", Bridge.FILE);
    environment.put("EVENKEEL_CUDA", "%s:%s:%s".formatted(named, cudnn, carried));
    Finding found = find(Library.CUBLAS);
    assertEquals(Optional.of(named.resolve("libcublas.so.13")), found.file());
    assertEquals("EVENKEEL_CUDA, bridged", found.place());
    assertEquals(cudnn, place(Library.CUDNN));
    assertEquals(List.of(), find(Library.CUDNN).passedOver());
  }

  @Test
  void otherSystemsAreRefusedByName() {
    Machine machine =
        new Machine(Map.of(), root(), root(), "Mac OS X", "aarch64", getClass().getClassLoader());
    assertEquals(
        Optional.of("CUDA is supported on Linux on x86-64, and this is Mac OS X on aarch64"),
        machine.unsupported());
    assertEquals(Optional.empty(), machine().unsupported());
  }

  @Test
  void theCacheIsWhereTheUserWantsIt() {
    assertEquals(root().resolve("home/.cache/evenkeel"), machine().cache());
    environment.put("XDG_CACHE_HOME", "/xdg");
    assertEquals(Path.of("/xdg/evenkeel"), machine().cache());
    environment.put("EVENKEEL_CACHE", "/mine");
    assertEquals(Path.of("/mine"), machine().cache());
  }
}
