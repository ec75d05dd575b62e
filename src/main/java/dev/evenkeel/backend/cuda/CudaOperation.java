package dev.evenkeel.backend.cuda;

import dev.evenkeel.backend.Operation;

/**
 * Work that is put on the backend's stream. Run alone, it brings the settings up to date first; in
 * a sequence that is done once for all.
 *
 * @param work what is put on the stream
 * @param held what settings belong to: a Step, a RowOrder, or null
 */
record CudaOperation(Settings settings, Operation work, Object held) implements Operation {

  @Override
  public void run() {
    settings.refresh();
    work.run();
  }
}
