package dev.evenkeel.backend;

import java.util.Locale;

/** How activations are stored and products computed; sums, statistics and weights stay float32. */
public enum Precision {
  /** float32 throughout. */
  FP32,
  /** float32 in memory; products take ten bits of their inputs' mantissa. Ampere and later. */
  TF32,
  /**
   * On a GPU bfloat16 activations and copies of the weights for products, Ampere and later. On a
   * CPU that multiplies bfloat16, float32 in memory; all but the smallest products round their
   * inputs.
   */
  BF16;

  /** "tf32": the name on the command line. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
