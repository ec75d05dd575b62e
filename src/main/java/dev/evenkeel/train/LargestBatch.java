package dev.evenkeel.train;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.DeviceMemoryException;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.nn.Model;
import dev.evenkeel.tensor.Buffer;
import dev.evenkeel.tensor.Matrix;
import dev.evenkeel.tensor.RowOrder;
import java.util.Optional;

/**
 * Finds the batch that a device has room for, by binding the run to a backend that only counts:
 * exact to the byte, padding and scratch included.
 */
final class LargestBatch {

  private LargestBatch() {}

  /** The same exception with advice, where the device can be planned for. */
  static DeviceMemoryException advise(
      DeviceMemoryException cause,
      Model model,
      Recipe recipe,
      Dataset train,
      Optional<Dataset> valid) {
    Optional<Backend> planner = model.backend().planner();
    if (planner.isEmpty()) {
      return cause;
    }
    try (Backend counting = planner.get();
        Model planned = model.network().build(counting, recipe.seed());
        Buffer features = counting.allocateActivations(train.rows(), train.columns());
        Buffer targets = counting.allocate((long) train.rows() * train.targetColumns());
        Buffer unseen =
            counting.allocateActivations(
                valid.map(Dataset::rows).orElse(0), valid.map(Dataset::columns).orElse(1))) {
      TrainingStep.Source source =
          new TrainingStep.Source(
              Matrix.of(features, train.rows(), train.columns()),
              Matrix.of(targets, train.rows(), train.targetColumns()),
              new RowOrder(new int[train.rows()]));
      int fits = 0;
      int smallest = model.network().hasBatchNorm() ? 2 : 1;
      for (int batch = Integer.highestOneBit(recipe.batch());
          batch >= smallest && fits == 0;
          batch /= 2) {
        fits = bytes(planned, source, recipe, batch) <= cause.room() ? batch : 0;
      }
      return new DeviceMemoryException(
          cause, fits == 0 ? "no batch would fit" : "--batch %,d would fit".formatted(fits));
    }
  }

  private static long bytes(Model planned, TrainingStep.Source source, Recipe recipe, int batch) {
    try (TrainingStep step =
        new TrainingStep(
            planned,
            source,
            recipe.loss(),
            recipe.optimizer(),
            recipe.clip(),
            batch,
            recipe.seed())) {
      return planned.backend().allocatedBytes();
    }
  }
}
