package dev.evenkeel.train;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Parameter;
import dev.evenkeel.nn.Pass;
import dev.evenkeel.tensor.Matrix;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A loss or a trained value that is NaN or infinite: where it came from, and what to try. */
public final class NonFiniteException extends EvenkeelException {

  /**
   * Made after the forward operations on that batch, while their outputs are still there.
   *
   * @param clips whether gradients are clipped
   */
  NonFiniteException(Model model, Matrix batch, Pass pass, long step, float loss, boolean clips) {
    super(
        "Training stopped at step %d: the loss is %s. %s; the parameters are as they were before this step. %s"
            .formatted(step + 1, loss, where(model, batch, pass), help(model, clips)));
  }

  private NonFiniteException(Model model, long step, String name, boolean clips, boolean saved) {
    super(
        "Training stopped after step %d: %s is NaN or infinite, though the loss was not. Nothing of it was saved%s. %s"
            .formatted(
                step, name, saved ? "; a checkpoint from before stays" : "", help(model, clips)));
  }

  /**
   * Throws where anything that would be kept is NaN or infinite.
   *
   * @param folder of the checkpoints, where there are any
   */
  static void check(Model model, long step, boolean clips, Optional<Path> folder) {
    for (Parameter one : model.all()) {
      if (model.backend().hasNonFinite(one.value())) {
        boolean saved =
            folder
                .filter(path -> Files.exists(path.resolve(SavedModel.CHECKPOINT_FILE)))
                .isPresent();
        throw new NonFiniteException(model, step, one.name(), clips, saved);
      }
    }
  }

  /** What is not done already. */
  private static String help(Model model, boolean clips) {
    String clip = clips ? "" : "--clip 1";
    String norm = model.network().hasBatchNorm() ? "" : "--norm batch";
    return Stream.of("a smaller --lr", clip, norm)
        .filter(one -> !one.isEmpty())
        .collect(Collectors.joining(" or ", "help: try ", ""));
  }

  private static String where(Model model, Matrix batch, Pass pass) {
    Backend backend = model.backend();
    if (backend.hasNonFinite(batch)) {
      return "The batch itself holds NaN or infinite values";
    }
    for (Parameter parameter : model.parameters()) {
      if (backend.hasNonFinite(parameter.value())) {
        return "The parameter " + parameter.name() + " became NaN or infinite in an earlier update";
      }
    }
    for (Pass.Named named : pass.forward()) {
      if (backend.hasNonFinite(named.result())) {
        return "It first appeared in the output of layer " + named.name();
      }
    }
    return "All layers are still finite: it first appeared in the loss";
  }
}
