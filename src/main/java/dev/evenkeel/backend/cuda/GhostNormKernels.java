package dev.evenkeel.backend.cuda;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.Operation;

/**
 * Launches of {@code kernels/ghostnorm.cu} and {@code ghostnorm_dropout.cu}: batch norm over groups
 * of rows, one kernel each way.
 */
final class GhostNormKernels {

  private final Launcher launcher;

  GhostNormKernels(Launcher launcher) {
    this.launcher = launcher;
  }

  Operation forward(
      View x, Kernels.Norm norm, Activation activation, Kernels.Drop drop, View y, long saved) {
    int width = Launcher.width(x, y);
    int groups = norm.groups(x.rows());
    Panels panels = panels(x, groups, width);
    return launcher.launch(
        drop.kernel("bn_ghost_forward") + Launcher.suffix(x, width),
        panels.grid(),
        drop.behind(
            x.address(),
            x.rows(),
            x.columns(),
            x.pitch(),
            groups,
            panels.rowsPerSlab(),
            norm.gamma(),
            norm.beta(),
            norm.epsilon(),
            norm.runningMean(),
            norm.runningVariance(),
            norm.count(),
            norm.weight(),
            norm.unbiased() ? 1 : 0,
            saved,
            activation.ordinal(),
            y,
            panels.lanes(),
            launcher.scratch()));
  }

  Operation backward(
      View dy,
      View x,
      Kernels.Norm norm,
      Activation activation,
      Kernels.Drop drop,
      long saved,
      View dx,
      long dGamma,
      long dBeta) {
    int width = Launcher.width(dy, x, dx);
    int groups = norm.groups(x.rows());
    Panels panels = panels(x, groups, width);
    return launcher.launch(
        drop.kernel("bn_ghost_backward") + Launcher.suffix(x, width),
        panels.grid(),
        drop.behind(
            dy,
            x,
            x.rows(),
            x.columns(),
            groups,
            panels.rowsPerSlab(),
            norm.gamma(),
            norm.beta(),
            saved,
            activation.ordinal(),
            dGamma,
            dBeta,
            dx,
            panels.lanes(),
            launcher.scratch()));
  }

  private static Panels panels(View x, int groups, int width) {
    return Panels.ofGroups(x.rows(), groups, x.columns(), width, x.type().bytes);
  }
}
