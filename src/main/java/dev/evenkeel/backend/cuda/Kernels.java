package dev.evenkeel.backend.cuda;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.Backend.RegressionLoss;
import dev.evenkeel.backend.BatchNormMemory;
import dev.evenkeel.backend.Operation;
import java.util.Arrays;

/**
 * One method per operation of ours: which kernel, with what geometry and arguments. Everything is
 * bound here; running an operation only launches.
 *
 * <p>Addresses are of float32 vectors in device memory unless said otherwise, 0 where there is
 * none. Values that change from step to step are read from device memory when the kernel runs.
 */
final class Kernels {

  /**
   * What a batch norm needs besides its matrix.
   *
   * @param gamma 0, as {@code runningVariance}, where the mean alone is subtracted
   * @param ghostRows rows of a group with statistics of its own; 0 for the whole batch
   */
  record Norm(
      long gamma,
      long beta,
      long runningMean,
      long runningVariance,
      long count,
      double epsilon,
      double weight,
      boolean unbiased,
      int ghostRows) {

    int groups(int rows) {
      return BatchNormMemory.groups(rows, ghostRows);
    }

    /** The same by the statistics of groups of so many rows. */
    Norm ofGroups(int rows) {
      return new Norm(
          gamma, beta, runningMean, runningVariance, count, epsilon, weight, unbiased, rows);
    }
  }

  /**
   * The dropout that a batch norm takes in.
   *
   * @param dropping address of what {@link StepScalars#dropping} writes of the forward pass; 0 for
   *     none
   * @param step address of a 64-bit integer
   */
  record Drop(long dropping, long seed, int philoxStream, long step) {

    static final Drop NONE = new Drop(0, 0, 0, 0);

    boolean isNone() {
      return dropping == 0;
    }

    /** "bn_apply" or "bn_apply_dropout". */
    String kernel(String name) {
      return isNone() ? name : name + "_dropout";
    }

    /** A kernel's arguments, with those of dropout at the end. */
    Object[] behind(Object... arguments) {
      Object[] all = Arrays.copyOf(arguments, arguments.length + 4);
      all[arguments.length] = dropping;
      all[arguments.length + 1] = seed;
      all[arguments.length + 2] = (long) philoxStream << 40;
      all[arguments.length + 3] = step;
      return all;
    }
  }

  /**
   * What a norm over a row's features needs besides its matrix.
   *
   * @param beta 0 where there is none
   */
  record RowNorm(long gamma, long beta, int groups, boolean centred, double epsilon) {}

  /**
   * What every update works on.
   *
   * @param copy bfloat16 copy of the parameters, written too; 0 for none
   * @param scale of the gradients, one float; 0 for 1
   * @param guard two floats: once the first is not finite, the second becomes 1 and nothing is
   *     changed any more; 0 for none
   * @param pace two floats: the learning rate, and a factor on the weight decay
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
      long pace) {}

  /** Bytes of scratch memory, zeroed, that one stream's kernels share: see {@code kernels/}. */
  static final int SCRATCH_BYTES = 24 << 20;

  private final KernelModules modules;
  private final DataKernels data;
  private final ActivationKernels activations;
  private final NormKernels norms;
  private final RowNormKernels rowNorms;
  private final WeightNormKernels weightNorms;
  private final LossKernels losses;
  private final UpdateKernels updates;

  /**
   * @param scratch {@link #SCRATCH_BYTES} of zeroed device memory that only this stream uses
   */
  Kernels(CudaDriver driver, CudaMemory memory, long stream, long scratch) {
    this.modules = new KernelModules(driver, memory);
    Launcher launcher = new Launcher(driver, modules, stream, scratch);
    this.data = new DataKernels(launcher);
    this.activations = new ActivationKernels(launcher);
    this.norms = new NormKernels(launcher);
    this.rowNorms = new RowNormKernels(launcher);
    this.weightNorms = new WeightNormKernels(launcher);
    this.losses = new LossKernels(launcher);
    this.updates = new UpdateKernels(launcher);
  }

  /** Loads what others have loaded. */
  void loadLike(Kernels others) {
    others.modules.loaded().forEach(modules::function);
  }

  /** Unloads the kernels. */
  void close() {
    modules.close();
  }

  // Data: rows may be 0 for "row i of the batch is row position + i of the table"

  /** batch[i] := table[rows[position + i]]; rows and position are 32-bit integers in memory. */
  Operation gather(View table, long rows, long position, View batch) {
    return data.gather(table, rows, position, batch);
  }

  /** target := source, converted to its type. */
  Operation copy(View source, View target) {
    return data.copy(source, target);
  }

  /** out := a + b; out may be either. */
  Operation add(View a, View b, View out) {
    return data.add(a, b, out);
  }

  /** y := scale · x + shift; y may be x. */
  Operation scaleShift(View x, double scale, double shift, View y) {
    return data.scaleShift(x, scale, shift, y);
  }

  /**
   * y := scale · x + shift where word e mod 4 of Philox block (e / 4) of stream (stream · 2⁴⁰ +
   * step), e = row · columns + column, is at least probability · 2³² unsigned, else the dropped
   * value. y may be x.
   *
   * @param dropping address of what {@link StepScalars#dropping} writes
   * @param step address of a 64-bit integer
   */
  Operation dropout(View x, long dropping, long seed, int philoxStream, long step, View y) {
    return data.dropout(x, dropping, seed, philoxStream, step, y);
  }

  // Weight norm: direction [O, I] and its gradients float32 without gaps, gain [O]

  Operation weightNormForward(View direction, long gain, View weight) {
    return weightNorms.forward(direction, gain, weight);
  }

  /** dDirection may be dWeight. */
  Operation weightNormBackward(
      View dWeight, View direction, long gain, View dDirection, long dGain) {
    return weightNorms.backward(dWeight, direction, gain, dDirection, dGain);
  }

  // Activations

  /**
   * z := z + bias, y := activation(z); z itself is written only where the backward pass needs it.
   */
  Operation activationForward(View z, long bias, Activation activation, View y) {
    return activations.activationForward(z, bias, activation, y);
  }

  /** dz := dy · activation′; dBias := column sums of dz, if not 0. dz may be dy. */
  Operation activationBackward(
      View dy, View z, View y, Activation activation, View dz, long dBias) {
    return activations.activationBackward(dy, z, y, activation, dz, dBias);
  }

  // Batch norm; saved is [3 · groups, C]: shift, delta (mean = shift + delta), 1/√(σ² + ε)

  Operation batchNormForward(
      View x, Norm norm, Activation activation, Drop drop, View y, long saved) {
    return norms.batchNormForward(x, norm, activation, drop, y, saved);
  }

  Operation batchNormInference(View x, Norm norm, Activation activation, View y) {
    return norms.batchNormInference(x, norm, activation, y);
  }

  /** dx may be dy. */
  Operation batchNormBackward(
      View dy,
      View x,
      Norm norm,
      Activation activation,
      Drop drop,
      long saved,
      View dx,
      long dGamma,
      long dBeta) {
    return norms.batchNormBackward(dy, x, norm, activation, drop, saved, dx, dGamma, dBeta);
  }

  /** Mean and biased variance of every column. */
  Operation columnStatistics(View x, long mean, long variance) {
    return norms.columnStatistics(x, mean, variance);
  }

  // Row norms; saved is [N, 3 · groups], the same three for each group; 0 at inference

  Operation rowNormForward(View x, RowNorm norm, Activation activation, View y, long saved) {
    return rowNorms.forward(x, norm, activation, y, saved);
  }

  /** dx may be dy; dBeta is 0 where there is no β. */
  Operation rowNormBackward(
      View dy,
      View x,
      RowNorm norm,
      Activation activation,
      long saved,
      View dx,
      long dGamma,
      long dBeta) {
    return rowNorms.backward(dy, x, norm, activation, saved, dx, dGamma, dBeta);
  }

  // Losses: targets are float32; dLogits has the type of logits; loss is one float

  Operation softmaxCrossEntropy(
      View logits, View targets, double smoothing, long classWeights, View dLogits, long loss) {
    return losses.softmaxCrossEntropy(logits, targets, smoothing, classWeights, dLogits, loss);
  }

  Operation binaryCrossEntropy(View logits, View targets, View dLogits, long loss) {
    return losses.binaryCrossEntropy(logits, targets, dLogits, loss);
  }

  Operation regressionLoss(
      RegressionLoss kind, double delta, View outputs, View targets, View dOutputs, long loss) {
    return losses.regressionLoss(kind, delta, outputs, targets, dOutputs, loss);
  }

  // Updates

  /** norm := two floats, ‖g‖ and min(1, limit / ‖g‖). */
  Operation clipScale(long gradients, long count, double limit, long norm) {
    return updates.clipScale(gradients, count, limit, norm);
  }

  /** velocity may be 0: plain gradient descent. */
  Operation updateMomentum(Update update, long velocity, double momentum, boolean nesterov) {
    return updates.updateMomentum(update, velocity, momentum, nesterov);
  }

  Operation updateRmsprop(Update update, long squares, double alpha, double epsilon) {
    return updates.updateRmsprop(update, squares, alpha, epsilon);
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
    return updates.updateAdam(update, mean, squares, beta1, beta2, epsilon, decoupled, corrections);
  }

  // Diagnosis

  /** found := 1, a 32-bit integer, where any element is NaN or infinite; else it stays. */
  Operation findNonFinite(View x, long found) {
    return data.findNonFinite(x, found);
  }
}
