package dev.evenkeel.backend.cuda;

import static dev.evenkeel.backend.cuda.CudaBuffer.vector;

import dev.evenkeel.backend.BatchNormMemory;
import dev.evenkeel.backend.LossMemory;
import dev.evenkeel.backend.RowNormMemory;
import java.util.Arrays;

/**
 * Our operations by family, a method each: which kernel, with what geometry and arguments.
 * Everything is bound there; running an operation only launches.
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

    static Norm of(BatchNormMemory norm) {
      return new Norm(
          vector(norm.gamma()),
          vector(norm.beta()),
          vector(norm.runningMean()),
          vector(norm.runningVariance()),
          vector(norm.count()),
          norm.epsilon(),
          norm.running().weight(),
          norm.running().unbiased(),
          norm.ghostRows());
    }

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
  record RowNorm(long gamma, long beta, int groups, boolean centred, double epsilon) {

    static RowNorm of(RowNormMemory norm) {
      return new RowNorm(
          vector(norm.gamma()), vector(norm.beta()), norm.groups(), norm.centred(), norm.epsilon());
    }
  }

  /**
   * What a loss works on: its outputs and their gradient have one type, targets are float32.
   *
   * @param bias 0, as {@code dBias}, where the outputs are complete
   */
  record Loss(View outputs, long bias, View targets, View gradient, long dBias, long loss) {

    static Loss of(LossMemory loss) {
      return new Loss(
          CudaBuffer.view(loss.outputs()),
          vector(loss.bias()),
          CudaBuffer.view(loss.targets()),
          CudaBuffer.view(loss.gradient()),
          vector(loss.dBias()),
          vector(loss.loss()));
    }
  }

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

  final DataKernels data;
  final ActivationKernels activations;
  final NormKernels norms;
  final RowNormKernels rowNorms;
  final WeightNormKernels weightNorms;
  final LossKernels losses;
  final UpdateKernels updates;

  /**
   * @param scratch {@link #SCRATCH_BYTES} of zeroed device memory that only the memory's stream
   *     uses
   */
  Kernels(CudaMemory memory, long scratch) {
    this.modules = new KernelModules(memory);
    Launcher launcher = new Launcher(memory.driver, modules, memory.stream, scratch);
    this.data = new DataKernels(launcher);
    this.activations = new ActivationKernels(launcher);
    this.norms = new NormKernels(launcher);
    this.rowNorms = new RowNormKernels(launcher);
    this.weightNorms = new WeightNormKernels(launcher);
    this.losses = new LossKernels(launcher, activations);
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
}
