package dev.evenkeel.train;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import java.nio.file.Path;
import java.util.Optional;

/** A training that ended because someone asked for it; its checkpoint, if it keeps any, is safe. */
public final class StoppedException extends EvenkeelException {

  private static final long serialVersionUID = 1;

  private final long steps;

  StoppedException(Optional<Path> folder, long steps) {
    super(
        "Training was stopped, as asked, after %s. help: %s"
            .formatted(
                Words.counted(steps, "step"),
                folder
                    .map("Trainer.resuming goes on from the checkpoint in %s"::formatted)
                    .orElse("one that keeps checkpoints in a folder can go on")));
    this.steps = steps;
  }

  /** Taken before it stopped. */
  public long steps() {
    return steps;
  }
}
