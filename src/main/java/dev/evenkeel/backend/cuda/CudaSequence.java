package dev.evenkeel.backend.cuda;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Operation;
import java.util.ArrayList;
import java.util.List;

/**
 * Operations that are run one by one the first time, which lets libraries set themselves up, and as
 * one graph from the second time on. No run is for warming up: each does its work once.
 */
final class CudaSequence implements Backend.Sequence {

  private final CudaDriver driver;
  private final CudaMemory memory;
  private final long stream;
  private final StepScalars scalars;
  private final List<Operation> operations;
  private final Operation[] work;
  private final CudaOperation.Around[] around;
  private final boolean replays;
  private boolean hasRun;
  private CudaDriver.Graph graph;

  CudaSequence(
      CudaMemory memory, StepScalars scalars, List<Operation> operations, boolean replays) {
    this.driver = memory.driver;
    this.memory = memory;
    this.stream = memory.stream;
    this.scalars = scalars;
    this.operations = List.copyOf(operations); // scalars live as long as somebody holds these
    this.replays = replays;
    List<Operation> all = new ArrayList<>();
    List<CudaOperation.Around> around = new ArrayList<>();
    for (Operation one : operations) {
      if (one instanceof SideStream.Half half) {
        all.add(half.among(operations));
      } else {
        add(one, all, around);
      }
    }
    this.work = all.toArray(Operation[]::new);
    this.around = around.toArray(CudaOperation.Around[]::new);
  }

  private static void add(
      Operation operation, List<Operation> all, List<CudaOperation.Around> around) {
    if (operation instanceof CudaOperation one) {
      all.add(one.work());
      if (one.around() != null) {
        around.add(one.around());
      }
    } else if (operation instanceof CudaSequence inner) {
      all.addAll(List.of(inner.work));
      around.addAll(List.of(inner.around));
    } else {
      throw new EvenkeelException("An operation of another device was given to the CUDA backend");
    }
  }

  @Override
  public void run() {
    for (CudaOperation.Around one : around) {
      one.before();
    }
    scalars.refresh();
    replayOrEnqueue();
    for (CudaOperation.Around one : around) {
      one.after();
    }
  }

  private void replayOrEnqueue() {
    if (!hasRun || !replays) {
      enqueue();
      hasRun = true;
      return;
    }
    if (graph == null) {
      graph = memory.refusing("a step's graph", () -> driver.recorded(stream, this::enqueue));
    }
    graph.launch(stream);
  }

  private void enqueue() {
    for (Operation operation : work) {
      operation.run();
    }
  }

  @Override
  public int nodes() {
    return graph == null ? 0 : graph.nodes();
  }

  @Override
  public void close() {
    if (graph != null && !memory.isClosed()) {
      driver.synchronize(stream);
      graph.close();
      graph = null;
      hasRun = false;
    }
  }
}
