package dev.evenkeel.backend.cuda;

import dev.evenkeel.backend.Backend.RegressionLoss;
import dev.evenkeel.backend.Operation;

/**
 * Launches of {@code kernels/loss.cu}.
 *
 * <p>Targets are float32, dLogits has the type of logits, the loss is one float.
 */
final class LossKernels {

  private final Launcher launcher;

  LossKernels(Launcher launcher) {
    this.launcher = launcher;
  }

  /** 1 where a column behind the targets weighs the rows. */
  private static int isWeighted(View targets, int columns) {
    return targets.columns() > columns ? 1 : 0;
  }

  Operation softmaxCrossEntropy(
      View logits, View targets, double smoothing, long classWeights, View dLogits, long loss) {
    int width = Launcher.width(logits, dLogits);
    int vectors = Panels.divideUp(logits.columns(), width);
    int group = vectors > Panels.THREADS ? Panels.THREADS : Panels.powerOfTwo(vectors, 32);
    int blocks = Panels.divideUp(logits.rows(), Panels.THREADS / group);
    Operation gradient =
        launcher.launch(
            "softmax_cross_entropy" + Launcher.suffix(logits, width),
            CudaDriver.Grid.of(Math.min(blocks, Launcher.BLOCKS), Panels.THREADS),
            logits.address(),
            logits.rows(),
            logits.columns(),
            logits.pitch(),
            targets.address(),
            targets.pitch(),
            isWeighted(targets, 1),
            smoothing,
            classWeights,
            dLogits.address(),
            dLogits.pitch(),
            loss,
            group,
            launcher.scratch());
    if (classWeights == 0) {
      return gradient;
    }
    Operation total =
        launcher.launch(
            "class_weight_total_f32x1",
            CudaDriver.Grid.of(
                Math.min(Panels.divideUp(logits.rows(), Panels.THREADS), 64), Panels.THREADS),
            targets.address(),
            targets.pitch(),
            logits.rows(),
            logits.columns(),
            classWeights,
            launcher.scratch());
    return Launcher.inOrder(total, gradient);
  }

  Operation binaryCrossEntropy(View logits, View targets, View dLogits, long loss) {
    int width = Launcher.width(logits, dLogits);
    Panels panels = Panels.ofSums(logits.rows(), logits.columns(), width, logits.type().bytes);
    return launcher.launch(
        "binary_cross_entropy" + Launcher.suffix(logits, width),
        panels.grid(),
        logits.address(),
        logits.rows(),
        logits.columns(),
        logits.pitch(),
        targets.address(),
        targets.pitch(),
        isWeighted(targets, logits.columns()),
        dLogits.address(),
        dLogits.pitch(),
        (double) logits.size(),
        loss,
        panels.lanes(),
        panels.rowsPerSlab(),
        launcher.scratch());
  }

  Operation regressionLoss(
      RegressionLoss kind, double delta, View outputs, View targets, View dOutputs, long loss) {
    int width = Launcher.width(outputs, dOutputs);
    Panels panels = Panels.ofSums(outputs.rows(), outputs.columns(), width, outputs.type().bytes);
    return launcher.launch(
        "regression_loss" + Launcher.suffix(outputs, width),
        panels.grid(),
        kind.ordinal(),
        delta,
        outputs.address(),
        outputs.rows(),
        outputs.columns(),
        outputs.pitch(),
        targets.address(),
        targets.pitch(),
        isWeighted(targets, outputs.columns()),
        dOutputs.address(),
        dOutputs.pitch(),
        (double) outputs.size(),
        loss,
        panels.lanes(),
        panels.rowsPerSlab(),
        launcher.scratch());
  }
}
