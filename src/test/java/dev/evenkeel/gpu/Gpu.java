package dev.evenkeel.gpu;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.DeviceOptions;
import dev.evenkeel.backend.DeviceOptions.NormBody;
import dev.evenkeel.backend.Precision;
import dev.evenkeel.backend.cuda.jcuda.CudaProvider;
import dev.evenkeel.backend.cuda.jcuda.CudaSetup;
import dev.evenkeel.backend.cuda.jcuda.JCudaDriver;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;

/**
 * The real GPU that tests may use: {@code -Devenkeel.gpu=0} names it. Without that, or where it
 * can't be used, tests that need one skip and say why.
 */
public final class Gpu {

  private static final String PROPERTY = "evenkeel.gpu";

  private Gpu() {}

  /** Why there is none to test on; empty where there is. */
  public static Optional<String> missing() {
    return Integer.getInteger(PROPERTY) == null
        ? Optional.of("no GPU was named by -D" + PROPERTY + "=0")
        : CudaSetup.get().unavailable(index());
  }

  /** Skips the test, saying why, where there is no GPU to test on. */
  public static void require() {
    Optional<String> no = missing();
    Assumptions.assumeTrue(no.isEmpty(), () -> "this test needs a GPU: " + no.orElseThrow());
  }

  public static int index() {
    return Integer.getInteger(PROPERTY, 0);
  }

  public static String name() {
    return "cuda:" + index();
  }

  /** Skips the test, saying why, where cuDNN can't be used. */
  public static void requireCudnn() {
    Assumptions.assumeTrue(
        hasCudnn(), () -> "this test needs cuDNN: " + CudaSetup.get().cudnn().no().orElseThrow());
  }

  /**
   * What starts a Java with this one's class path: the bundle's script, which also hands its
   * options and the folders of what is unpacked on, where this one was started by it.
   */
  static List<String> java() {
    String script = System.getProperty("evenkeel.java");
    return script != null
        ? List.of(script)
        : List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"));
  }

  public static boolean hasCudnn() {
    return CudaSetup.get().cudnn().isUsable();
  }

  /** float32 and our kernels: what the conformance table holds to its tolerances. */
  public static DeviceOptions options() {
    return DeviceOptions.defaults().withPrecision(Precision.FP32).withNormBody(NormBody.PTX);
  }

  public static Backend open() {
    return open(options());
  }

  public static Backend open(DeviceOptions options) {
    Held.use();
    return new CudaProvider().open(index(), options);
  }

  /**
   * One user more, for as long as the tests run: what a user's program does once they do hundreds
   * of times, and the driver need not make its context anew under cuBLAS and cuDNN each time.
   */
  private static final class Held {
    private static final JCudaDriver DRIVER = new JCudaDriver(index());

    static void use() {
      DRIVER.properties();
    }
  }
}
