package dev.evenkeel.train;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.DeviceMemoryException;
import dev.evenkeel.data.Batches;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.nn.DataStart;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.PopulationStatistics;
import dev.evenkeel.tensor.Buffer;
import dev.evenkeel.tensor.InputLayout;
import dev.evenkeel.tensor.Matrix;
import dev.evenkeel.tensor.RowOrder;
import dev.evenkeel.tensor.Rows;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What a run takes on its device, found by binding it to a backend that only counts: exact to the
 * byte, padding and scratch included. So its buffers come as one piece, and where there is no room
 * for it, the batch is known that would fit.
 */
record RunMemory(Model model, Recipe recipe, Dataset train, Optional<Dataset> valid) {

  /** More than any device has: the counting one has it. */
  private static final long EVERYTHING = 1L << 50;

  /** Takes the memory of all buffers of the run, tables and what is passing left out. */
  Backend.Arena take(Batches batches) {
    return take(
        model,
        planned ->
            bind(
                planned,
                anyRows(
                    planned,
                    train.layout(),
                    train.weighedColumns(),
                    train.isWeighted(),
                    batches.largest()),
                batches));
  }

  /**
   * Takes in one piece what buffers will need.
   *
   * @param run binds to the model it is given what will be bound to this one; what it leaves open
   *     goes with that model's backend
   */
  static Backend.Arena take(Model model, Consumer<Model> run) {
    Optional<Backend> planner = model.backend().planner();
    if (planner.isEmpty()) {
      return model.backend().arena(0);
    }
    try (Backend counting = planner.get();
        Model planned = model.network().withoutValues(counting);
        Backend.Arena all = counting.arena(EVERYTHING)) {
      run.accept(planned);
      long used = all.used();
      bindWhatPasses(planned);
      model.backend().prepareLike(counting);
      return model.backend().arena(used);
    }
  }

  /** What a run may need beside its steps: the search for NaN, statistics over all rows. */
  private static void bindWhatPasses(Model planned) {
    Backend backend = planned.backend();
    int inputs = planned.network().inputs();
    try (Buffer rows = backend.allocateActivations(2, inputs)) {
      Matrix any = Matrix.of(rows, 2, inputs);
      backend.hasNonFinite(any);
      NonFiniteException.check(planned, 0, false, Optional.empty());
      PopulationStatistics.update(planned, any, 2);
    }
  }

  /** A table of a single row: how many it has is nothing to a step. */
  static TrainingStep.Source anyRows(
      Model planned, InputLayout layout, int targetColumns, boolean weighted, int batch) {
    Backend backend = planned.backend();
    return new TrainingStep.Source(
        backend.inputs(Rows.of(new float[layout.stored()], layout.stored()), layout),
        backend.table(new float[targetColumns], 1, targetColumns),
        weighted,
        new RowOrder(new int[batch]));
  }

  /**
   * The same exception with advice.
   *
   * @param held bytes before the run took any: the model's, and what others have on the device
   */
  DeviceMemoryException advise(DeviceMemoryException cause, long held) {
    int smallest = model.network().smallestBatch();
    for (int batch = Integer.highestOneBit(recipe.batch()); batch >= smallest; batch /= 2) {
      Backend planner = model.backend().planner().orElseThrow(); // of a GPU: no other runs out
      long bytes = bytesOf(planner, Batches.of(train.rows(), batch, smallest));
      if (bytes <= cause.room() - held) {
        return new DeviceMemoryException(cause, "--batch %,d would fit".formatted(batch));
      }
    }
    return new DeviceMemoryException(cause, "no batch would fit");
  }

  /**
   * What a run takes beside its model. With the arena, for it leaves less to the tables of the
   * evaluator, which then may stay on the host, and want buffers of their own.
   */
  private long bytesOf(Backend planner, Batches batches) {
    try (planner;
        Model planned = model.network().withoutValues(planner)) {
      long ofTheModel = planner.allocatedBytes();
      try (TrainingStep.Source rows = TrainingStep.Source.of(planner, train)) {
        DataStart.set(planned, rows.features(), new int[batches.size(0)]);
        try (Backend.Arena all = new RunMemory(planned, recipe, train, valid).take(batches)) {
          return bind(planned, rows, batches) - ofTheModel;
        }
      }
    }
  }

  /**
   * Binds what Trainer does, in its order (it depends on what is left whether tables of the
   * evaluator lie on the device), and lets go of it.
   *
   * @return the bytes that were held with it
   */
  private long bind(Model planned, TrainingStep.Source source, Batches batches) {
    try (TrainingStep step = TrainingStep.of(planned, source, recipe, batches.largest())) {
      step.prepare(batches.smallest());
      if (valid.isEmpty()) {
        return planned.backend().allocatedBytes();
      }
      try (Evaluator evaluator =
          new Evaluator(planned, valid.get(), Optional.of(recipe.loss()), batches.largest())) {
        return planned.backend().allocatedBytes();
      }
    }
  }
}
