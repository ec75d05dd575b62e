package dev.evenkeel.train;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.loss.Loss;
import dev.evenkeel.nn.Memory;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import dev.evenkeel.nn.Pass;
import dev.evenkeel.tensor.InputLayout;
import dev.evenkeel.tensor.Matrix;
import java.util.OptionalLong;

/**
 * The memory that a network takes on a device, found by binding it there: exact, but for the tables
 * of data, which are not counted.
 *
 * @param training bytes of a training run: model, activations, gradients, optimizer; empty for a
 *     single row through batch norm, which can't be trained on
 * @param inference bytes of a model that only answers
 */
public record MemoryPlan(OptionalLong training, long inference) {

  /**
   * @param backend of its own for this call; a planner takes no memory while it counts
   * @param batch the largest number of rows
   */
  public static MemoryPlan of(Network network, Backend backend, Recipe recipe, int batch) {
    try (Model model = network.withoutValues(backend)) {
      long answering = inference(model, batch);
      return batch < network.smallestBatch()
          ? new MemoryPlan(OptionalLong.empty(), answering)
          : new MemoryPlan(OptionalLong.of(training(model, recipe, batch)), answering);
    }
  }

  private static long inference(Model model, int batch) {
    Backend backend = model.backend();
    try (Memory memory = new Memory(backend, batch)) {
      Matrix x = memory.take(batch, model.network().inputs());
      Pass pass = Pass.inference(model, memory, x);
      try (var all =
          backend.sequence(pass.forward().stream().map(Pass.Named::operation).toList())) {
        return backend.allocatedBytes();
      }
    }
  }

  /** With tables of a single row, which is taken off again. */
  private static long training(Model model, Recipe recipe, int batch) {
    boolean classes = recipe.loss() instanceof Loss.SoftmaxCrossEntropy;
    int targetColumns = classes ? 1 : model.network().outputs();
    Backend backend = model.backend();
    long before = backend.allocatedBytes();
    InputLayout inputs = InputLayout.plain(model.network().inputs());
    try (TrainingStep.Source rows = RunMemory.anyRows(model, inputs, targetColumns, false, batch)) {
      long ofTables = backend.allocatedBytes() - before;
      try (TrainingStep step = TrainingStep.of(model, rows, recipe, batch)) {
        return backend.allocatedBytes() - ofTables;
      }
    }
  }
}
