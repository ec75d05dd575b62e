package dev.evenkeel.backend.cuda;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Operation;
import java.util.List;
import java.util.function.Function;

/**
 * A second stream, with a cuBLAS of its own, for products too small to fill the device: they run
 * beside what the backend's stream does meanwhile. It is made when the first such product is bound.
 */
final class SideStream implements AutoCloseable {

  /** Rows and columns of the piece of a product that a multiprocessor makes at a time. */
  private static final int TILE = 128;

  /** Small products want less of cuBLAS' workspace than large ones. */
  private static final int SHARE = 4;

  private final CudaDriver driver;
  private final CudaMemory memory;
  private final CudaLibraries libraries;
  private final StepScalars scalars;
  private final long main;
  private long workspace;
  private long stream;
  private long begun;
  private long ended;
  private Blas blas;

  SideStream(CudaMemory memory, CudaLibraries libraries, StepScalars scalars) {
    this.driver = memory.driver;
    this.memory = memory;
    this.libraries = libraries;
    this.scalars = scalars;
    this.main = memory.stream;
  }

  /**
   * The beginning or the end of a product.
   *
   * @param alone what it does outside of a sequence that has both: all in order
   */
  record Half(StepScalars scalars, Operation product, Operation alone, Operation besideOthers)
      implements Operation {
    @Override
    public void run() {
      scalars.refresh();
      alone.run();
    }

    /** What it does in a sequence of these. */
    Operation among(List<Operation> all) {
      return all.stream().anyMatch(this::isOtherHalf) ? besideOthers : alone;
    }

    private boolean isOtherHalf(Operation one) {
      return one != this && one instanceof Half half && half.product == product;
    }
  }

  /** Whether c leaves multiprocessors without work. */
  boolean suits(View c) {
    return tiles(c.rows()) * tiles(c.columns()) < driver.properties().multiprocessors();
  }

  private static long tiles(int length) {
    return (length + TILE - 1) / TILE;
  }

  /**
   * A product that runs beside what comes between its beginning and its end.
   *
   * @param product made by the cuBLAS that it is given
   * @param ofMain the cuBLAS of the backend's stream
   */
  Backend.Beside beside(Function<Blas, Operation> product, Blas ofMain) {
    open();
    Operation here = product.apply(blas);
    Operation begin =
        () -> {
          driver.record(begun, main);
          driver.await(stream, begun);
          here.run();
          driver.record(ended, stream);
        };
    return new Backend.Beside(
        new Half(scalars, here, product.apply(ofMain), begin),
        new Half(scalars, here, () -> {}, () -> driver.await(main, ended)));
  }

  /** Opens it where that of a planner was opened. */
  void openLike(SideStream planned) {
    if (planned.blas != null) {
      open();
    }
  }

  private void open() {
    if (blas != null) {
      return;
    }
    long bytes = libraries.workspaceBytes(driver.properties()) / SHARE;
    workspace = bytes == 0 ? 0 : memory.allocate(bytes);
    stream = driver.createStream();
    memory.waitsFor(stream);
    begun = driver.createEvent(false);
    ended = driver.createEvent(false);
    try {
      blas = memory.refusing("cuBLAS", () -> libraries.blas(driver, stream, workspace, bytes));
    } catch (RuntimeException | Error e) {
      giveBack();
      throw e;
    }
  }

  private void giveBack() {
    memory.waitsNoMoreFor(stream);
    driver.destroyEvent(begun);
    driver.destroyEvent(ended);
    driver.destroyStream(stream);
    if (workspace != 0) {
      memory.free(workspace);
    }
  }

  @Override
  public void close() {
    if (blas != null) {
      driver.synchronize(stream);
      blas.close();
      giveBack();
    }
  }
}
