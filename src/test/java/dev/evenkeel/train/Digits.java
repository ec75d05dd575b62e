package dev.evenkeel.train;

import dev.evenkeel.data.Catalog;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.data.Preparation;
import dev.evenkeel.data.Source;
import dev.evenkeel.data.Split;

/** The 1,797 digits that come with the library: 1,437 train, 360 validate. */
public record Digits(Dataset train, Dataset valid, Preparation preparation) {

  public static final Digits DATA = load();

  private static Digits load() {
    Source.Arrays source = (Source.Arrays) Catalog.standard().load("digits");
    Split split = Split.of(source.data(), 0.2, 0, 1);
    Preparation preparation = Preparation.fit(source.data(), split.train(), source.shared());
    return new Digits(
        preparation.apply(source.data(), split.train()),
        preparation.apply(source.data(), split.valid()),
        preparation);
  }

  /** The first rows of the training data. */
  static Dataset train(int rows) {
    return Runs.rows(DATA.train, rows);
  }
}
