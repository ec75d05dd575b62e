package dev.evenkeel.data;

/** How features are brought to one size before a network sees them. */
public enum Scaling {
  /** Mean 0 and deviation 1: see {@link Standardize}. */
  STANDARD,

  /** Median 0 and quartiles 1 apart, then smoothly clipped: outliers decide nothing. */
  ROBUST
}
