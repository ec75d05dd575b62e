package dev.evenkeel.data;

import java.util.Optional;

/** Data as found under a name or path, before it is split and prepared. */
public sealed interface Source {

  /**
   * Numbers without column names.
   *
   * @param valid the rows to validate on that the data set's authors give, where they give some
   * @param test the test set, likewise
   * @param shared whether one mean and deviation serves all columns, as pixels want it
   */
  record Arrays(Dataset data, Optional<Dataset> valid, Optional<Dataset> test, boolean shared)
      implements Source {}

  /** Named columns, of which one is the target. */
  record Csv(Table table) implements Source {}
}
