package dev.evenkeel.train;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.data.Preparation;
import dev.evenkeel.io.Json;
import dev.evenkeel.io.Safetensors;
import dev.evenkeel.io.Safetensors.Tensor;
import dev.evenkeel.nn.Model;
import dev.evenkeel.tensor.Matrix;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A training that can go on: one safetensors file with the model, the optimizer's vectors, the best
 * weights so far, and in its metadata the {@link Progress}. Written whole or not at all, with a
 * checksum over every byte.
 */
final class Checkpoint {

  private static final String BEST = "best/";
  private static final String OPTIMIZER = "optimizer/";

  private Checkpoint() {}

  /**
   * @param best the best weights so far, empty before the first validation
   */
  static void write(
      Path file,
      Model model,
      Recipe recipe,
      Optional<Preparation> preparation,
      Map<String, String> notes,
      Progress progress,
      List<Matrix> optimizerState,
      Map<String, float[]> best) {
    LinkedHashMap<String, Tensor> tensors = new LinkedHashMap<>();
    SavedModel.put(tensors, "", model, model.values());
    for (int i = 0; i < optimizerState.size(); i++) {
      float[] values = new float[optimizerState.get(i).columns()];
      model.backend().read(optimizerState.get(i), values);
      tensors.put(OPTIMIZER + i, Tensor.of(values, values.length));
    }
    if (!best.isEmpty()) {
      SavedModel.put(tensors, BEST, model, best);
    }
    Map<String, String> metadata = SavedModel.metadata(model.network(), recipe, preparation, notes);
    metadata.put(SavedModel.PREFIX + "progress", Json.write(progress));
    Safetensors.write(file, metadata, tensors);
  }

  static Progress progress(SavedModel saved) {
    if (!saved.content().metadata().containsKey(SavedModel.PREFIX + "progress")) {
      throw new EvenkeelException(
          "%s is a finished model, not a checkpoint: training can't go on from it"
              .formatted(saved.file()));
    }
    return SavedModel.part(saved.file(), saved.content().metadata(), "progress", Progress.class);
  }

  static void restoreOptimizer(SavedModel saved, Model model, List<Matrix> state) {
    for (int i = 0; i < state.size(); i++) {
      model.backend().write(saved.content().floats(OPTIMIZER + i), state.get(i));
    }
  }

  /** The best weights of the checkpoint, empty where it has none. */
  static Map<String, float[]> best(SavedModel saved, Model model) {
    boolean none =
        saved.content().tensors().keySet().stream().noneMatch(name -> name.startsWith(BEST));
    return none ? Map.of() : saved.values(model, BEST);
  }
}
