package dev.evenkeel.backend.cpu;

import dev.evenkeel.EvenkeelException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Loader;
import org.slf4j.LoggerFactory;

/**
 * oneDNN's matrix product, for CPUs with AVX-512: there it takes 8 to 40 % less time than OpenBLAS
 * once a product is beyond the smallest (measured; without AVX-512 it is no faster). Its primitives
 * for matrix products, not its BLAS call: that takes 20 MB a thread for its packed copies, where a
 * primitive wants some 0.3 MB.
 *
 * <p>JavaCPP's own binding would copy every array, hence a few lines of C: {@code onednn.c}, built
 * by {@code scripts/build-onednn}.
 */
final class OneDnn {

  private static final String NATIVES = "org/bytedeco/dnnl/linux-x86_64/";
  private static final String DOOR = "libevenkeel-onednn.so";
  private static final int LONGS = 15;
  private static final int NO_FAST_WAY = -1;
  private static final int ALIGNMENT = 64;
  private static final Cleaner CLEANER = Cleaner.create();
  private static final List<String> WANTED = List.of("avx512f", "avx512bw", "avx512vl", "avx512dq");

  /** Whether its library is on the class path and this CPU is one that it pays on. */
  static boolean isThere() {
    return There.YES;
  }

  /** Whether it could be loaded; loads it. */
  static boolean isLoaded() {
    return Loaded.YES;
  }

  /**
   * Whether this CPU multiplies bfloat16 faster than float32: Intel's by tiles (AMX), AMD's by
   * AVX-512's own instruction, which takes longer on an Intel CPU whose tiles are left out
   * (measured).
   */
  static boolean hasBfloat16() {
    Set<String> cpu = There.CPU;
    return cpu.contains("avx512_bf16")
        && (cpu.contains("amx_bf16") || cpu.contains("AuthenticAMD"));
  }

  /**
   * A product of that shape; null where oneDNN has no fast way for it.
   *
   * @param rounded whether its inputs are rounded to bfloat16; their products, which are exact, are
   *     still summed in float32
   */
  static Blas.Product product(Blas.Shape shape, boolean rounded) {
    long[] made = new long[LONGS];
    int status =
        make(
            rounded,
            shape.transposeA(),
            shape.transposeB(),
            shape.m(),
            shape.n(),
            shape.k(),
            shape.aStride(),
            shape.bStride(),
            shape.cStride(),
            made);
    if (status == NO_FAST_WAY) {
      return null;
    }
    check(status, shape);
    Product product = new Product(shape, made);
    CLEANER.register(product, () -> free(made));
    return product;
  }

  /** A primitive of oneDNN's, freed with its last user. */
  private record Product(Blas.Shape shape, long[] made) implements Blas.Product {
    @Override
    public void reserve(Scratch scratch) {
      scratch.reserve((made[LONGS - 1] + ALIGNMENT) / Float.BYTES);
    }

    @Override
    public void run(
        float[] a, int aFrom, float[] b, int bFrom, float[] c, int cFrom, Scratch scratch) {
      try {
        check(OneDnn.run(made, a, aFrom, b, bFrom, c, cFrom, scratch.space()), shape);
      } finally {
        Reference.reachabilityFence(this); // or it may be freed under way
      }
    }
  }

  private static void check(int status, Blas.Shape shape) {
    if (status != 0) {
      throw new EvenkeelException(
          "oneDNN can't multiply [%d, %d] by [%d, %d]: status %d (-2 and 1: out of memory). help: close other programs, or run with -Devenkeel.blas=openblas"
              .formatted(shape.m(), shape.k(), shape.k(), shape.n(), status));
    }
  }

  private static native int start();

  private static native int make(
      boolean rounded,
      boolean transposeA,
      boolean transposeB,
      int m,
      int n,
      int k,
      int aStride,
      int bStride,
      int cStride,
      long[] product);

  private static native int run(
      long[] product,
      float[] a,
      int aFrom,
      float[] b,
      int bFrom,
      float[] c,
      int cFrom,
      float[] space);

  private static native void free(long[] product);

  private static final class There {
    static final Set<String> CPU = cpu();
    static final boolean YES = find();

    private static boolean find() {
      return System.getProperty("os.name").equals("Linux")
          && System.getProperty("os.arch").equals("amd64")
          && resource(NATIVES + "libdnnl.so.3") != null
          && CPU.containsAll(WANTED);
    }

    /** Its flags and its maker, as Linux lists them. */
    private static Set<String> cpu() {
      try (var lines = Files.lines(Path.of("/proc/cpuinfo"))) {
        return lines
            .takeWhile(line -> !line.isEmpty()) // the first processor's
            .filter(line -> line.startsWith("flags") || line.startsWith("vendor_id"))
            .flatMap(line -> Stream.of(line.split("\\s+")))
            .collect(Collectors.toUnmodifiableSet());
      } catch (IOException | RuntimeException e) {
        return Set.of(); // not to be known: OpenBLAS finds out by itself
      }
    }
  }

  private static final class Loaded {
    static final boolean YES = load();

    private static boolean load() {
      try {
        // In this order: each asks for the one before it.
        for (String name : List.of("libgomp.so.1", "libdnnl.so.3")) {
          System.load(Loader.cacheResource(resource(NATIVES + name)).getAbsolutePath());
        }
        loadDoor();
        if (start() != 0) {
          throw new IOException("it finds no engine");
        }
        return true;
      } catch (LinkageError | IOException | RuntimeException e) {
        LoggerFactory.getLogger(OneDnn.class)
            .warn(
                "Large matrix products run on OpenBLAS, since oneDNN, a tenth faster here, can't be"
                    + " loaded ({}). help: -Devenkeel.blas=openblas leaves it out",
                String.valueOf(e.getMessage()));
        return false;
      }
    }
  }

  /**
   * Not from JavaCPP's cache: that knows a file by its jar's name, its size and its time, which are
   * the same for two builds of ours.
   */
  private static void loadDoor() throws IOException {
    Path copy = Files.createTempFile(Loader.getCacheDir().toPath(), "evenkeel-", ".so");
    // By the class: as a module, Evenkeel hides its files from everybody else's class loader.
    try (InputStream in = OneDnn.class.getResourceAsStream(DOOR)) {
      Files.copy(in, copy, StandardCopyOption.REPLACE_EXISTING);
      System.load(copy.toString());
    } finally {
      Files.delete(copy);
    }
  }

  private static URL resource(String name) {
    ClassLoader loader = OneDnn.class.getClassLoader();
    return loader == null ? ClassLoader.getSystemResource(name) : loader.getResource(name);
  }

  private OneDnn() {}
}
