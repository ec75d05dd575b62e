package dev.evenkeel.deploy;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.data.Preparation;
import dev.evenkeel.data.Target;
import dev.evenkeel.loss.Loss;
import dev.evenkeel.nn.Folding;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import dev.evenkeel.train.SavedModel;
import java.util.Map;
import java.util.Optional;

/**
 * A trained model as it goes to another place: the network, its values on the host, what its inputs
 * go through before it, and what its outputs mean.
 *
 * @param values parameters and statistics by their names, those that PyTorch gives an equal {@code
 *     nn.Sequential}
 */
public record Inference(
    Network network, Map<String, float[]> values, Optional<Preparation> preparation, Loss loss) {

  /** How much of the training's network is left. */
  public enum Form {
    /** As few layers as give the same outputs: see {@link Folding}. */
    FOLDED,
    /** The norms stay; dropout and weight norm, which inference does without, go. */
    WITH_NORMS,
    /** Every layer as it was trained, so that another trainer can go on. */
    AS_TRAINED
  }

  public static Inference of(SavedModel saved, Form form) {
    try (Backend backend = Device.cpu(1);
        Model model = saved.build(backend)) {
      return of(model, form, saved.preparation(), saved.recipe().loss());
    }
  }

  public static Inference of(Model model, Form form, Optional<Preparation> preparation, Loss loss) {
    if (form == Form.AS_TRAINED) {
      return new Inference(model.network(), model.values(), preparation, loss);
    }
    Folding left = form == Form.FOLDED ? Folding.fold(model) : Folding.keepingNorms(model);
    return new Inference(left.network(), left.values(), preparation, loss);
  }

  /** A model of it, on a device. */
  Model build(Backend backend) {
    Model model = network.build(backend, 0);
    model.fill(values);
    return model;
  }

  /** For rows with named columns. */
  Preparation requirePreparation() {
    return preparation.orElseThrow(
        () ->
            new EvenkeelException(
                "The model holds no preparation, so it takes %s, not rows with named columns"
                    .formatted(Words.counted(network.inputs(), "number"))));
  }

  Meaning meaning() {
    Optional<Target> target = preparation.map(Preparation::target);
    if (target.isPresent() && target.get() instanceof Target.Labels labels) {
      return network.outputs() == 1 && labels.classes().size() == 2
          ? Meaning.SECOND_OF_TWO
          : Meaning.PROBABILITIES;
    }
    if (target.isPresent() && target.get() instanceof Target.Flags) {
      return Meaning.INDEPENDENT;
    }
    if (loss instanceof Loss.SoftmaxCrossEntropy) {
      return Meaning.PROBABILITIES;
    }
    return loss instanceof Loss.BinaryCrossEntropy ? Meaning.INDEPENDENT : Meaning.VALUES;
  }
}
