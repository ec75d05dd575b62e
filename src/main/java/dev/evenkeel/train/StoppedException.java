package dev.evenkeel.train;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import java.nio.file.Path;

/** A training that ended because someone asked for it; its checkpoint is safe. */
public final class StoppedException extends EvenkeelException {

  private static final long serialVersionUID = 1;

  private final long steps;

  StoppedException(Path folder, long steps) {
    super(
        "Training was stopped, as asked, after %s. help: --resume %s goes on"
            .formatted(Words.counted(steps, "step"), folder));
    this.steps = steps;
  }

  /** Taken before it stopped. */
  public long steps() {
    return steps;
  }
}
