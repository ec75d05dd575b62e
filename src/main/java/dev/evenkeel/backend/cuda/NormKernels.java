package dev.evenkeel.backend.cuda;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.Operation;

/**
 * Launches of {@code kernels/batchnorm.cu} and {@code batchnorm_dropout.cu}.
 *
 * <p>What is saved is [3 · groups, C]: shift, delta (mean = shift + delta), 1/√(σ² + ε).
 */
final class NormKernels {

  /** Rows up to which one block takes all rows of its columns, and batch norm is one kernel. */
  static final int WHOLE_COLUMNS = 512;

  private final Launcher launcher;
  private final GhostNormKernels ghosts;

  NormKernels(Launcher launcher) {
    this.launcher = launcher;
    this.ghosts = new GhostNormKernels(launcher);
  }

  Operation batchNormForward(
      View x, Kernels.Norm norm, Activation activation, Kernels.Drop drop, View y, long saved) {
    if (norm.groups(x.rows()) > 1) {
      return ghosts.forward(x, norm, activation, drop, y, saved);
    }
    int width = Launcher.width(x, y);
    double oneByRows = 1.0 / x.rows();
    double unbiased = norm.unbiased() && x.rows() > 1 ? x.rows() / (x.rows() - 1.0) : 1;
    if (x.rows() <= WHOLE_COLUMNS) {
      Panels panels = Panels.ofWholeColumns(x.rows(), x.columns(), width, x.type().bytes);
      return launcher.launch(
          drop.kernel("bn_forward") + Launcher.suffix(x, width),
          panels.grid(),
          drop.behind(
              x.address(),
              x.rows(),
              x.columns(),
              x.pitch(),
              norm.gamma(),
              norm.beta(),
              oneByRows,
              norm.epsilon(),
              norm.runningMean(),
              norm.runningVariance(),
              norm.count(),
              norm.weight(),
              unbiased,
              saved,
              activation.ordinal(),
              y,
              panels.lanes(),
              launcher.scratch()));
    }
    Panels sums = Panels.ofSums(x.rows(), x.columns(), width, x.type().bytes);
    Operation statistics =
        launcher.launch(
            "bn_statistics" + Launcher.suffix(x, width),
            sums.grid(),
            x.address(),
            x.rows(),
            x.columns(),
            x.pitch(),
            oneByRows,
            norm.epsilon(),
            norm.runningMean(),
            norm.runningVariance(),
            norm.count(),
            norm.weight(),
            unbiased,
            saved,
            sums.lanes(),
            launcher.scratch());
    Panels panels = Panels.ofScaledElements(x.rows(), x.columns(), width);
    Operation apply =
        launcher.launch(
            drop.kernel("bn_apply") + Launcher.suffix(x, width),
            panels.grid(),
            drop.behind(
                x.address(),
                x.rows(),
                x.columns(),
                x.pitch(),
                norm.gamma(),
                norm.beta(),
                saved,
                activation.ordinal(),
                y,
                panels));
    return Launcher.inOrder(statistics, apply);
  }

  Operation batchNormInference(View x, Kernels.Norm norm, Activation activation, View y) {
    int width = Launcher.width(x, y);
    Panels panels = Panels.ofScaledElements(x.rows(), x.columns(), width);
    return launcher.launch(
        "bn_inference" + Launcher.suffix(x, width),
        panels.grid(),
        x.address(),
        x.rows(),
        x.columns(),
        x.pitch(),
        norm.gamma(),
        norm.beta(),
        norm.runningMean(),
        norm.runningVariance(),
        norm.epsilon(),
        activation.ordinal(),
        y,
        panels);
  }

  /** dx may be dy. */
  Operation batchNormBackward(
      View dy,
      View x,
      Kernels.Norm norm,
      Activation activation,
      Kernels.Drop drop,
      long saved,
      View dx,
      long dGamma,
      long dBeta) {
    if (norm.groups(x.rows()) > 1) {
      return ghosts.backward(dy, x, norm, activation, drop, saved, dx, dGamma, dBeta);
    }
    int width = Launcher.width(dy, x, dx);
    double oneByRows = 1.0 / x.rows();
    if (x.rows() <= WHOLE_COLUMNS) {
      Panels panels = Panels.ofWholeColumns(x.rows(), x.columns(), width, x.type().bytes);
      return launcher.launch(
          drop.kernel("bn_backward") + Launcher.suffix(x, width),
          panels.grid(),
          drop.behind(
              dy,
              x,
              x.rows(),
              x.columns(),
              norm.gamma(),
              norm.beta(),
              saved,
              activation.ordinal(),
              dGamma,
              dBeta,
              dx,
              oneByRows,
              panels.lanes()));
    }
    Panels sums = Panels.ofSums(x.rows(), x.columns(), width, x.type().bytes);
    Operation reduce =
        launcher.launch(
            drop.kernel("bn_reduce") + Launcher.suffix(x, width),
            sums.grid(),
            drop.behind(
                dy,
                x,
                x.rows(),
                x.columns(),
                norm.gamma(),
                norm.beta(),
                saved,
                activation.ordinal(),
                dGamma,
                dBeta,
                sums.lanes(),
                launcher.scratch()));
    Panels panels = Panels.ofScaledElements(x.rows(), x.columns(), width);
    Operation project =
        launcher.launch(
            drop.kernel("bn_project") + Launcher.suffix(x, width),
            panels.grid(),
            drop.behind(
                dy,
                x,
                x.rows(),
                x.columns(),
                norm.gamma(),
                norm.beta(),
                saved,
                activation.ordinal(),
                dGamma,
                dBeta,
                dx,
                oneByRows,
                panels));
    return Launcher.inOrder(reduce, project);
  }

  /** Mean and biased variance of every column. */
  Operation columnStatistics(View x, long mean, long variance) {
    int width = Launcher.width(x);
    Panels panels = Panels.ofSums(x.rows(), x.columns(), width, x.type().bytes);
    return launcher.launch(
        "column_statistics" + Launcher.suffix(x, width),
        panels.grid(),
        x.address(),
        x.rows(),
        x.columns(),
        x.pitch(),
        mean,
        variance,
        panels.lanes(),
        launcher.scratch());
  }
}
