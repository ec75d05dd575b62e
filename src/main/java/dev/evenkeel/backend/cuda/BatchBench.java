package dev.evenkeel.backend.cuda;

import static dev.evenkeel.backend.Activation.RELU;

import dev.evenkeel.backend.Operation;
import dev.evenkeel.backend.cuda.KernelBench.Shape;
import dev.evenkeel.backend.cuda.KernelBench.Timed;
import dev.evenkeel.backend.cuda.Kernels.Drop;
import dev.evenkeel.backend.cuda.Kernels.Norm;
import dev.evenkeel.backend.cuda.Kernels.RowNorm;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/** Times every kernel that works on a batch of one shape, and cuDNN's batch norms beside ours. */
final class BatchBench {

  private final BenchDevice device;
  private final CudaLibraries libraries;
  private final DataKernels data;
  private final ActivationKernels activations;
  private final NormKernels norms;
  private final RowNormKernels rowNorms;
  private final WeightNormKernels weightNorms;
  private final int rows;
  private final int columns;
  private final ElementType type;
  private final int sets;
  private final double megabytes;
  private final View[] x;
  private final View[] y;
  private final View[] dy;
  private final Norm norm;
  private final long saved;
  private final long dGamma;
  private final long dBeta;
  private final BesideCopy beside;
  private final List<Timed> results = new ArrayList<>();

  BatchBench(BenchDevice device, CudaLibraries libraries, Shape shape, ElementType type) {
    this.device = device;
    this.libraries = libraries;
    this.data = device.kernels.data;
    this.activations = device.kernels.activations;
    this.norms = device.kernels.norms;
    this.rowNorms = device.kernels.rowNorms;
    this.weightNorms = device.kernels.weightNorms;
    this.rows = shape.rows();
    this.columns = shape.columns();
    this.type = type;
    long bytes = (long) rows * columns * type.bytes;
    this.sets = device.sets(2 * bytes);
    this.megabytes = bytes * 1e-6;
    this.x = matrices(type);
    this.y = matrices(type);
    this.dy = matrices(type);
    this.norm =
        new Norm(
            device.ones(columns),
            vector(),
            vector(),
            device.ones(columns),
            device.take(4),
            1e-5,
            0.1,
            true,
            0);
    this.saved = device.take(12L * columns);
    this.dGamma = vector();
    this.dBeta = vector();
    this.beside =
        new BesideCopy(
            device, shape.toString(), type, sets, 2 * megabytes, i -> data.copy(x[i], y[i]));
  }

  private View[] matrices(ElementType type) {
    return device.matrices(sets, rows, columns, type);
  }

  private long vector() {
    return device.take(4L * columns);
  }

  /** The table: what is timed, how many matrices it reads and writes by design, and its body. */
  List<Timed> all() {
    boolean once = rows <= NormKernels.WHOLE_COLUMNS;
    int forward = once ? 2 : 3;
    int backward = once ? 3 : 5;
    Drop drop = new Drop(device.take(16), 1, 0, device.take(8));
    Norm ghost = norm.ofGroups(32);
    long ghosts = device.take(12L * columns * ghost.groups(rows));
    RowNorm layer = new RowNorm(norm.gamma(), norm.beta(), 1, true, 1e-5);
    long kept = device.take(12L * rows);
    boolean exact = type == ElementType.FLOAT32;
    View[] weights = exact ? x : matrices(ElementType.FLOAT32); // as large as the batch
    long gain = device.ones(rows);
    long order = reversedRows();
    long position = device.take(4);

    results.add(beside.copy("copy"));
    add("batch norm + relu forward", forward, normForward(norm, Drop.NONE, saved));
    add("batch norm + relu backward", backward, normBackward(norm, Drop.NONE, saved));
    add("batch norm + relu + dropout forward", forward, normForward(norm, drop, saved));
    add("batch norm + relu + dropout backward", backward, normBackward(norm, drop, saved));
    cudnn(Cudnn.Mode.PER_ACTIVATION, "cuDNN per activation", forward, backward);
    cudnn(Cudnn.Mode.SPATIAL_PERSISTENT, "cuDNN persistent", forward, backward);
    add("batch norm + relu inference", 2, i -> norms.batchNormInference(x[i], norm, RELU, y[i]));
    add("layer norm + relu forward", 2, i -> rowNorms.forward(x[i], layer, RELU, y[i], kept));
    add("layer norm + relu backward", 5, layerNormBackward(layer, kept));
    add("ghost batch norm of 32 + relu forward", 2, normForward(ghost, Drop.NONE, ghosts));
    add("ghost batch norm of 32 + relu backward", 3, normBackward(ghost, Drop.NONE, ghosts));
    add("weight norm forward", exact ? 2 : 3, i -> weightNorms.forward(weights[i], gain, y[i]));
    if (exact) { // dW is float32 in every precision
      add("weight norm backward", 3, weightNormBackward(gain));
    }
    add("column statistics", 1, i -> norms.columnStatistics(x[i], dGamma, dBeta));
    add("bias + relu forward", 2, i -> activations.forward(x[i], norm.beta(), RELU, y[i]));
    add("bias + relu backward", 3, i -> activations.backward(dy[i], x[i], x[i], RELU, y[i], dBeta));
    add("dropout", 2, i -> data.dropout(x[i], drop.dropping(), 1, 0, drop.step(), y[i]));
    add("add", 3, i -> data.add(x[i], dy[i], y[i]));
    add("gather", 2, i -> data.gather(x[i], order, position, y[i]));
    return results;
  }

  private void add(String kernel, double matrices, IntFunction<Operation> bound) {
    results.add(beside.time(kernel, matrices * megabytes, bound));
  }

  private IntFunction<Operation> normForward(Norm norm, Drop drop, long saved) {
    return i -> norms.batchNormForward(x[i], norm, RELU, drop, y[i], saved);
  }

  private IntFunction<Operation> normBackward(Norm norm, Drop drop, long saved) {
    return i -> norms.batchNormBackward(dy[i], x[i], norm, RELU, drop, saved, y[i], dGamma, dBeta);
  }

  private IntFunction<Operation> layerNormBackward(RowNorm norm, long saved) {
    return i -> rowNorms.backward(dy[i], x[i], norm, RELU, saved, y[i], dGamma, dBeta);
  }

  private IntFunction<Operation> weightNormBackward(long gain) {
    long dGain = device.take(4L * rows);
    return i -> weightNorms.backward(dy[i], x[i], gain, y[i], dGain);
  }

  /** An order for a gather. */
  private long reversedRows() {
    long order = device.take(4L * rows);
    ByteBuffer host = device.driver.allocatePinned(4 * rows).order(ByteOrder.nativeOrder());
    for (int i = 0; i < rows; i++) {
      host.putInt(4 * i, rows - 1 - i);
    }
    device.driver.copyToDevice(host, 0, order, 4 * rows, device.stream);
    device.driver.synchronize(device.stream);
    device.driver.freePinned(host);
    return order;
  }

  /** What cuDNN refuses is left out, be it all. */
  private void cudnn(Cudnn.Mode mode, String name, double forward, double backward) {
    try {
      libraries
          .cudnn(device.driver, device.stream)
          .ifPresent(found -> cudnn(found, mode, name, forward, backward));
    } catch (CudaException e) {
      // A shape that cuDNN refuses after all, or a cuDNN that can't be started: no line tells of
      // it.
    }
  }

  private void cudnn(Cudnn found, Cudnn.Mode mode, String name, double forward, double backward) {
    CudnnMemory own = new CudnnMemory(device.memory);
    CudnnNorm theirs = new CudnnNorm(own, device.kernels, found, mode);
    try {
      if (theirs.refusal(x[0], norm, RELU, Drop.NONE, true).isEmpty()) {
        add(name + " forward", forward, i -> theirs.forward(x[i], norm, RELU, y[i], saved));
        View[] dx = matrices(type);
        add(
            name + " backward",
            backward,
            i -> theirs.backward(dy[i], x[i], y[i], norm, RELU, saved, dx[i], dGamma, dBeta));
      }
    } finally {
      own.close();
      found.close();
    }
  }
}
