package dev.evenkeel.backend.cuda;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.Operation;
import dev.evenkeel.backend.cuda.Kernels.RowNorm;

/**
 * Launches of {@code kernels/rownorm.cu} and {@code rownorm_backward.cu}.
 *
 * <p>What is saved is [N, 3 · groups], for each group what batch norm saves; 0 at inference.
 */
final class RowNormKernels {

  private final Launcher launcher;

  RowNormKernels(Launcher launcher) {
    this.launcher = launcher;
  }

  Operation forward(View x, RowNorm norm, Activation activation, View y, long saved) {
    int length = x.columns() / norm.groups();
    int groups = Math.multiplyExact(x.rows(), norm.groups());
    int width = width(norm, length, x, y);
    Teams teams = Teams.of(groups, length, width);
    return launcher.launch(
        "row_norm_forward" + Launcher.suffix(x, width),
        teams.grid(),
        x,
        length,
        norm.groups(),
        groups,
        norm.centred() ? 1 : 0,
        norm.gamma(),
        norm.beta(),
        norm.epsilon(),
        activation.ordinal(),
        y,
        saved,
        teams.lanes());
  }

  /** The sums first: dx may be dy. dBeta is 0 where there is no β. */
  Operation backward(
      View dy,
      View x,
      RowNorm norm,
      Activation activation,
      long saved,
      View dx,
      long dGamma,
      long dBeta) {
    return Launcher.inOrder(
        sums(dy, x, norm, activation, saved, dGamma, dBeta),
        slopes(dy, x, norm, activation, saved, dx));
  }

  private Operation sums(
      View dy, View x, RowNorm norm, Activation activation, long saved, long dGamma, long dBeta) {
    int length = x.columns() / norm.groups();
    int width = width(norm, length, dy, x);
    Panels panels = Panels.ofSums(x.rows(), x.columns(), width, x.type().bytes);
    return launcher.launch(
        "row_norm_sums" + Launcher.suffix(x, width),
        panels.grid(),
        dy,
        x,
        x.rows(),
        length,
        norm.groups(),
        norm.gamma(),
        norm.beta(),
        saved,
        activation.ordinal(),
        dGamma,
        dBeta,
        panels,
        launcher.scratch());
  }

  private Operation slopes(
      View dy, View x, RowNorm norm, Activation activation, long saved, View dx) {
    int length = x.columns() / norm.groups();
    int groups = Math.multiplyExact(x.rows(), norm.groups());
    int width = width(norm, length, dy, x, dx);
    Teams teams = Teams.of(groups, length, width);
    return launcher.launch(
        "row_norm_backward" + Launcher.suffix(x, width),
        teams.grid(),
        dy,
        x,
        length,
        norm.groups(),
        groups,
        norm.centred() ? 1 : 0,
        norm.gamma(),
        norm.beta(),
        saved,
        activation.ordinal(),
        dx,
        teams.lanes());
  }

  /** No vector may lie in two groups: one element at a time where they aren't whole vectors. */
  private static int width(RowNorm norm, int length, View... views) {
    int width = Launcher.width(views);
    return norm.groups() == 1 || length % width == 0 ? width : 1;
  }
}
