package dev.evenkeel.backend.cuda.jcuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.evenkeel.EvenkeelException;
import dev.evenkeel.backend.Operation;
import dev.evenkeel.backend.Precision;
import dev.evenkeel.backend.cuda.Blas;
import dev.evenkeel.backend.cuda.CudaDriver.Graph;
import dev.evenkeel.backend.cuda.CudaDriver.Grid;
import dev.evenkeel.backend.cuda.CudaException;
import dev.evenkeel.backend.cuda.Cudnn.Mode;
import dev.evenkeel.backend.cuda.ElementType;
import dev.evenkeel.backend.cuda.View;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.Random;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasHandle;
import jcuda.jcublas.cublasStatus;

/** Runs in a process with {@link FakeCuda}'s libraries; {@link JCudaTest} starts it. */
final class JCudaExercise {

  private static final float WRONG = -7;

  private final JCudaDriver driver;
  private final long stream;

  private JCudaExercise() {
    assertEquals(java.util.Optional.empty(), CudaSetup.get().unavailable(0));
    driver = new JCudaDriver(0);
    stream = driver.createStream();
  }

  public static void main(String[] args) {
    switch (args[0]) {
      case "driver" -> new JCudaExercise().driver();
      case "threads" -> new JCudaExercise().threads();
      case "leaks" -> new JCudaExercise().leaks();
      case "blas" -> new JCudaExercise().blas();
      case "cudnn" -> new JCudaExercise().cudnn();
      case "gone" -> new JCudaExercise().gone();
      case "unavailable" ->
          System.out.println(
              CudaSetup.get().unavailable(Integer.parseInt(args[1])).orElse("available"));
      default -> throw new IllegalArgumentException(args[0]);
    }
  }

  /** A backend may be handed from thread to thread: each needs the context. */
  private void threads() {
    float[][] seen = new float[1][];
    Thread other = new Thread(() -> seen[0] = download(upload(1, 2, 3), 3));
    other.start();
    try {
      other.join();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    assertArrayEquals(new float[] {1, 2, 3}, seen[0]);
    assertArrayEquals(new float[] {4}, download(upload(4), 1));
  }

  private long upload(float... values) {
    long address = driver.allocate(4L * values.length);
    ByteBuffer pinned = driver.allocatePinned(4 * values.length + 8);
    for (int i = 0; i < values.length; i++) {
      pinned.putFloat(8 + 4 * i, values[i]);
    }
    driver.copyToDevice(pinned, 8, address, 4 * values.length, stream);
    driver.freePinned(pinned);
    return address;
  }

  private float[] download(long address, int count) {
    ByteBuffer pinned = driver.allocatePinned(4 * count + 12);
    driver.copyToHost(address, pinned, 12, 4 * count, stream);
    driver.synchronize(stream);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = pinned.getFloat(12 + 4 * i);
    }
    driver.freePinned(pinned);
    return values;
  }

  private void driver() {
    assertEquals("Fake 0", driver.properties().name());
    assertEquals(9, driver.properties().major());
    assertEquals(132, driver.properties().multiprocessors());
    assertEquals(5L << 30, driver.freeMemory());

    assertTrue(JCudaDriver.text("PTX").isDirect(), "the driver compiles for long");
    assertEquals(ByteBuffer.wrap(new byte[] {'P', 'T', 'X', 0}), JCudaDriver.text("PTX"));
    long x = upload(1, 2, 3);
    assertEquals(0, x % 256);
    long module = driver.loadModule(".version 6.3\n.entry scale()");
    long function = driver.function(module, "scale");
    Operation launch = driver.launch(function, Grid.of(3, 128), stream, x, 3, 2f, 0.5, 1L << 20);
    launch.run();
    assertArrayEquals(new float[] {1048578.5f, 1048580.5f, 1048582.5f}, download(x, 3));
    driver.fill(x, Float.floatToRawIntBits(4), 2, stream);
    assertArrayEquals(new float[] {4, 4, 1048582.5f}, download(x, 3));
    assertEquals(0, allocatedBy(launch), "bytes of Java's heap in a launch");

    driver.fill(x, Float.floatToRawIntBits(1), 3, stream);
    Operation twice = driver.launch(function, Grid.of(1, 32), stream, x, 3, 2f, 0.0, 0L);
    driver.beginCapture(stream);
    twice.run();
    twice.run();
    Graph graph = driver.endCapture(stream);
    assertEquals(2, graph.nodes());
    assertArrayEquals(new float[] {1, 1, 1}, download(x, 3));
    graph.launch(stream);
    assertArrayEquals(new float[] {4, 4, 4}, download(x, 3));
    graph.close();
    graph.close();

    long start = driver.createEvent(true);
    long end = driver.createEvent(false);
    driver.record(start, stream);
    driver.await(stream, end);
    assertFalse(driver.isDone(start));
    assertTrue(driver.isDone(start));
    driver.synchronizeEvent(end);
    assertEquals(1.5f, driver.milliseconds(start, end));
    driver.destroyEvent(start);
    driver.destroyEvent(end);
    assertThrows(IllegalArgumentException.class, () -> driver.record(start, stream));

    refusals(module, function, x);

    driver.free(x);
    driver.unloadModule(module);
    driver.destroyStream(stream);
    driver.close();
  }

  private void refusals(long module, long function, long x) {
    says(
        "cuMemAlloc(8589934592) failed: CUDA_ERROR_OUT_OF_MEMORY (2)",
        () -> driver.allocate(8L << 30));
    says(
        "cuModuleLoadDataEx(8 characters of PTX) failed: CUDA_ERROR_INVALID_PTX: ptxas fatal: line"
            + " 7, no kernel in it (218)",
        () -> driver.loadModule("not PTX!"));
    says(
        "cuModuleGetFunction(nothing) failed: CUDA_ERROR_NOT_FOUND (500)",
        () -> driver.function(module, "nothing"));
    Operation tooMany = driver.launch(function, Grid.of(1, 2048), stream, x, 3, 2f, 0.0, 0L);
    CudaException refused = assertThrows(CudaException.class, tooMany::run);
    assertEquals(1, refused.code());
    assertTrue(refused.getMessage().contains("threadsX=2048"), refused::getMessage);
    assertThrows(
        IllegalArgumentException.class,
        () -> driver.launch(function, Grid.of(1, 1), stream, "text"));
    assertThrows(
        EvenkeelException.class,
        () -> driver.copyToDevice(ByteBuffer.allocateDirect(8), 0, x, 8, stream));
  }

  private static void says(String message, Runnable call) {
    assertEquals(message, assertThrows(CudaException.class, call::run).getMessage());
  }

  /** Bytes of heap that a thousand runs take, per run; the least, for Java itself takes some. */
  private static long allocatedBy(Operation operation) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long least = Long.MAX_VALUE;
    for (int attempt = 0; attempt < 5 && least > 0; attempt++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < 1000; i++) {
        operation.run();
      }
      least = Math.min(least, (threads.getCurrentThreadAllocatedBytes() - before) / 1000);
    }
    return least;
  }

  /** Gives nothing back by itself: close() must. */
  private void leaks() {
    driver.allocate(100);
    driver.allocatePinned(100);
    driver.createEvent(true);
    driver.loadModule(".entry");
    driver.beginCapture(stream);
    driver.endCapture(stream);
    driver.close();
  }

  private void blas() {
    long bytes = Blas.workspaceBytes(driver.properties());
    JCudaBlas blas = new JCudaBlas(driver, stream, driver.allocate(bytes), bytes);
    assertEquals("cuBLAS 12.99.7", blas.description());
    Random random = new Random(1);
    for (boolean transposeA : new boolean[] {false, true}) {
      for (boolean transposeB : new boolean[] {false, true}) {
        product(blas, transposeA, transposeB, random);
      }
    }
    View a = View.floats(upload(1, 2, 3, 4, 5, 6), 2, 3);
    View c = View.floats(driver.allocate(16), 2, 2);
    Operation tf32 = blas.multiply(a, false, a, true, c, Precision.TF32);
    tf32.run();
    assertArrayEquals(new float[] {14, 32, 32, 77}, download(c.address(), 4));
    assertEquals(0, allocatedBy(tf32), "bytes of Java's heap in a product");
    // 1, 2, 3, 4 as bfloat16: the upper halves of the floats.
    float pair = Float.intBitsToFloat(0x4000_3F80);
    float next = Float.intBitsToFloat(0x4080_4040);
    View half = new View(upload(pair, next), 2, 2, 2, ElementType.BFLOAT16);
    blas.multiply(half, false, half, false, c, Precision.BF16).run();
    assertArrayEquals(new float[] {7, 10, 15, 22}, download(c.address(), 4));
    assertThrows(
        IllegalArgumentException.class, () -> blas.multiply(a, false, a, false, c, Precision.FP32));
    blas.close();
    driver.close();
  }

  /** [3, 4] = [3, 2] [2, 4], each with a row pitch of its own. */
  private void product(JCudaBlas blas, boolean transposeA, boolean transposeB, Random random) {
    float[][] left = new float[3][2];
    float[][] right = new float[2][4];
    float[] a = new float[32];
    float[] b = new float[32];
    for (int i = 0; i < 3; i++) {
      for (int j = 0; j < 2; j++) {
        left[i][j] = random.nextInt(10);
        a[transposeA ? j * 5 + i : i * 5 + j] = left[i][j];
      }
    }
    for (int i = 0; i < 2; i++) {
      for (int j = 0; j < 4; j++) {
        right[i][j] = random.nextInt(10);
        b[transposeB ? j * 6 + i : i * 6 + j] = right[i][j];
      }
    }
    float[] expected = new float[21];
    java.util.Arrays.fill(expected, WRONG);
    float[] c = expected.clone();
    for (int i = 0; i < 3; i++) {
      for (int j = 0; j < 4; j++) {
        expected[i * 7 + j] = left[i][0] * right[0][j] + left[i][1] * right[1][j];
      }
    }
    ElementType type = ElementType.FLOAT32;
    View viewA = new View(upload(a), transposeA ? 2 : 3, transposeA ? 3 : 2, 5, type);
    View viewB = new View(upload(b), transposeB ? 4 : 2, transposeB ? 2 : 4, 6, type);
    View viewC = new View(upload(c), 3, 4, 7, type);
    blas.multiply(viewA, transposeA, viewB, transposeB, viewC, Precision.FP32).run();
    assertArrayEquals(expected, download(viewC.address(), 21));
  }

  private void gone() {
    CudaSetup.get().blas().require();
    int code = JCublas2.cublasSetAtomicsMode(new cublasHandle(), 0);
    System.out.println(code + ", " + cublasStatus.stringFor(code));
  }

  private void cudnn() {
    JCudaCudnn cudnn = new JCudaCudnn(driver, stream);
    assertEquals("cuDNN 9.7.4", cudnn.description());
    for (Mode mode : Mode.values()) {
      batchNorm(cudnn, mode);
    }
    View large = new View(1, 70_000, 2, 2, ElementType.FLOAT32);
    CudaException refused =
        assertThrows(
            CudaException.class,
            () ->
                cudnn
                    .forward(Mode.PER_ACTIVATION, large, large, 1, 1, 0.1, 1, 1, 1e-5, 1, 1)
                    .run());
    assertTrue(refused.getMessage().endsWith("CUDNN_STATUS_NOT_SUPPORTED (3000)"));
    cudnn.close();
    driver.close();
  }

  /** Two columns of three rows, every row four floats long. */
  private void batchNorm(JCudaCudnn cudnn, Mode mode) {
    View x = view(1, 10, 0, 0, 2, 20, 0, 0, 3, 60, 0, 0);
    View y = view(new float[12]);
    long gamma = upload(2, 3);
    long beta = upload(1, -1);
    long mean = upload(0, 0);
    long variance = upload(1, 1);
    long savedMean = upload(0, 0);
    long savedInverse = upload(0, 0);
    Operation forward =
        cudnn.forward(mode, x, y, gamma, beta, 0.5, mean, variance, 0, savedMean, savedInverse);
    forward.run();
    float step = (float) (2 * Math.sqrt(1.5));
    assertArrayEquals(new float[] {1 - step, 1, 1 + step}, column(y, 0), 1e-6f);
    assertArrayEquals(new float[] {1, 15}, download(mean, 2), 1e-6f);
    assertArrayEquals(new float[] {1, 350.5f}, download(variance, 2), 1e-4f);
    assertArrayEquals(new float[] {2, 30}, download(savedMean, 2));

    cudnn.inference(mode, x, y, gamma, beta, mean, variance, 0).run();
    assertArrayEquals(new float[] {1, 3, 5}, column(y, 0), 1e-6f);

    View dy = view(1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    View dx = view(new float[12]);
    long dGamma = upload(0, 0);
    long dBeta = upload(0, 0);
    Operation backward =
        cudnn.backward(mode, x, dy, dx, gamma, dGamma, dBeta, 0, savedMean, savedInverse);
    backward.run();
    assertArrayEquals(new float[] {1, 0}, download(dBeta, 2));
    assertArrayEquals(new float[] {(float) -Math.sqrt(1.5), 0}, download(dGamma, 2), 1e-6f);
    // dy of the first row projected off 1 and off x-hat: (1/6, -1/3, 1/6), times gamma / deviation.
    assertArrayEquals(new float[] {step / 6, -step / 3, step / 6}, column(dx, 0), 1e-6f);
    assertEquals(0, allocatedBy(forward), "bytes of Java's heap in a forward pass");
    assertEquals(0, allocatedBy(backward), "bytes of Java's heap in a backward pass");
  }

  private View view(float... values) {
    return new View(upload(values), 3, 2, 4, ElementType.FLOAT32);
  }

  private float[] column(View view, int column) {
    float[] all = download(view.address(), 12);
    return new float[] {all[column], all[4 + column], all[8 + column]};
  }
}
