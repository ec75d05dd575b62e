package dev.evenkeel.backend.cuda;

import dev.evenkeel.backend.Operation;

/**
 * Launches of {@code kernels/weightnorm.cu}: a team of threads for each row of the direction.
 *
 * <p>The direction [O, I] and its gradients are float32 without gaps, the gain is [O].
 */
final class WeightNormKernels {

  private final Launcher launcher;

  WeightNormKernels(Launcher launcher) {
    this.launcher = launcher;
  }

  Operation forward(View direction, long gain, View weight) {
    boolean exact = weight.type() == ElementType.FLOAT32;
    int width = Launcher.conversionWidth(direction, weight);
    Teams teams = Teams.of(direction.rows(), direction.columns(), width);
    return launcher.launch(
        "weight_norm_forward"
            + (exact
                ? Launcher.suffix(weight, width)
                : Launcher.conversion(direction, weight, width)),
        teams.grid(),
        direction.address(),
        gain,
        direction.rows(),
        direction.columns(),
        weight,
        teams.lanes());
  }

  /** dDirection may be dWeight. */
  Operation backward(View dWeight, View direction, long gain, View dDirection, long dGain) {
    int width = Launcher.width(dWeight, direction, dDirection);
    Teams teams = Teams.of(direction.rows(), direction.columns(), width);
    return launcher.launch(
        "weight_norm_backward" + Launcher.suffix(direction, width),
        teams.grid(),
        dWeight.address(),
        direction.address(),
        gain,
        direction.rows(),
        direction.columns(),
        dDirection.address(),
        dGain,
        teams.lanes());
  }
}
