package dev.evenkeel.backend.cuda;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.Backend.RegressionLoss;
import dev.evenkeel.backend.Operation;
import java.util.stream.Stream;

/** Launches of {@code kernels/loss.cu}. */
final class LossKernels {

  /**
   * One block merges the blocks' sums while all others are done: with more than these of a
   * quantity, that takes longer than another launch.
   */
  private static final int MERGED_SUMS = 16_384;

  private final Launcher launcher;
  private final ActivationKernels activations;

  LossKernels(Launcher launcher, ActivationKernels activations) {
    this.launcher = launcher;
    this.activations = activations;
  }

  /** 1 where a column behind the targets weighs the rows. */
  private static int isWeighted(View targets, int columns) {
    return targets.columns() > columns ? 1 : 0;
  }

  Operation softmaxCrossEntropy(Kernels.Loss of, double smoothing, long classWeights) {
    View logits = of.outputs();
    int width = Launcher.width(logits, of.gradient());
    int vectors = Panels.divideUp(logits.columns(), width);
    int group = vectors > Panels.THREADS ? Panels.THREADS : Panels.powerOfTwo(vectors, Panels.WARP);
    int blocks = Math.min(Panels.divideUp(logits.rows(), Panels.THREADS / group), Launcher.BLOCKS);
    boolean sumsBias = vectors <= Panels.WARP && blocks * group * width <= MERGED_SUMS;
    Operation all =
        launcher.launch(
            "softmax_cross_entropy" + Launcher.suffix(logits, width),
            new CudaDriver.Grid(1, blocks, Panels.THREADS, 1),
            logits.address(),
            logits.rows(),
            logits.columns(),
            logits.pitch(),
            of.bias(),
            of.targets(),
            isWeighted(of.targets(), 1),
            smoothing,
            classWeights,
            of.gradient(),
            sumsBias ? of.dBias() : 0L,
            of.loss(),
            group,
            launcher.scratch());
    if (classWeights != 0) {
      all = Launcher.inOrder(classWeightTotal(of, classWeights), all);
    }
    return sumsBias ? all : Launcher.inOrder(all, biasGradient(of));
  }

  private Operation classWeightTotal(Kernels.Loss of, long classWeights) {
    int rows = of.outputs().rows();
    return launcher.launch(
        "class_weight_total_f32x1",
        CudaDriver.Grid.of(Math.min(Panels.divideUp(rows, Panels.THREADS), 64), Panels.THREADS),
        of.targets(),
        rows,
        of.outputs().columns(),
        classWeights,
        launcher.scratch());
  }

  /** By a kernel of its own. */
  private Operation biasGradient(Kernels.Loss of) {
    View slopes = of.gradient();
    return activations.backward(slopes, slopes, slopes, Activation.IDENTITY, slopes, of.dBias());
  }

  Operation binaryCrossEntropy(Kernels.Loss of) {
    return elementwise("binary_cross_entropy", of);
  }

  Operation regressionLoss(Kernels.Loss of, RegressionLoss kind, double delta) {
    return elementwise("regression_loss", of, kind.ordinal(), delta);
  }

  /**
   * @param own arguments of this kernel, before those of all
   */
  private Operation elementwise(String kernel, Kernels.Loss of, Object... own) {
    View outputs = of.outputs();
    int width = Launcher.width(outputs, of.gradient());
    Panels panels = Panels.ofSums(outputs.rows(), outputs.columns(), width, outputs.type().bytes);
    Stream<Object> all =
        Stream.of(
            outputs.address(),
            outputs.rows(),
            outputs.columns(),
            outputs.pitch(),
            of.bias(),
            of.targets(),
            isWeighted(of.targets(), outputs.columns()),
            of.gradient(),
            of.dBias(),
            (double) outputs.size(),
            of.loss(),
            panels,
            launcher.scratch());
    return launcher.launch(
        kernel + Launcher.suffix(outputs, width),
        panels.grid(),
        Stream.concat(Stream.of(own), all).toArray());
  }
}
