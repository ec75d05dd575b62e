package dev.evenkeel.backend.cuda;

import dev.evenkeel.backend.Operation;
import dev.evenkeel.backend.Precision;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;

/**
 * Times single kernels and matrix products on a GPU, each beside a copy of the same matrix, which
 * is what the device's memory can do. Every operation runs on several sets of memory in turn, more
 * than its cache holds.
 */
public final class KernelBench implements AutoCloseable {

  /**
   * How long to look.
   *
   * @param graphMilliseconds that one recording of an operation is to last
   * @param replays of it, whose median is taken
   * @param caches how many times the device's cache the memory that is rotated takes
   */
  public record Effort(double graphMilliseconds, int replays, int caches) {

    public static Effort standard() {
      return new Effort(2, 15, 3);
    }

    public static Effort quick() {
      return new Effort(0.5, 5, 3);
    }
  }

  /** A batch of activations: rows [N], features [C]. */
  public record Shape(int rows, int columns) {

    @Override
    public String toString() {
      return rows + "x" + columns;
    }
  }

  /**
   * An operation on a shape.
   *
   * @param type of the elements: "fp32", "bf16"
   * @param megabytes that it reads and writes by its design; of a peer, those of ours
   * @param copies how many copies of the matrix could be made in that time
   * @param ofCopy its bytes a second, of those of the copy
   */
  public record Timed(
      String kernel,
      String shape,
      String type,
      double megabytes,
      double microseconds,
      double gigabytesPerSecond,
      double copies,
      double ofCopy) {}

  /** A matrix product [m, k] [k, n]. */
  public record Product(
      String product,
      int m,
      int n,
      int k,
      String precision,
      double microseconds,
      double teraflops) {}

  private final BenchDevice device;
  private final CudaLibraries libraries;
  private final Kernels kernels;
  private final long workspaceBytes;
  private final long workspace;

  /**
   * @param driver not closed with this
   */
  public KernelBench(CudaDriver driver, CudaLibraries libraries, Effort effort) {
    this.device = new BenchDevice(driver, effort);
    this.libraries = libraries;
    this.kernels = device.kernels;
    this.workspaceBytes = libraries.workspaceBytes(driver.properties());
    this.workspace = device.memory.allocate(workspaceBytes);
  }

  /** What is measured, where nothing else is asked for: the layers of the four networks. */
  public static List<Shape> shapes() {
    return List.of(
        new Shape(256, 512), new Shape(8192, 4096), new Shape(4096, 1024), new Shape(512, 2048));
  }

  /** Numbers of parameters of the four networks, rounded. */
  public static List<Integer> parameterCounts() {
    return List.of(930_000, 134_000_000, 105_000_000, 14_200_000);
  }

  /** A copy, as fast as the device's memory lets it be. */
  public Timed copy(Shape shape, boolean bfloat16) {
    ElementType type = type(bfloat16);
    long bytes = (long) shape.rows * shape.columns * type.bytes;
    int sets = device.sets(2 * bytes);
    try {
      View[] from = device.matrices(sets, shape.rows, shape.columns, type);
      View[] to = device.matrices(sets, shape.rows, shape.columns, type);
      IntFunction<Operation> copy = i -> kernels.data.copy(from[i], to[i]);
      return new BesideCopy(device, shape.toString(), type, sets, 2e-6 * bytes, copy).copy("copy");
    } finally {
      device.giveBack();
    }
  }

  private static ElementType type(boolean bfloat16) {
    return bfloat16 ? ElementType.BFLOAT16 : ElementType.FLOAT32;
  }

  /** Every kernel that works on a batch, and cuDNN's batch norms where there is cuDNN. */
  public List<Timed> onBatch(Shape shape, boolean bfloat16) {
    try {
      return new BatchBench(device, libraries, shape, type(bfloat16)).all();
    } finally {
      device.giveBack();
    }
  }

  /** The loss of a batch with so many classes, as a copy of the logits would be. */
  public Timed softmaxCrossEntropy(Shape shape, boolean bfloat16) {
    ElementType type = type(bfloat16);
    int pitch = (shape.columns + 7) / 8 * 8;
    long bytes = (long) shape.rows * pitch * type.bytes;
    int sets = device.sets(2 * bytes);
    try {
      View[] logits = padded(sets, shape, pitch, type);
      View[] slopes = padded(sets, shape, pitch, type);
      View targets = View.floats(device.take(4L * shape.rows), shape.rows, 1);
      long loss = device.take(4);
      long bias = device.take(4L * shape.columns);
      long dBias = device.take(4L * shape.columns);
      IntFunction<Operation> copy = i -> kernels.data.copy(logits[i], slopes[i]);
      return new BesideCopy(device, shape.toString(), type, sets, 2e-6 * bytes, copy)
          .time(
              "softmax cross-entropy",
              (2 * bytes + 4L * shape.rows) * 1e-6,
              i ->
                  kernels.losses.softmaxCrossEntropy(
                      new Kernels.Loss(logits[i], bias, targets, slopes[i], dBias, loss), 0, 0));
    } finally {
      device.giveBack();
    }
  }

  private View[] padded(int sets, Shape shape, int pitch, ElementType type) {
    return Arrays.stream(device.matrices(sets, shape.rows, pitch, type))
        .map(one -> new View(one.address(), shape.rows, shape.columns, pitch, type))
        .toArray(View[]::new);
  }

  /** Updates of so many parameters, beside a copy of as many floats. */
  public List<Timed> updates(int parameters) {
    int sets = device.sets(16L * parameters);
    double million = parameters * 1e-6;
    try {
      View[] p = device.matrices(sets, 1, parameters, ElementType.FLOAT32);
      View[] g = device.matrices(sets, 1, parameters, ElementType.FLOAT32);
      View[] m = device.matrices(sets, 1, parameters, ElementType.FLOAT32);
      long[] v = new long[sets];
      Kernels.Update[] plain = new Kernels.Update[sets];
      Kernels.Update[] copied = new Kernels.Update[sets];
      long rate = device.take(8);
      for (int i = 0; i < sets; i++) {
        v[i] = device.ones(parameters);
        plain[i] = target(p[i], g[i], 0, rate);
        copied[i] = target(p[i], g[i], device.take(2L * parameters), rate);
      }
      long corrections = device.take(8);
      long norm = device.take(8);
      UpdateKernels updates = kernels.updates;
      BesideCopy beside =
          new BesideCopy(
              device,
              Integer.toString(parameters),
              ElementType.FLOAT32,
              sets,
              8 * million,
              i -> kernels.data.copy(p[i], m[i]));
      return List.of(
          beside.copy("copy of the parameters"),
          beside.time("AdamW", 28 * million, i -> adam(plain[i], m[i], v[i], corrections)),
          beside.time(
              "AdamW with bf16 copy", 30 * million, i -> adam(copied[i], m[i], v[i], corrections)),
          beside.time(
              "momentum", 20 * million, i -> updates.updateMomentum(plain[i], v[i], 0.9, false)),
          beside.time(
              "gradient norm",
              4 * million,
              i -> updates.clipScale(g[i].address(), parameters, 1, norm)));
    } finally {
      device.giveBack();
    }
  }

  private static Kernels.Update target(View p, View g, long copy, long rate) {
    long count = p.columns();
    return new Kernels.Update(p.address(), g.address(), copy, count, count, 1e-2, 0, 0, rate);
  }

  private Operation adam(Kernels.Update update, View mean, long squares, long corrections) {
    return kernels.updates.updateAdam(
        update, mean.address(), squares, 0.9, 0.999, 1e-8, true, corrections);
  }

  /** The three products of a layer with that many inputs and outputs, on a batch. */
  public List<Product> products(int batch, int inputs, int outputs, Precision precision) {
    ElementType type = precision == Precision.BF16 ? ElementType.BFLOAT16 : ElementType.FLOAT32;
    Precision products = precision == Precision.BF16 ? Precision.TF32 : precision;
    long elements = (long) batch * inputs + (long) inputs * outputs + (long) batch * outputs;
    int sets = Math.min(32, device.sets(elements * type.bytes));
    try (Blas blas = libraries.blas(device.driver, device.stream, workspace, workspaceBytes)) {
      View[] x = device.activations(sets, batch, inputs, type);
      View[] w = device.matrices(sets, outputs, inputs, type);
      View[] z = device.activations(sets, batch, outputs, type);
      View[] dw = device.matrices(sets, outputs, inputs, ElementType.FLOAT32);
      double flops = 2.0 * batch * inputs * outputs;
      double forward =
          device.microseconds(sets, i -> blas.multiply(x[i], false, w[i], true, z[i], products));
      // The gradients that forward has left in z are products of normal numbers, too.
      double backward =
          device.microseconds(sets, i -> blas.multiply(z[i], false, w[i], false, x[i], products));
      double weight =
          device.microseconds(sets, i -> blas.multiply(z[i], true, x[i], false, dw[i], products));
      String label = precision.label();
      return List.of(
          new Product("forward", batch, outputs, inputs, label, forward, flops / forward * 1e-6),
          new Product("dx", batch, inputs, outputs, label, backward, flops / backward * 1e-6),
          new Product("dw", outputs, inputs, batch, label, weight, flops / weight * 1e-6));
    } finally {
      device.giveBack();
    }
  }

  @Override
  public void close() {
    device.memory.free(workspace);
    device.close();
  }
}
