package dev.evenkeel.backend.cuda;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.Operation;

/** Launches of {@code kernels/activation.cu}. */
final class ActivationKernels {

  private final Launcher launcher;

  ActivationKernels(Launcher launcher) {
    this.launcher = launcher;
  }

  /**
   * z := z + bias, y := activation(z); z itself is written only where the backward pass needs it.
   */
  Operation forward(View z, long bias, Activation activation, View y) {
    boolean inPlace = y.address() == z.address();
    if (inPlace && bias == 0 && activation == Activation.IDENTITY) {
      return () -> {};
    }
    boolean storeZ = bias != 0 && !inPlace && needsInput(activation);
    int width = Launcher.width(z, y);
    Panels panels = Panels.ofElements(z.rows(), z.columns(), width);
    return launcher.launch(
        "activation_forward" + Launcher.suffix(z, width),
        panels.grid(),
        z.address(),
        z.rows(),
        z.columns(),
        z.pitch(),
        bias,
        activation.ordinal(),
        storeZ ? 1 : 0,
        y,
        panels);
  }

  /** dz := dy · activation′; dBias := column sums of dz, if not 0. dz may be dy. */
  Operation backward(View dy, View z, View y, Activation activation, View dz, long dBias) {
    boolean write = activation != Activation.IDENTITY || dz.address() != dy.address();
    if (!write && dBias == 0) {
      return () -> {};
    }
    View u = needsInput(activation) ? z : y;
    int width = Launcher.width(dy, u, dz);
    Panels panels = Panels.ofSums(dy.rows(), dy.columns(), width, dy.type().bytes);
    return launcher.launch(
        "activation_backward" + Launcher.suffix(dy, width),
        panels.grid(),
        dy,
        u,
        dy.rows(),
        dy.columns(),
        activation.ordinal(),
        write ? dz.address() : 0L,
        dz.pitch(),
        dBias,
        panels,
        launcher.scratch());
  }

  /** Whether the slope is made from z; that of the others follows from the sign of y. */
  static boolean needsInput(Activation activation) {
    return switch (activation) {
      case IDENTITY, RELU, LEAKY_RELU -> false;
      default -> true;
    };
  }
}
