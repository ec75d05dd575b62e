package dev.evenkeel.backend.cpu;

import static dev.evenkeel.backend.cpu.CpuBuffer.data;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.BatchNormMemory;
import dev.evenkeel.backend.Dropping;
import dev.evenkeel.backend.LossMemory;
import dev.evenkeel.backend.Masking;
import dev.evenkeel.backend.Operation;
import dev.evenkeel.backend.Precision;
import dev.evenkeel.backend.Readback;
import dev.evenkeel.backend.RowNormMemory;
import dev.evenkeel.backend.Step;
import dev.evenkeel.backend.Workers;
import dev.evenkeel.tensor.Buffer;
import dev.evenkeel.tensor.InputLayout;
import dev.evenkeel.tensor.Matrix;
import dev.evenkeel.tensor.RowOrder;
import dev.evenkeel.tensor.Rows;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The backend that is always there. Each operation has its body in a class of its own. Native
 * libraries are loaded when the first product is bound: whoever only reads a model needs none.
 */
public final class CpuBackend implements Backend {

  private final Precision precision;
  private final Workers workers;
  private final Scratch[] scratch;
  private final AtomicLong allocated = new AtomicLong();
  private long gatherNanos;

  public CpuBackend(int threads) {
    this(threads, Precision.FP32);
  }

  /** In float32, or with products of inputs rounded to bfloat16 where the CPU has such. */
  public CpuBackend(int threads, Precision precision) {
    if (threads < 1) {
      throw new EvenkeelException("The CPU backend needs at least 1 thread, not " + threads);
    }
    this.precision = precision;
    workers = new Workers(threads);
    scratch = new Scratch[threads];
    for (int i = 0; i < threads; i++) {
      scratch[i] = new Scratch();
    }
  }

  @Override
  public String description() {
    int n = workers.count();
    return "CPU, %s, %s".formatted(Words.counted(n, "thread"), blas().description());
  }

  private Blas blas() {
    return precision == Precision.BF16 ? Blas.inBfloat16() : Blas.get();
  }

  @Override
  public String device() {
    return "cpu";
  }

  @Override
  public Buffer allocate(long floats) {
    if (floats > Integer.MAX_VALUE - 16) {
      throw new EvenkeelException(
          "The CPU backend can't allocate %,d floats at once: Java arrays end at 2,147,483,631"
              .formatted(floats));
    }
    return new CpuBuffer(new float[(int) floats], allocated);
  }

  @Override
  public Buffer allocateActivations(int rows, int columns) {
    return allocate((long) rows * columns);
  }

  @Override
  public Matrix table(float[] values, int rows, int columns) {
    return Matrix.of(new CpuBuffer(values, allocated), rows, columns);
  }

  @Override
  public Matrix inputs(Rows stored, InputLayout layout) {
    return layout.isPlain() && stored.array().isPresent()
        ? table(stored.array().get(), stored.count(), layout.inputs())
        : Matrix.of(new InputTable(stored, layout, allocated), stored.count(), layout.inputs());
  }

  @Override
  public void write(float[] source, Matrix target) {
    checkLength(source.length, target);
    System.arraycopy(source, 0, data(target), (int) target.offset(), source.length);
  }

  @Override
  public void read(Matrix source, float[] target) {
    checkLength(target.length, source);
    System.arraycopy(data(source), (int) source.offset(), target, 0, target.length);
  }

  private static void checkLength(int length, Matrix matrix) {
    if (length != matrix.size()) {
      throw new EvenkeelException(
          "An array of %d floats does not match a matrix %s".formatted(length, matrix.shape()));
    }
  }

  @Override
  public long allocated() {
    return allocated.get();
  }

  @Override
  public long allocatedBytes() {
    return 4 * allocated();
  }

  @Override
  public Optional<Backend> planner() {
    return Optional.empty();
  }

  @Override
  public Sequence sequence(List<Operation> operations) {
    return new Simple.InOrder(operations.toArray(Operation[]::new));
  }

  @Override
  public Readback readback(Matrix scalar) {
    return new CpuReadback(scalar);
  }

  @Override
  public long gatherNanos() {
    return gatherNanos;
  }

  @Override
  public Operation gather(Matrix table, RowOrder order, Matrix batch) {
    Operation gather = new Simple.Gather(workers, table, order, batch);
    return () -> {
      long start = System.nanoTime();
      gather.run();
      gatherNanos += System.nanoTime() - start;
    };
  }

  @Override
  public Operation linearForward(Matrix x, Matrix weight, Matrix z) {
    return Linear.forward(blas(), workers, scratch, x, weight, z);
  }

  @Override
  public Operation linearBackwardInput(Matrix dz, Matrix weight, Matrix dx) {
    return Linear.backwardInput(blas(), workers, scratch, dz, weight, dx);
  }

  @Override
  public Operation linearBackwardWeight(Matrix dz, Matrix x, Matrix dWeight) {
    return Linear.backwardWeight(blas(), workers, scratch, dz, x, dWeight);
  }

  @Override
  public Operation weightNormForward(Matrix direction, Matrix gain, Matrix weight) {
    return new WeightNorm.Forward(scratch, workers, direction, gain, weight);
  }

  @Override
  public Operation weightNormBackward(
      Matrix dWeight, Matrix direction, Matrix gain, Matrix dDirection, Matrix dGain) {
    return new WeightNorm.Backward(scratch, workers, dWeight, direction, gain, dDirection, dGain);
  }

  @Override
  public Operation activationForward(Matrix z, Matrix bias, Activation activation, Matrix y) {
    return new ActivationForward(scratch, workers, z, bias, activation, y);
  }

  @Override
  public Operation activationBackward(
      Matrix dy, Matrix z, Matrix y, Activation activation, Matrix dz, Matrix dBias) {
    return new ActivationBackward(scratch, workers, dy, z, y, activation, dz, dBias);
  }

  @Override
  public Operation batchNormForward(
      Matrix x,
      BatchNormMemory norm,
      Activation activation,
      Masking masking,
      Matrix y,
      Matrix saved) {
    Backend.requireRows(x);
    return new BatchNormForward(scratch, workers, x, norm, activation, masking, y, saved);
  }

  @Override
  public Operation batchNormInference(
      Matrix x, BatchNormMemory norm, Activation activation, Matrix y) {
    return new BatchNormForward(
        scratch, workers, x, norm, activation, Masking.NONE, y, Matrix.NONE);
  }

  @Override
  public boolean batchNormBackwardReadsY(Activation activation, Masking masking) {
    return BatchNormBackward.readsY(activation, masking);
  }

  @Override
  public Operation batchNormBackward(
      Matrix dy,
      Matrix x,
      Matrix y,
      BatchNormMemory norm,
      Activation activation,
      Masking masking,
      Matrix saved,
      Matrix dx,
      Matrix dGamma,
      Matrix dBeta) {
    return new BatchNormBackward(
        scratch, workers, dy, x, y, norm, activation, masking, saved, dx, dGamma, dBeta);
  }

  @Override
  public Operation rowNormForward(
      Matrix x, RowNormMemory norm, Activation activation, Matrix y, Matrix saved) {
    return new RowNormForward(scratch, workers, x, norm, activation, y, saved);
  }

  @Override
  public Operation rowNormBackward(
      Matrix dy,
      Matrix x,
      Matrix y,
      RowNormMemory norm,
      Activation activation,
      Matrix saved,
      Matrix dx,
      Matrix dGamma,
      Matrix dBeta) {
    return new RowNormBackward(
        scratch, workers, dy, x, y, norm, activation, saved, dx, dGamma, dBeta);
  }

  @Override
  public Operation columnStatistics(Matrix x, Matrix mean, Matrix variance) {
    return new ColumnStatistics(scratch, workers, x, mean, variance);
  }

  @Override
  public Operation dropout(
      Matrix x, Dropping dropping, long seed, int stream, Step step, Matrix y) {
    return new Dropout(scratch, workers, x, new Masking(dropping, seed, stream, step), y);
  }

  @Override
  public Operation scaleShift(Matrix x, double scale, double shift, Matrix y) {
    return new Simple.ScaleShift(scratch, workers, x, scale, shift, y);
  }

  @Override
  public Operation add(Matrix a, Matrix b, Matrix out) {
    return new Simple.Add(scratch, workers, a, b, out);
  }

  @Override
  public Operation copy(Matrix source, Matrix target) {
    return new Simple.Copy(workers, source, target);
  }

  @Override
  public Operation softmaxCrossEntropy(LossMemory of, double smoothing, Matrix classWeights) {
    return withSlopes(of, new SoftmaxCrossEntropy(scratch, workers, of, smoothing, classWeights));
  }

  @Override
  public Operation binaryCrossEntropy(LossMemory of) {
    return withSlopes(of, new BinaryCrossEntropy(workers, of));
  }

  @Override
  public Operation regressionLoss(LossMemory of, RegressionLoss kind, double delta) {
    return withSlopes(of, new Regression(workers, of, kind, delta));
  }

  /** The same with the bias' gradient, where there is one. */
  private Operation withSlopes(LossMemory of, Operation loss) {
    Matrix dy = of.gradient();
    return of.hasBias()
        ? new Simple.InOrder(
            loss, activationBackward(dy, dy, dy, Activation.IDENTITY, dy, of.dBias()))
        : loss;
  }

  @Override
  public Operation clipScale(Matrix gradients, double limit, Matrix norm) {
    return new ClipScale(workers, gradients, limit, norm);
  }

  @Override
  public Operation updateMomentum(
      UpdateTarget target, Matrix velocity, double momentum, boolean nesterov) {
    return velocity.isNone()
        ? new Updates.GradientDescent(workers, target)
        : new Updates.Momentum(workers, target, velocity, momentum, nesterov);
  }

  @Override
  public Operation updateRmsprop(
      UpdateTarget target, Matrix squares, double alpha, double epsilon) {
    return new Updates.Rmsprop(workers, target, squares, alpha, epsilon);
  }

  @Override
  public Operation updateAdam(
      UpdateTarget target,
      Matrix mean,
      Matrix squares,
      double beta1,
      double beta2,
      double epsilon,
      boolean decoupled) {
    return new Updates.Adam(workers, target, mean, squares, beta1, beta2, epsilon, decoupled);
  }

  @Override
  public boolean hasNonFinite(Matrix x) {
    float[] data = data(x);
    for (long i = x.offset(); i < x.offset() + x.size(); i++) {
      if (!Float.isFinite(data[(int) i])) {
        return true;
      }
    }
    return false;
  }

  @Override
  public void close() {
    workers.close();
  }
}
