package dev.evenkeel.backend.cuda;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.Backend.RegressionLoss;
import dev.evenkeel.backend.Operation;

/**
 * One method per operation of ours: which kernel, with what geometry and arguments. Everything is
 * bound here; running an operation only launches.
 *
 * <p>Addresses are of float32 vectors in device memory unless said otherwise, 0 where there is
 * none. Values that change from step to step are read from device memory when the kernel runs.
 */
final class Kernels {

  /** What a batch norm needs besides its matrix. */
  record Norm(
      long gamma,
      long beta,
      long runningMean,
      long runningVariance,
      long count,
      double epsilon,
      double weight,
      boolean unbiased) {}

  /**
   * What every update works on.
   *
   * @param copy bfloat16 copy of the parameters, written too; 0 for none
   * @param scale of the gradients, one float; 0 for 1
   * @param guard one float: where it is not finite, nothing is changed; 0 for none
   * @param learningRate one float
   */
  record Update(
      long parameters,
      long gradients,
      long copy,
      long count,
      long decayed,
      double weightDecay,
      long scale,
      long guard,
      long learningRate) {}

  /** Bytes of scratch memory, zeroed, that one stream's kernels share: see {@code kernels/}. */
  static final int SCRATCH_BYTES = 24 << 20;

  private final CudaDriver driver;
  private final long stream;
  private final long scratch;

  /**
   * @param scratch {@link #SCRATCH_BYTES} of zeroed device memory that only this stream uses
   */
  Kernels(CudaDriver driver, long stream, long scratch) {
    this.driver = driver;
    this.stream = stream;
    this.scratch = scratch;
  }

  // Data: rows may be 0 for "row i of the batch is row position + i of the table"

  /** batch[i] := table[rows[position + i]]; rows and position are 32-bit integers in memory. */
  Operation gather(View table, long rows, long position, View batch) {
    throw new UnsupportedOperationException();
  }

  /** target := source, converted to its type. */
  Operation copy(View source, View target) {
    throw new UnsupportedOperationException();
  }

  /** out := a + b; out may be either. */
  Operation add(View a, View b, View out) {
    throw new UnsupportedOperationException();
  }

  /**
   * y := x · scale where word e mod 4 of Philox block (e / 4) of stream (stream · 2⁴⁰ + step), e =
   * row · columns + column, is at least {@code dropBelow} unsigned, else 0. y may be x.
   *
   * @param step address of a 64-bit integer
   */
  Operation dropout(
      View x, long dropBelow, float scale, long seed, int philoxStream, long step, View y) {
    throw new UnsupportedOperationException();
  }

  // Activations

  /**
   * z := z + bias, y := activation(z); z itself is written only where the backward pass needs it.
   */
  Operation activationForward(View z, long bias, Activation activation, View y) {
    throw new UnsupportedOperationException();
  }

  /** dz := dy · activation′; dBias := column sums of dz, if not 0. dz may be dy. */
  Operation activationBackward(
      View dy, View z, View y, Activation activation, View dz, long dBias) {
    throw new UnsupportedOperationException();
  }

  // Batch norm; saved is [3, C]: shift, delta (mean = shift + delta), 1/√(σ² + ε)

  Operation batchNormForward(View x, Norm norm, Activation activation, View y, long saved) {
    throw new UnsupportedOperationException();
  }

  Operation batchNormInference(View x, Norm norm, Activation activation, View y) {
    throw new UnsupportedOperationException();
  }

  /** dx may be dy. */
  Operation batchNormBackward(
      View dy,
      View x,
      Norm norm,
      Activation activation,
      long saved,
      View dx,
      long dGamma,
      long dBeta) {
    throw new UnsupportedOperationException();
  }

  /** Mean and biased variance of every column. */
  Operation columnStatistics(View x, long mean, long variance) {
    throw new UnsupportedOperationException();
  }

  // Losses: targets are float32; dLogits has the type of logits; loss is one float

  Operation softmaxCrossEntropy(
      View logits, View targets, double smoothing, long classWeights, View dLogits, long loss) {
    throw new UnsupportedOperationException();
  }

  Operation binaryCrossEntropy(View logits, View targets, View dLogits, long loss) {
    throw new UnsupportedOperationException();
  }

  Operation regressionLoss(
      RegressionLoss kind, double delta, View outputs, View targets, View dOutputs, long loss) {
    throw new UnsupportedOperationException();
  }

  // Updates

  /** norm := two floats, ‖g‖ and min(1, limit / ‖g‖). */
  Operation clipScale(long gradients, long count, double limit, long norm) {
    throw new UnsupportedOperationException();
  }

  /** velocity may be 0: plain gradient descent. */
  Operation updateMomentum(Update update, long velocity, double momentum, boolean nesterov) {
    throw new UnsupportedOperationException();
  }

  Operation updateRmsprop(Update update, long squares, double alpha, double epsilon) {
    throw new UnsupportedOperationException();
  }

  /**
   * @param corrections two floats: learning rate / (1 − β₁ᵗ), and 1/√(1 − β₂ᵗ)
   */
  Operation updateAdam(
      Update update,
      long mean,
      long squares,
      double beta1,
      double beta2,
      double epsilon,
      boolean decoupled,
      long corrections) {
    throw new UnsupportedOperationException();
  }

  // Diagnosis

  /** found := 1, a 32-bit integer, where any element is NaN or infinite; else it stays. */
  Operation findNonFinite(View x, long found) {
    throw new UnsupportedOperationException();
  }
}
