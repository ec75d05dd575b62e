package dev.evenkeel.backend.cuda;

import dev.evenkeel.backend.Operation;
import java.util.ArrayList;
import java.util.List;

/** Launches of {@code kernels/optimizer.cu}. */
final class UpdateKernels {

  private final Launcher launcher;

  UpdateKernels(Launcher launcher) {
    this.launcher = launcher;
  }

  /** norm := two floats, ‖g‖ and min(1, limit / ‖g‖). */
  Operation clipScale(long gradients, long count, double limit, long norm) {
    int width = gradients % 16 == 0 ? 4 : 1;
    return launcher.launch(
        "clip_scale_f32x" + width,
        CudaDriver.Grid.of(
            (int) Math.min(blocks(count, 4 * width), Launcher.BLOCKS), Panels.THREADS),
        gradients,
        count,
        limit,
        norm,
        launcher.scratch());
  }

  /** velocity may be 0: plain gradient descent. */
  Operation updateMomentum(
      Kernels.Update update, long velocity, double momentum, boolean nesterov) {
    if (velocity == 0) {
      return update("descent", update, List.of());
    }
    return update("momentum", update, List.of(velocity), (float) momentum, nesterov ? 1 : 0);
  }

  Operation updateRmsprop(Kernels.Update update, long squares, double alpha, double epsilon) {
    return update(
        "rmsprop", update, List.of(squares), (float) alpha, (float) (1 - alpha), (float) epsilon);
  }

  /**
   * @param corrections two floats: learning rate / (1 − β₁ᵗ), and 1/√(1 − β₂ᵗ)
   */
  Operation updateAdam(
      Kernels.Update update,
      long mean,
      long squares,
      double beta1,
      double beta2,
      double epsilon,
      boolean decoupled,
      long corrections) {
    return update(
        "adam",
        update,
        List.of(mean, squares),
        (float) beta1,
        (float) (1 - beta1),
        (float) beta2,
        (float) (1 - beta2),
        (float) epsilon,
        decoupled ? 1 : 0,
        corrections);
  }

  /** One launch over all parameters; {@code own} are the arguments that only this rule takes. */
  private Operation update(String rule, Kernels.Update update, List<Long> state, Object... own) {
    long together = update.parameters() | update.gradients() | update.copy();
    for (long address : state) {
      together |= address;
    }
    int width = together % 16 == 0 ? 4 : 1;
    List<Object> arguments =
        new ArrayList<>(
            List.of(
                update.parameters(),
                update.gradients(),
                update.copy(),
                update.count(),
                update.decayed(),
                (float) update.weightDecay(),
                update.scale(),
                update.guard(),
                update.pace()));
    arguments.addAll(state);
    arguments.addAll(List.of(own));
    return launcher.launch(
        rule + "_f32x" + width,
        CudaDriver.Grid.of((int) blocks(update.count(), width), Panels.THREADS),
        arguments.toArray());
  }

  private static long blocks(long count, int perThread) {
    long perBlock = (long) Panels.THREADS * perThread;
    return Math.max(1, (count + perBlock - 1) / perBlock);
  }
}
