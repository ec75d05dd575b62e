package dev.evenkeel.train;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.DeviceMemoryException;
import dev.evenkeel.data.Batches;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.nn.DataStart;
import dev.evenkeel.nn.Memory;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Pass;
import dev.evenkeel.tensor.Matrix;
import dev.evenkeel.tensor.RowOrder;
import java.util.Optional;

/**
 * Finds the batch that a device has room for, by binding the run to a backend that only counts:
 * exact to the byte, padding and scratch included.
 */
final class LargestBatch {

  private LargestBatch() {}

  /**
   * The same exception with advice, where the device can be planned for.
   *
   * @param held bytes before the run took any: the model's, and what others have on the device
   */
  static DeviceMemoryException advise(
      DeviceMemoryException cause,
      long held,
      Model model,
      Recipe recipe,
      Dataset train,
      Optional<Dataset> valid) {
    Optional<Backend> planner = model.backend().planner();
    if (planner.isEmpty()) {
      return cause;
    }
    int smallest = model.network().hasBatchNorm() ? 2 : 1;
    try (Backend counting = planner.get();
        Model planned = model.network().build(counting, recipe.seed())) {
      long ofTheModel = counting.allocatedBytes();
      Matrix features = counting.inputs(train.features(), train.rows(), train.columns());
      Matrix targets = counting.table(train.targets(), train.rows(), train.targetColumns());
      TrainingStep.Source source =
          new TrainingStep.Source(features, targets, new RowOrder(new int[train.rows()]));
      bindWeights(planned);
      long room = cause.room() - held - (counting.allocatedBytes() - ofTheModel);
      int fits = 0;
      for (int batch = Integer.highestOneBit(recipe.batch());
          batch >= smallest && fits == 0;
          batch /= 2) {
        Batches batches = Batches.of(train.rows(), batch, smallest);
        fits = bytes(planned, source, recipe, batches, valid) <= room ? batch : 0;
      }
      features.buffer().close();
      targets.buffer().close();
      return new DeviceMemoryException(
          cause, fits == 0 ? "no batch would fit" : "--batch %,d would fit".formatted(fits));
    }
  }

  /**
   * Products may make copies of the weights, which stay: here, or the first batch alone had them.
   */
  private static void bindWeights(Model planned) {
    try (Memory memory = new Memory(planned.backend(), 1)) {
      Pass.inference(planned, memory, memory.take(1, planned.network().inputs()));
    }
  }

  /**
   * What Trainer takes beside its tables, in its order: it depends on what is left whether those of
   * the evaluator lie on the device.
   */
  private static long bytes(
      Model planned,
      TrainingStep.Source source,
      Recipe recipe,
      Batches batches,
      Optional<Dataset> valid) {
    long before = planned.backend().allocatedBytes(); // with what tables hold of earlier batches
    // Its batch comes out of a table on the host by memory of its own, which the table keeps.
    DataStart.set(planned, source.features(), new int[batches.size(0)]);
    try (TrainingStep step =
        new TrainingStep(
            planned,
            source,
            recipe.loss(),
            recipe.optimizer(),
            recipe.clip(),
            batches.largest(),
            recipe.seed())) {
      step.prepare(batches.smallest());
      if (valid.isEmpty()) {
        return planned.backend().allocatedBytes() - before;
      }
      try (Evaluator evaluator =
          new Evaluator(planned, valid.get(), Optional.of(recipe.loss()), batches.largest())) {
        return planned.backend().allocatedBytes() - before;
      }
    }
  }
}
