package dev.evenkeel.data;

/** How features are brought to one size before a network sees them. */
public enum Scaling {
  /** Mean 0 and deviation 1: see {@link Standardize}. */
  STANDARD,

  /** Median 0 and quartiles 1 apart, then smoothly clipped: outliers decide nothing. */
  ROBUST,

  /**
   * A column of numbers becomes an input of each of its pieces, 16 of equally many rows: 0 before
   * it, 1 behind it, and in between in proportion, less its mean. All else as {@link #ROBUST}. So a
   * network learns what bends and leaps by itself, but straight lines through several columns with
   * more effort (Gorishniy et al. 2022, "piecewise linear encoding").
   */
  PIECES;

  /** Of a column of numbers, at most. */
  public static final int MOST_PIECES = 16;
}
