package dev.evenkeel.backend.cuda;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.Operation;
import dev.evenkeel.backend.Precision;
import dev.evenkeel.backend.cuda.Kernels.Drop;
import dev.evenkeel.tensor.Philox;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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
      double ofCopy) {

    /**
     * Beside a copy on the same device.
     *
     * @param megabytes that it reads and writes
     * @param copy microseconds that the copy takes
     * @param copied megabytes that the copy reads and writes
     */
    static Timed of(
        String kernel,
        String shape,
        ElementType type,
        double megabytes,
        double microseconds,
        double copy,
        double copied) {
      double rate = megabytes / microseconds * 1e3;
      return new Timed(
          kernel,
          shape,
          type == ElementType.FLOAT32 ? "fp32" : "bf16",
          megabytes,
          microseconds,
          rate,
          microseconds / copy,
          rate / (copied / copy * 1e3));
    }
  }

  /** A matrix product [m, k] [k, n]. */
  public record Product(
      String product,
      int m,
      int n,
      int k,
      String precision,
      double microseconds,
      double teraflops) {}

  private static final int MOST_SETS = 512;

  private final CudaDriver driver;
  private final CudaBackend.Libraries libraries;
  private final Effort effort;
  private final long stream;
  private final CudaMemory memory;
  private final long scratch;
  private final long workspace;
  private final Kernels kernels;
  private final GraphTimer timer;
  private final List<Long> taken = new ArrayList<>();

  /**
   * @param driver not closed with this
   */
  public KernelBench(CudaDriver driver, CudaBackend.Libraries libraries, Effort effort) {
    this.driver = driver;
    this.libraries = libraries;
    this.effort = effort;
    this.stream = driver.createStream();
    this.memory = new CudaMemory(driver, stream);
    this.scratch = memory.allocate(Kernels.SCRATCH_BYTES);
    this.workspace = memory.allocate(libraries.workspaceBytes(driver.properties()));
    this.kernels = new Kernels(driver, memory, stream, scratch);
    this.timer = new GraphTimer(driver, stream, effort.graphMilliseconds, effort.replays);
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

  // Memory

  private long take(long bytes) {
    long address = memory.allocate(bytes);
    taken.add(address);
    return address;
  }

  private void giveBack() {
    taken.forEach(memory::free);
    taken.clear();
  }

  /** As many sets of memory as the cache can't hold, two at least. */
  private int sets(long bytesOfOne) {
    long wanted = driver.properties().l2Bytes() * effort.caches / Math.max(1, bytesOfOne) + 1;
    return (int) Math.max(effort.caches == 0 ? 1 : 2, Math.min(MOST_SETS, wanted));
  }

  /** Matrices of normal numbers: zeros would draw less power, and run faster than real data. */
  private View[] matrices(int sets, int rows, int columns, ElementType type) {
    View first = View.floats(take(4L * rows * columns), rows, columns);
    fill(first);
    View[] all = new View[sets];
    for (int i = 0; i < sets; i++) {
      long address = take((long) rows * columns * type.bytes);
      all[i] = new View(address, rows, columns, columns, type);
      kernels.data.copy(first, all[i]).run();
    }
    return all;
  }

  private void fill(View matrix) {
    int drawn = (int) Math.min(matrix.size(), 1 << 18);
    Philox random = new Philox(1, matrix.size());
    ByteBuffer host = driver.allocatePinned(drawn * 4).order(ByteOrder.nativeOrder());
    for (int i = 0; i < drawn; i++) {
      host.putFloat(4 * i, (float) random.nextGaussian());
    }
    for (long at = 0; at < matrix.size(); at += drawn) {
      int count = (int) Math.min(drawn, matrix.size() - at);
      driver.copyToDevice(host, 0, matrix.address() + 4 * at, count * 4, stream);
    }
    driver.synchronize(stream);
    driver.freePinned(host);
  }

  private long ones(int count) {
    long address = take(4L * count);
    driver.fill(address, Float.floatToRawIntBits(1), count, stream);
    return address;
  }

  private double microseconds(int sets, IntFunction<Operation> bound) {
    List<Operation> rotation = new ArrayList<>();
    for (int i = 0; i < sets; i++) {
      rotation.add(bound.apply(i));
    }
    return timer.microseconds(rotation);
  }

  // Batches of activations

  /** A copy, as fast as the device's memory lets it be. */
  public Timed copy(Shape shape, boolean bfloat16) {
    ElementType type = bfloat16 ? ElementType.BFLOAT16 : ElementType.FLOAT32;
    long bytes = (long) shape.rows * shape.columns * type.bytes;
    int sets = sets(2 * bytes);
    try {
      View[] from = matrices(sets, shape.rows, shape.columns, type);
      View[] to = matrices(sets, shape.rows, shape.columns, type);
      double time = microseconds(sets, i -> kernels.data.copy(from[i], to[i]));
      double moved = 2 * bytes * 1e-6;
      return Timed.of("copy", shape.toString(), type, moved, time, time, moved);
    } finally {
      giveBack();
    }
  }

  /** Every kernel that works on a batch, and cuDNN's batch norms where there is cuDNN. */
  public List<Timed> onBatch(Shape shape, boolean bfloat16) {
    ElementType type = bfloat16 ? ElementType.BFLOAT16 : ElementType.FLOAT32;
    long bytes = (long) shape.rows * shape.columns * type.bytes;
    try {
      return new OnBatch(shape, type, bytes, sets(2 * bytes)).all();
    } finally {
      giveBack();
    }
  }

  private final class OnBatch {
    private final Shape shape;
    private final ElementType type;
    private final int sets;
    private final double megabytes;
    private final View[] x;
    private final View[] y;
    private final View[] dy;
    private final Kernels.Norm norm;
    private final long saved;
    private final long dGamma;
    private final long dBeta;
    private final double copy;
    private final List<Timed> results = new ArrayList<>();

    OnBatch(Shape shape, ElementType type, long bytes, int sets) {
      this.shape = shape;
      this.type = type;
      this.sets = sets;
      this.megabytes = bytes * 1e-6;
      this.x = matrices(sets, shape.rows, shape.columns, type);
      this.y = matrices(sets, shape.rows, shape.columns, type);
      this.dy = matrices(sets, shape.rows, shape.columns, type);
      int c = shape.columns;
      this.norm =
          new Kernels.Norm(
              ones(c), take(4L * c), take(4L * c), ones(c), take(4), 1e-5, 0.1, true, 0);
      this.saved = take(12L * c);
      this.dGamma = take(4L * c);
      this.dBeta = take(4L * c);
      this.copy = microseconds(sets, i -> kernels.data.copy(x[i], y[i]));
    }

    /**
     * @param matrices that are read and written by design
     */
    private void add(String kernel, double matrices, IntFunction<Operation> bound) {
      put(kernel, matrices, microseconds(sets, bound));
    }

    private void put(String kernel, double matrices, double microseconds) {
      double moved = matrices * megabytes;
      String at = shape.toString();
      results.add(Timed.of(kernel, at, type, moved, microseconds, copy, 2 * megabytes));
    }

    List<Timed> all() {
      put("copy", 2, copy);
      boolean once = shape.rows <= NormKernels.WHOLE_COLUMNS;
      double forward = once ? 2 : 3;
      double backward = once ? 3 : 5;
      Activation relu = Activation.RELU;
      add(
          "batch norm + relu forward",
          forward,
          i -> kernels.norms.batchNormForward(x[i], norm, relu, Drop.NONE, y[i], saved));
      add(
          "batch norm + relu backward",
          backward,
          i ->
              kernels.norms.batchNormBackward(
                  dy[i], x[i], norm, relu, Drop.NONE, saved, y[i], dGamma, dBeta));
      Drop drop = new Drop(take(24), 1, 0, take(8));
      add(
          "batch norm + relu + dropout forward",
          forward,
          i -> kernels.norms.batchNormForward(x[i], norm, relu, drop, y[i], saved));
      add(
          "batch norm + relu + dropout backward",
          backward,
          i ->
              kernels.norms.batchNormBackward(
                  dy[i], x[i], norm, relu, drop, saved, y[i], dGamma, dBeta));
      cudnn(Cudnn.Mode.PER_ACTIVATION, "cuDNN per activation", forward, backward);
      cudnn(Cudnn.Mode.SPATIAL_PERSISTENT, "cuDNN persistent", forward, backward);
      add(
          "batch norm + relu inference",
          2,
          i -> kernels.norms.batchNormInference(x[i], norm, relu, y[i]));
      rowNorm();
      ghostNorm();
      weightNorm();
      add("column statistics", 1, i -> kernels.norms.columnStatistics(x[i], dGamma, dBeta));
      add(
          "bias + relu forward",
          2,
          i -> kernels.activations.activationForward(x[i], norm.beta(), relu, y[i]));
      add(
          "bias + relu backward",
          3,
          i -> kernels.activations.activationBackward(dy[i], x[i], x[i], relu, y[i], dBeta));
      add("dropout", 2, i -> kernels.data.dropout(x[i], take(24), 1, 0, take(8), y[i]));
      add("add", 3, i -> kernels.data.add(x[i], dy[i], y[i]));
      gather();
      return results;
    }

    private void rowNorm() {
      Kernels.RowNorm layer = new Kernels.RowNorm(norm.gamma(), norm.beta(), 1, true, 1e-5);
      Activation relu = Activation.RELU;
      long kept = take(12L * shape.rows);
      add(
          "layer norm + relu forward",
          2,
          i -> kernels.rowNorms.forward(x[i], layer, relu, y[i], kept));
      add(
          "layer norm + relu backward",
          5,
          i -> kernels.rowNorms.backward(dy[i], x[i], layer, relu, kept, y[i], dGamma, dBeta));
    }

    private void ghostNorm() {
      Kernels.Norm ghost = norm.ofGroups(32);
      Activation relu = Activation.RELU;
      long kept = take(12L * shape.columns * ghost.groups(shape.rows));
      add(
          "ghost batch norm of 32 + relu forward",
          2,
          i -> kernels.norms.batchNormForward(x[i], ghost, relu, Drop.NONE, y[i], kept));
      add(
          "ghost batch norm of 32 + relu backward",
          3,
          i ->
              kernels.norms.batchNormBackward(
                  dy[i], x[i], ghost, relu, Drop.NONE, kept, y[i], dGamma, dBeta));
    }

    /** Of weights [O, I] as large as the batch: float32, but for the product's copy. */
    private void weightNorm() {
      boolean exact = type == ElementType.FLOAT32;
      View[] direction = exact ? x : matrices(sets, shape.rows, shape.columns, ElementType.FLOAT32);
      long gain = ones(shape.rows);
      add(
          "weight norm forward",
          exact ? 2 : 3,
          i -> kernels.weightNorms.forward(direction[i], gain, y[i]));
      if (exact) {
        long dGain = take(4L * shape.rows);
        add(
            "weight norm backward",
            3,
            i -> kernels.weightNorms.backward(dy[i], direction[i], gain, y[i], dGain));
      }
    }

    private void gather() {
      long rows = take(4L * shape.rows);
      ByteBuffer host = driver.allocatePinned(4 * shape.rows).order(ByteOrder.nativeOrder());
      for (int i = 0; i < shape.rows; i++) {
        host.putInt(4 * i, shape.rows - 1 - i);
      }
      driver.copyToDevice(host, 0, rows, 4 * shape.rows, stream);
      driver.synchronize(stream);
      driver.freePinned(host);
      long position = take(4);
      add("gather", 2, i -> kernels.data.gather(x[i], rows, position, y[i]));
    }

    /** What cuDNN refuses is left out. */
    private void cudnn(Cudnn.Mode mode, String name, double forward, double backward) {
      Optional<Cudnn> found = libraries.cudnn(driver, stream);
      if (found.isEmpty()) {
        return;
      }
      CudnnMemory own = new CudnnMemory(driver, memory, stream);
      CudnnNorm theirs = new CudnnNorm(driver, own, stream, kernels, found.get(), mode);
      try {
        if (theirs.refusal(x[0], norm, Activation.RELU, Drop.NONE, true).isEmpty()) {
          add(
              name + " forward",
              forward,
              i -> theirs.forward(x[i], norm, Activation.RELU, y[i], saved));
          View[] results = matrices(sets, shape.rows, shape.columns, type);
          add(
              name + " backward",
              backward,
              i ->
                  theirs.backward(
                      dy[i], x[i], y[i], norm, Activation.RELU, saved, results[i], dGamma, dBeta));
        }
      } catch (CudaException e) {
        // A shape that cuDNN refuses after all: no line tells of it.
      } finally {
        own.close();
        found.get().close();
      }
    }
  }

  // Losses and updates

  /** The loss of a batch with so many classes, as a copy of the logits would be. */
  public Timed softmaxCrossEntropy(Shape shape, boolean bfloat16) {
    ElementType type = bfloat16 ? ElementType.BFLOAT16 : ElementType.FLOAT32;
    int pitch = (shape.columns + 7) / 8 * 8;
    long bytes = (long) shape.rows * pitch * type.bytes;
    int sets = sets(2 * bytes);
    try {
      View[] logits = padded(sets, shape, pitch, type);
      View[] slopes = padded(sets, shape, pitch, type);
      View targets = View.floats(take(4L * shape.rows), shape.rows, 1);
      long loss = take(4);
      double copy = microseconds(sets, i -> kernels.data.copy(logits[i], slopes[i]));
      double time =
          microseconds(
              sets,
              i -> kernels.losses.softmaxCrossEntropy(logits[i], targets, 0, 0, slopes[i], loss));
      double moved = (2 * bytes + 4L * shape.rows) * 1e-6;
      String name = "softmax cross-entropy";
      return Timed.of(name, shape.toString(), type, moved, time, copy, 2e-6 * bytes);
    } finally {
      giveBack();
    }
  }

  private View[] padded(int sets, Shape shape, int pitch, ElementType type) {
    View[] whole = matrices(sets, shape.rows, pitch, type);
    View[] views = new View[sets];
    for (int i = 0; i < sets; i++) {
      views[i] = new View(whole[i].address(), shape.rows, shape.columns, pitch, type);
    }
    return views;
  }

  /** Updates of so many parameters, beside a copy of as many floats. */
  public List<Timed> updates(int parameters) {
    int sets = sets(16L * parameters);
    try {
      View[] p = matrices(sets, 1, parameters, ElementType.FLOAT32);
      View[] g = matrices(sets, 1, parameters, ElementType.FLOAT32);
      View[] m = matrices(sets, 1, parameters, ElementType.FLOAT32);
      long[] v = new long[sets];
      long[] shadow = new long[sets];
      for (int i = 0; i < sets; i++) {
        v[i] = ones(parameters);
        shadow[i] = take(2L * parameters);
      }
      long rate = take(8);
      long corrections = take(8);
      double copy = microseconds(sets, i -> kernels.data.copy(p[i], m[i]));
      List<Timed> results = new ArrayList<>();
      results.add(update("copy of the parameters", parameters, 8, copy, copy));
      IntFunction<Kernels.Update> plain = i -> target(p[i], g[i], 0, rate);
      IntFunction<Kernels.Update> copied = i -> target(p[i], g[i], shadow[i], rate);
      results.add(
          update(
              "AdamW",
              parameters,
              28,
              copy,
              microseconds(sets, i -> adam(plain.apply(i), m[i], v[i], corrections))));
      results.add(
          update(
              "AdamW with bf16 copy",
              parameters,
              30,
              copy,
              microseconds(sets, i -> adam(copied.apply(i), m[i], v[i], corrections))));
      results.add(
          update(
              "momentum",
              parameters,
              20,
              copy,
              microseconds(
                  sets, i -> kernels.updates.updateMomentum(plain.apply(i), v[i], 0.9, false))));
      long norm = take(8);
      results.add(
          update(
              "gradient norm",
              parameters,
              4,
              copy,
              microseconds(
                  sets, i -> kernels.updates.clipScale(g[i].address(), parameters, 1, norm))));
      return results;
    } finally {
      giveBack();
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

  private static Timed update(
      String name, int parameters, int bytesOfOne, double copy, double microseconds) {
    return Timed.of(
        name,
        Integer.toString(parameters),
        ElementType.FLOAT32,
        bytesOfOne * (double) parameters * 1e-6,
        microseconds,
        copy,
        8e-6 * parameters);
  }

  // Matrix products

  /** The three products of a layer with that many inputs and outputs, on a batch. */
  public List<Product> products(int batch, int inputs, int outputs, Precision precision) {
    ElementType type = precision == Precision.BF16 ? ElementType.BFLOAT16 : ElementType.FLOAT32;
    Precision products = precision == Precision.BF16 ? Precision.TF32 : precision;
    long elements = (long) batch * inputs + (long) inputs * outputs + (long) batch * outputs;
    int sets = Math.min(32, sets(elements * type.bytes));
    try (Blas blas = libraries.blas(driver, stream, workspace)) {
      View[] x = matrices(sets, batch, inputs, type);
      View[] w = matrices(sets, outputs, inputs, type);
      View[] z = matrices(sets, batch, outputs, type);
      View[] dw = matrices(sets, outputs, inputs, ElementType.FLOAT32);
      double flops = 2.0 * batch * inputs * outputs;
      double forward =
          microseconds(sets, i -> blas.multiply(x[i], false, w[i], true, z[i], products));
      // The gradients that forward has left in z are products of normal numbers, too.
      double backward =
          microseconds(sets, i -> blas.multiply(z[i], false, w[i], false, x[i], products));
      double weight =
          microseconds(sets, i -> blas.multiply(z[i], true, x[i], false, dw[i], products));
      String label = precision.label();
      return List.of(
          new Product("forward", batch, outputs, inputs, label, forward, flops / forward * 1e-6),
          new Product("dx", batch, inputs, outputs, label, backward, flops / backward * 1e-6),
          new Product("dw", outputs, inputs, batch, label, weight, flops / weight * 1e-6));
    } finally {
      giveBack();
    }
  }

  @Override
  public void close() {
    driver.synchronize(stream);
    giveBack();
    memory.free(scratch);
    memory.free(workspace);
    kernels.close();
    driver.destroyStream(stream);
  }
}
