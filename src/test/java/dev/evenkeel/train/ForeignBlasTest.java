package dev.evenkeel.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.OwnJvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.openblas.global.openblas_nolapack;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Training by a library that is called as Java 22 calls foreign functions, which is how macOS'
 * Accelerate is: here OpenBLAS stands for it, under a newer Java beside this one.
 */
class ForeignBlasTest {

  private static final int FIRST_JAVA = 22;

  private static Path home;
  private static String library;

  @BeforeAll
  static void find() throws IOException {
    Optional<Path> newer = newerJava();
    assumeTrue(newer.isPresent(), "there is no Java 22 or newer beside this one");
    home = newer.get();
    assumeFalse(
        ProductsInJavaTest.Training.description().contains("in Java"), "there is no OpenBLAS here");
    Path folder = Path.of(Loader.load(openblas_nolapack.class)).getParent();
    library = folder.resolve("libopenblas_nolapack.so.0").toString();
  }

  private static Optional<Path> newerJava() throws IOException {
    Path own = Path.of(System.getProperty("java.home"));
    if (Runtime.version().feature() >= FIRST_JAVA) {
      return Optional.of(own);
    }
    try (Stream<Path> others = Files.list(own.toRealPath().getParent())) {
      return others.filter(ForeignBlasTest::isNewer).sorted().findFirst();
    }
  }

  /** By the file that every JDK has: JAVA_VERSION="25.0.1". */
  private static boolean isNewer(Path other) {
    Path release = other.resolve("release");
    try {
      return Files.isExecutable(other.resolve("bin/java"))
          && Files.exists(release)
          && Files.readAllLines(release).stream()
              .filter(line -> line.startsWith("JAVA_VERSION="))
              .map(line -> line.replaceAll("\\D+(\\d+).*", "$1"))
              .anyMatch(version -> Integer.parseInt(version) >= FIRST_JAVA);
    } catch (IOException e) {
      return false;
    }
  }

  private static String said(String options, Class<?> main)
      throws IOException, InterruptedException {
    return OwnJvm.said(OwnJvm.builder(home, "--enable-native-access=ALL-UNNAMED " + options, main));
  }

  /** The very bits, since it is the very library; in processes of the same Java. */
  @Test
  void trainsWhatTheSameLibraryThroughJniDoes() throws IOException, InterruptedException {
    List<String> jni =
        said("-Devenkeel.blas=openblas", ProductsInJavaTest.Training.class).lines().toList();
    List<String> foreign =
        said("-Devenkeel.blas=" + library, ProductsInJavaTest.Training.class).lines().toList();
    assertEquals("CPU, 2 threads, " + library, foreign.get(0));
    assertTrue(jni.size() > 60, () -> "said " + jni);
    assertEquals(jni.subList(1, jni.size()), foreign.subList(1, foreign.size()));
  }

  @Test
  void whatCannotBeCalledIsSaid() throws IOException, InterruptedException {
    String word = said("-Devenkeel.blas=libmkl_rt.so", Refused.class);
    assertEquals(
        "-Devenkeel.blas=libmkl_rt.so is none of java, openblas and the path of a library",
        word.strip());
    String none = said("-Devenkeel.blas=/no/such.so", Refused.class);
    assertTrue(
        none.startsWith("-Devenkeel.blas=/no/such.so can't be used: Cannot open library"), none);
    String other = said("-Devenkeel.blas=" + home.resolve("lib/libzip.so"), Refused.class);
    assertTrue(other.contains("libzip.so can't be used: it has no function cblas_sgemm"), other);
  }

  /** A library that multiplies rightly, but only on threads of which it was told that they are. */
  private static final String STRICT =
      """
      static __thread int told;
      int BLASSetThreading(unsigned model) { told = model == 1; return 0; }
      void cblas_sgemm(int order, int ta, int tb, int m, int n, int k, float alpha, const float *a,
          int lda, const float *b, int ldb, float beta, float *c, int ldc) {
        for (int i = 0; i < m; i++)
          for (int j = 0; j < n; j++) {
            float sum = 0;
            for (int l = 0; l < k; l++)
              sum += (ta == 112 ? a[l * lda + i] : a[i * lda + l])
                  * (tb == 112 ? b[j * ldb + l] : b[l * ldb + j]);
            c[i * ldc + j] = told && order == 101 ? SIGN sum : 0;
          }
      }
      """;

  private static String compiled(Path folder, String sign) throws Exception {
    Path source = Files.writeString(folder.resolve("blas.c"), STRICT.replace("SIGN", sign));
    Path file = folder.resolve("blas%s.so".formatted(sign));
    Process gcc =
        new ProcessBuilder(
                "gcc", "-shared", "-fPIC", "-O2", "-o", file.toString(), source.toString())
            .inheritIO()
            .start();
    assertEquals(0, gcc.waitFor());
    return file.toString();
  }

  @Test
  void everyThreadTellsThatItIsOne(@TempDir Path folder) throws Exception {
    assumeTrue(hasGcc(), "there is no gcc");
    List<String> said =
        said("-Devenkeel.blas=" + compiled(folder, "+"), ProductsInJavaTest.Training.class)
            .lines()
            .toList();
    List<Float> here = ProductsInJavaTest.Training.losses();
    for (int i = 0; i < here.size(); i++) {
      assertEquals(here.get(i), Float.parseFloat(said.get(1 + i)), 1e-4 * here.get(i), "step " + i);
    }
    String wrong = said("-Devenkeel.blas=" + compiled(folder, "-"), Refused.class);
    assertTrue(
        wrong.contains("can't be used: it multiplies wrongly: [0.0, -58.0, -64.0, -139.0, -154.0]"),
        wrong);
  }

  private static boolean hasGcc() {
    try {
      return new ProcessBuilder("gcc", "--version").start().waitFor() == 0;
    } catch (IOException | InterruptedException e) {
      return false;
    }
  }

  /** On a Mac where Accelerate can't be loaded: words, and products in Java. */
  @Test
  void withoutAccelerateAMacMultipliesInJava() throws IOException, InterruptedException {
    String said = said("-Dos.name=Mac", ProductsInJavaTest.Training.class);
    assertTrue(said.contains("since Accelerate can't be loaded"), said);
    assertTrue(said.contains("CPU, 2 threads, products in Java"), said);
  }

  /** Prints why. */
  static final class Refused {
    public static void main(String[] args) {
      try {
        System.out.println(ProductsInJavaTest.Training.description());
      } catch (EvenkeelException e) {
        System.out.println(e.getMessage());
      }
    }
  }
}
