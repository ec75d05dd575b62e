package dev.evenkeel.backend.cuda;

import dev.evenkeel.backend.Operation;
import dev.evenkeel.backend.Workers;
import dev.evenkeel.tensor.InputLayout;
import dev.evenkeel.tensor.Matrix;
import dev.evenkeel.tensor.RowOrder;
import dev.evenkeel.tensor.Rows;
import java.util.List;
import java.util.Optional;

/**
 * Tables of data, on the device where they fit, else on the host; and the batches that are gathered
 * from them. A table is a piece of memory of its own: no plan counts it.
 */
final class CudaTables {

  /** Tables that take more of the free memory than this stay on the host. */
  private static final double SHARE = 0.6;

  /** Threads that bring rows together: more find the host's memory busy. */
  private static final int MOST_WORKERS = 8;

  private final CudaDriver driver;
  private final CudaMemory memory;
  private final Staging staging;
  private final StepScalars scalars;
  private final Kernels kernels;
  private final ElementType activations;
  private final long[] gatherNanos = new long[1];

  /** The stream of batches that come from the host; 0 until there is such a table. */
  private long copies;

  private Optional<Workers> workers = Optional.empty();

  CudaTables(
      CudaMemory memory,
      Staging staging,
      StepScalars scalars,
      Kernels kernels,
      ElementType activations) {
    this.driver = memory.driver;
    this.memory = memory;
    this.staging = staging;
    this.scalars = scalars;
    this.kernels = kernels;
    this.activations = activations;
  }

  Matrix table(float[] values, int rows, int columns) {
    if (!fits(4L * values.length)) {
      HostTable table = new HostTable(Rows.of(values, columns), InputLayout.plain(columns));
      return Matrix.of(table, rows, columns);
    }
    long size = (long) rows * columns;
    Matrix matrix = Matrix.of(CudaBuffer.floats(memory, memory::allocate, size), rows, columns);
    staging.upload(values, CudaBuffer.view(matrix));
    return matrix;
  }

  /** The same, stored as activations are, or in short where the layout isn't plain. */
  Matrix inputs(Rows stored, InputLayout layout) {
    int rows = stored.count();
    int columns = layout.inputs();
    long bytes =
        layout.isPlain()
            ? CudaBuffer.activationBytes(rows, columns, activations)
            : ShortTable.bytes(stored, layout);
    if (!fits(bytes)) {
      return Matrix.of(new HostTable(stored, layout), rows, columns);
    }
    if (!layout.isPlain()) {
      ShortTable table = new ShortTable(memory, staging, rows, layout);
      return filled(stored, table.stored(), Matrix.of(table, rows, columns));
    }
    CudaBuffer buffer =
        CudaBuffer.activations(memory, memory::allocate, rows, columns, activations);
    Matrix matrix = Matrix.of(buffer, rows, columns);
    return filled(stored, CudaBuffer.view(matrix), matrix);
  }

  /** Rows of others' making may throw what they like. */
  private Matrix filled(Rows rows, View target, Matrix table) {
    try {
      if (driver.holdsData() && rows.array().isPresent()) {
        staging.upload(rows.array().get(), target);
      } else if (driver.holdsData()) {
        staging.upload(rows, target, workers());
      }
      return table;
    } catch (RuntimeException | Error e) {
      table.buffer().close();
      throw e;
    }
  }

  private Workers workers() {
    if (workers.isEmpty()) {
      int processors = Runtime.getRuntime().availableProcessors();
      workers = Optional.of(new Workers(Math.min(MOST_WORKERS, processors)));
    }
    return workers.get();
  }

  /** Whether it leaves room for what a run needs beside it. */
  private boolean fits(long bytes) {
    return bytes <= SHARE * driver.freeMemory();
  }

  /** Nanoseconds that the host spent on bringing batches together. */
  long gatherNanos() {
    return gatherNanos[0];
  }

  Operation gather(Matrix table, RowOrder order, Matrix batch) {
    View target = CudaBuffer.view(batch);
    if (HostTable.holds(table)) {
      return stagedGather(table, order, target);
    }
    View stored = ShortTable.stored(table);
    View none = View.floats(0, 0, 0);
    DeviceOrder walk = scalars.order(order, table.rows());
    Operation work =
        kernels.data.gather(
            stored, ShortTable.inputs(table), none, walk.rows(), walk.position(), target, none);
    return new CudaOperation(scalars, work, order, () -> walk.send(batch.rows()));
  }

  /** One launch where both tables lie on the device. */
  Operation gatherWithTargets(
      Matrix features, Matrix targets, RowOrder order, Matrix batch, Matrix batchTargets) {
    if (HostTable.holds(features) || HostTable.holds(targets)) {
      List<Operation> both =
          List.of(gather(features, order, batch), gather(targets, order, batchTargets));
      return new CudaSequence(memory, scalars, both, false);
    }
    View stored = ShortTable.stored(features);
    DeviceOrder walk = scalars.order(order, Math.min(features.rows(), targets.rows()));
    Operation work =
        kernels.data.gather(
            stored,
            ShortTable.inputs(features),
            CudaBuffer.view(targets),
            walk.rows(),
            walk.position(),
            CudaBuffer.view(batch),
            CudaBuffer.view(batchTargets));
    return new CudaOperation(scalars, work, order, () -> walk.send(batch.rows()));
  }

  private CudaOperation stagedGather(Matrix table, RowOrder order, View batch) {
    if (copies == 0) {
      copies = driver.createStream();
    }
    StagedGather gather =
        new StagedGather(memory, copies, workers(), table, order, batch, gatherNanos);
    HostTable.of(table).own(gather);
    return new CudaOperation(scalars, gather.work(kernels, scalars), gather, gather);
  }

  void stopWorkers() {
    workers.ifPresent(Workers::close);
  }

  void close() {
    if (copies != 0) {
      driver.destroyStream(copies);
    }
  }
}
