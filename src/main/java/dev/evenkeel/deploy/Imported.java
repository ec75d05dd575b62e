package dev.evenkeel.deploy;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.data.Preparation;
import dev.evenkeel.data.Target;
import dev.evenkeel.io.Safetensors;
import dev.evenkeel.loss.Loss;
import dev.evenkeel.nn.Model;
import dev.evenkeel.train.Recipe;
import dev.evenkeel.train.SavedModel;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Another library's model as one of ours: {@link OnnxImport} and {@link KerasImport} read it,
 * {@link #save} makes a run folder of it.
 *
 * @param source what it was read from
 * @param model every layer as it is to be trained, with a preparation and a loss
 * @param notes what is not quite as it was, a sentence each
 */
public record Imported(String source, Inference model, List<String> notes) {

  public Imported {
    notes = List.copyOf(notes);
  }

  /**
   * The same as a classification: what a file without a softmax at its end does not say.
   *
   * @param classes a name for each output, in their order; of one output, for not and for so
   */
  public Imported withClasses(List<String> classes) {
    int outputs = model.network().outputs();
    int needed = outputs == 1 ? 2 : outputs;
    if (classes.size() != needed || new HashSet<>(classes).size() != needed) {
      throw new EvenkeelException(
          "%s has %s, so it needs the names of %s, all different, not %s"
              .formatted(
                  source,
                  Words.counted(outputs, "output"),
                  Words.counted(needed, "class"),
                  classes));
    }
    Preparation before = model.preparation().orElseThrow();
    Target target = new Target.Labels("label", classes);
    Preparation preparation = new Preparation(before.features(), before.standardize(), target);
    Loss loss = outputs == 1 ? Loss.binaryCrossEntropy() : Loss.crossEntropy();
    return new Imported(
        source,
        new Inference(model.network(), model.values(), Optional.of(preparation), loss),
        notes);
  }

  /** The model with its weights, on a device: to be trained on, or to be looked into. */
  public Model build(Backend backend) {
    return model.build(backend);
  }

  /** Answers for single rows, without a file. */
  public Predictor predictor() {
    try (Backend backend = Device.cpu(1);
        Model built = build(backend)) {
      return new Predictor(
          Inference.of(built, Inference.Form.FOLDED, model.preparation(), model.loss()));
    }
  }

  /** Writes model.safetensors into a folder that is there, for everything that takes a model. */
  public SavedModel save(Path folder) {
    Path file = folder.resolve(SavedModel.MODEL_FILE);
    try (Backend backend = Device.cpu(1);
        Model built = build(backend)) {
      new SavedModel(
              file,
              model.network(),
              recipe(),
              model.preparation(),
              Map.of("imported", source),
              new Safetensors.Content(file, Map.of(), Map.of()))
          .write(file, built);
    }
    return SavedModel.load(file);
  }

  /** As for a new training: files of a model do not say how it was trained. */
  private Recipe recipe() {
    boolean classes = model.preparation().orElseThrow().target() instanceof Target.Labels;
    return (classes ? Recipe.classification() : Recipe.regression()).withLoss(model.loss());
  }
}
