package dev.evenkeel.backend.cuda;

import dev.evenkeel.backend.Operation;

/**
 * Work that is put on the backend's stream. Run alone, it brings the scalars up to date first; in a
 * sequence that is done once for all.
 *
 * @param work what is put on the stream, and can be recorded
 * @param held what scalars belong to: a Step, a RowOrder, or null
 * @param around what the host does around it at every run, recorded or not; or null
 */
record CudaOperation(StepScalars scalars, Operation work, Object held, Around around)
    implements Operation {

  /** What the host does around some work. */
  interface Around {
    /** Before the scalars are brought up to date. */
    void before();

    /** After the work was put on the stream. */
    default void after() {}
  }

  CudaOperation(StepScalars scalars, Operation work, Object held) {
    this(scalars, work, held, null);
  }

  @Override
  public void run() {
    if (around != null) {
      around.before();
    }
    scalars.refresh();
    work.run();
    if (around != null) {
      around.after();
    }
  }
}
