package dev.evenkeel.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class SmoothClipTest {

  @Test
  void nothingGetsBeyondTheLimit() {
    for (float x : new float[] {4, 1e3f, 1e19f, 1e30f, Float.MAX_VALUE}) {
      double y = SmoothClip.of(x, 3);
      assertTrue(y > 2.3 && y <= 3, x + " becomes " + y);
      assertEquals(-y, SmoothClip.of(-x, 3));
    }
    assertEquals(3, SmoothClip.of(Float.MAX_VALUE, 3));
    assertEquals(3, SmoothClip.of(1e300, 3)); // its square is no double
    assertEquals(-3, SmoothClip.of(Double.NEGATIVE_INFINITY, 3));
    assertTrue(Double.isNaN(SmoothClip.of(Double.NaN, 3)));
  }

  /** x (1 − x² / 18 + …): below 1e-3 the difference is less than a float's rounding. */
  @Test
  void itLeavesSmallValuesAsTheyAre() {
    for (float x : new float[] {0, 1e-38f, 1e-9f, 3e-5f, -1e-4f}) {
      assertEquals(x, (float) SmoothClip.of(x, 3));
    }
    assertEquals(1e-3f, (float) SmoothClip.of(1e-3f, 3), Math.ulp(1e-3f));
    assertEquals(0.1 * (1 - 0.01 / 18), SmoothClip.of(0.1f, 3), 1e-6); // next term: 1.2e-7
  }

  @Test
  void itIsTheFormulaAndRises() {
    double before = Double.NEGATIVE_INFINITY;
    for (float x = -20; x <= 20; x += 0.125f) {
      double y = SmoothClip.of(x, 3);
      assertEquals(x / Math.sqrt(1 + x * x / 9), y, 3e-7);
      assertTrue(y > before, "it rises at " + x);
      before = y;
    }
    assertEquals(1.5 / Math.sqrt(1 + 2.25), SmoothClip.of(1.5f, 1), 1e-7);
  }

  @Test
  void aLimitOfZeroClipsNothing() {
    for (double x : new double[] {1e30, -7, 0, 1e300}) {
      assertEquals(x, SmoothClip.of(x, 0));
    }
  }
}
