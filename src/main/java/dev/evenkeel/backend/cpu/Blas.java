package dev.evenkeel.backend.cpu;

import dev.evenkeel.EvenkeelException;
import dev.ludovic.netlib.blas.BLAS;
import dev.ludovic.netlib.blas.NativeBLAS;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.openblas.global.openblas_nolapack;
import org.slf4j.LoggerFactory;

/**
 * Matrix products of row-major matrices: OpenBLAS through netlib where it can be had, with {@link
 * OneDnn} for all but the smallest where that is faster; macOS' Accelerate; else a {@link
 * JavaProduct}. One thread a call: the workers are the only pool (two pools on the same cores stall
 * each other).
 */
final class Blas {

  /** No file, but the loader of macOS knows it. */
  private static final String ACCELERATE =
      "/System/Library/Frameworks/Accelerate.framework/Accelerate";

  private static final String NATIVE_LIBRARY = "dev.ludovic.netlib.blas.nativeLibPath";

  private static Blas shared;

  /**
   * Products that small matrices and vectors add into one float at most; OpenBLAS blocks larger
   * ones itself.
   */
  private static final int SMALL_BLOCK = 1024;

  /**
   * Up to so many products OpenBLAS takes its kernels for small matrices, on CPUs that have them;
   * up to here it is also faster than oneDNN.
   */
  private static final long SMALL = 1_000_000;

  /** Makes the calls of one product; null where products are made in Java. */
  private final Supplier<Sgemm> library;

  private final String description;
  private final boolean oneDnn;
  private final boolean rounded;

  private Blas(Supplier<Sgemm> library, String description, boolean oneDnn, boolean rounded) {
    this.library = library;
    this.description = description;
    this.oneDnn = oneDnn;
    this.rounded = rounded;
  }

  /**
   * Looked up once; {@code -Devenkeel.blas=java} makes products in Java, {@code openblas} leaves
   * out oneDNN, and a path is that of another library.
   */
  static synchronized Blas get() {
    if (shared == null) {
      shared = find();
    }
    return shared;
  }

  /** The same, but that all products beyond the smallest round their inputs to bfloat16. */
  static Blas inBfloat16() {
    Blas blas = get();
    if (!OneDnn.hasBfloat16()) {
      throw new EvenkeelException(
          "On a CPU bf16 needs AMX (Intel since Sapphire Rapids) or AVX-512 with bfloat16 by AMD (since Zen 4), which this one lacks. help: leave the precision out");
    }
    if (!blas.oneDnn) {
      throw new EvenkeelException(
          "Products in bf16 are oneDNN's, but this process has %s. help: org.bytedeco:dnnl with the classifier linux-x86_64 on the class path, no -Devenkeel.blas; or leave the precision out"
              .formatted(blas.description));
    }
    return new Blas(blas.library, blas.description + " in bf16", true, true);
  }

  String description() {
    return description;
  }

  private static Blas find() {
    // netlib warns about each implementation that it passes over; this class says what matters.
    Logger netlibLog = Logger.getLogger("dev.ludovic.netlib.blas");
    netlibLog.setLevel(Level.SEVERE);
    String asked = System.getProperty("evenkeel.blas", "");
    if (asked.matches(".*[/\\\\].*")) {
      return ofFile(asked);
    }
    if (!Set.of("", "java", "openblas").contains(asked)) {
      throw new EvenkeelException(
          "-Devenkeel.blas=%s is none of java, openblas and the path of a library"
              .formatted(asked));
    }
    if (asked.isEmpty() && System.getProperty("os.name").startsWith("Mac")) {
      return onMac();
    }
    if (!asked.equals("java") && netlibHasNatives()) {
      try {
        return openBlas(!asked.equals("openblas") && OneDnn.isThere() && OneDnn.isLoaded());
      } catch (LinkageError | RuntimeException | IOException e) {
        warn(
            "that",
            e,
            "put org.bytedeco:openblas and javacpp with the classifier of this system, linux-x86_64"
                + " or linux-arm64, on the class path, or on the module path with --add-modules"
                + " ALL-MODULE-PATH; where there is no folder to unpack into,"
                + " -Dorg.bytedeco.javacpp.cachedir=DIR");
      }
    }
    return new Blas(null, "products in Java", false, false);
  }

  private static void warn(String library, Throwable e, String help) {
    LoggerFactory.getLogger(Blas.class)
        .warn(
            "Matrix products are made in Java, at about half of OpenBLAS' speed, since {} can't be"
                + " loaded ({}). help: {}; -Devenkeel.blas=java silences this",
            library,
            rootMessage(e),
            help);
  }

  /** A library of the user's own. */
  private static Blas ofFile(String library) {
    try {
      return new Blas(ForeignBlas.of(library)::sgemm, library, false, false);
    } catch (ReflectiveOperationException e) {
      throw new EvenkeelException(
          "-Devenkeel.blas=%s can't be used: %s. help: the path of a library with C's interface to BLAS, and Java 22 or newer"
              .formatted(library, rootMessage(e)),
          e);
    }
  }

  private static Blas onMac() {
    if (!ForeignBlas.isPossible()) {
      return new Blas(null, "products in Java; Java 22 takes Accelerate", false, false);
    }
    try {
      return new Blas(ForeignBlas.of(ACCELERATE)::sgemm, "Accelerate", false, false);
    } catch (ReflectiveOperationException | LinkageError | RuntimeException e) {
      warn("Accelerate", e, "please report it");
      return new Blas(null, "products in Java", false, false);
    }
  }

  private static boolean netlibHasNatives() {
    return System.getProperty("os.name").equals("Linux")
        && Set.of("amd64", "aarch64").contains(System.getProperty("os.arch"));
  }

  /** With the products of that BLAS alone. */
  static Blas of(Sgemm sgemm, String description) {
    return new Blas(() -> sgemm, description, false, false);
  }

  /** JavaCPP unpacks the library once; netlib is then given the very same file. */
  private static Blas openBlas(boolean oneDnn) throws IOException {
    Path folder = Path.of(Loader.load(openblas_nolapack.class)).getParent();
    Path library = null;
    for (String name : List.of("libopenblas_nolapack.so.0", "libopenblas.so.0")) {
      if (library == null && Files.exists(folder.resolve(name))) {
        library = folder.resolve(name);
      }
    }
    if (library == null) {
      throw new IOException("no libopenblas in " + folder);
    }
    System.setProperty(NATIVE_LIBRARY, library.toString());
    BLAS netlib = NativeBLAS.getInstance();
    openblas_nolapack.blas_set_num_threads(1);
    String version = openblas_nolapack.OPENBLAS_VERSION.trim() + pinned();
    Sgemm sgemm = throughNetlib(netlib);
    return new Blas(() -> sgemm, oneDnn ? version + " and oneDNN" : version, oneDnn, false);
  }

  /** OpenBLAS obeys these variables in silence, at up to half its speed. */
  private static String pinned() {
    String core = System.getenv("OPENBLAS_CORETYPE");
    return core == null ? "" : " pinned to " + core + " kernels by OPENBLAS_CORETYPE";
  }

  private static String rootMessage(Throwable e) {
    Throwable root = e;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return String.valueOf(root.getMessage());
  }

  /**
   * C [m, n] := A [m, k] B [k, n], all row-major; a transposed operand is stored the other way
   * round ([k, m], [n, k]). The strides are the distances between rows.
   */
  record Shape(
      boolean transposeA,
      boolean transposeB,
      int m,
      int n,
      int k,
      int aStride,
      int bStride,
      int cStride) {

    private boolean isSmall() {
      return (long) m * n * k <= SMALL;
    }

    private boolean isVector() {
      return m == 1 || n == 1;
    }
  }

  /** A product of one shape, made once and run many times, by one thread at a time. */
  interface Product {

    /** Asks for what it wants of a worker's own arrays. */
    void reserve(Scratch scratch);

    void run(float[] a, int aFrom, float[] b, int bFrom, float[] c, int cFrom, Scratch scratch);
  }

  Product product(Shape shape) {
    if (library == null) {
      return new JavaProduct(shape);
    }
    Product fast = oneDnn && !shape.isSmall() ? OneDnn.product(shape, rounded) : null;
    return fast != null ? fast : new OpenBlas(shape);
  }

  /**
   * In blocks of the inner side where OpenBLAS itself has none. Each is summed apart: some of its
   * kernels add their products to the result one by one, as for vectors on arm64.
   */
  private final class OpenBlas implements Product {
    private final Shape shape;
    private final Sgemm sgemm = library.get();
    private final int most;

    OpenBlas(Shape shape) {
      this.shape = shape;
      most = shape.isSmall() || shape.isVector() ? SMALL_BLOCK : Integer.MAX_VALUE;
    }

    @Override
    public void reserve(Scratch scratch) {
      if (shape.k > most) {
        scratch.reserve((long) shape.m * shape.n);
      }
    }

    @Override
    public void run(
        float[] a, int aFrom, float[] b, int bFrom, float[] c, int cFrom, Scratch scratch) {
      multiply(0, a, aFrom, b, bFrom, c, cFrom, shape.cStride);
      for (int from = most; from < shape.k; from += most) {
        float[] block = scratch.space();
        multiply(from, a, aFrom, b, bFrom, block, 0, shape.n);
        for (int i = 0; i < shape.m; i++) {
          add(block, i * shape.n, c, cFrom + i * shape.cStride, shape.n);
        }
      }
    }

    /** One block. */
    private void multiply(
        int from, float[] a, int aFrom, float[] b, int bFrom, float[] c, int cFrom, int cStride) {
      sgemm.multiply(
          shape.transposeA,
          shape.transposeB,
          shape.m,
          shape.n,
          Math.min(most, shape.k - from),
          a,
          aFrom + from * (shape.transposeA ? shape.aStride : 1),
          shape.aStride,
          b,
          bFrom + from * (shape.transposeB ? 1 : shape.bStride),
          shape.bStride,
          c,
          cFrom,
          cStride);
    }
  }

  /** BLAS thinks in columns, hence the swapped operands. */
  private static Sgemm throughNetlib(BLAS netlib) {
    return (transposeA,
        transposeB,
        m,
        n,
        k,
        a,
        aFrom,
        aStride,
        b,
        bFrom,
        bStride,
        c,
        cFrom,
        cStride) ->
        netlib.sgemm(
            transposeB ? "T" : "N",
            transposeA ? "T" : "N",
            n,
            m,
            k,
            1f,
            b,
            bFrom,
            bStride,
            a,
            aFrom,
            aStride,
            0f,
            c,
            cFrom,
            cStride);
  }

  private static void add(float[] block, int blockFrom, float[] c, int cFrom, int length) {
    for (int i = 0; i < length; i++) {
      c[cFrom + i] += block[blockFrom + i];
    }
  }
}
