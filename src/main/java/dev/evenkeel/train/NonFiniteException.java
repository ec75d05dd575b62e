package dev.evenkeel.train;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Parameter;
import dev.evenkeel.nn.Pass;
import dev.evenkeel.tensor.Matrix;

/** A loss or a trained value that is NaN or infinite: where it came from, and what to try. */
public final class NonFiniteException extends EvenkeelException {

  /** Made after the forward operations on that batch, while their outputs are still there. */
  NonFiniteException(Model model, Matrix batch, Pass pass, long step, float loss) {
    super(
        "Training stopped at step %d: the loss is %s. %s; the parameters are as they were before this step. help: try a smaller --lr, --clip 1, or --norm batch"
            .formatted(step + 1, loss, where(model, batch, pass)));
  }

  private NonFiniteException(long step, String name) {
    super(
        "Training stopped after step %d: %s is NaN or infinite, though the loss was not. Nothing of it was saved; a checkpoint from before stays. help: try a smaller --lr, --clip 1, or --norm batch"
            .formatted(step, name));
  }

  /** Throws where anything that would be kept is NaN or infinite. */
  static void check(Model model, long step) {
    for (Parameter one : model.all()) {
      if (model.backend().hasNonFinite(one.value())) {
        throw new NonFiniteException(step, one.name());
      }
    }
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
