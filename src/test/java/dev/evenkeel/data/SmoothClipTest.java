package dev.evenkeel.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class SmoothClipTest {

  @Test
  void nothingGetsBeyondTheLimit() {
    for (float x : new float[] {4, 1e3f, 1e19f, 1e30f, Float.MAX_VALUE}) {
      float y = SmoothClip.of(x, 3);
      assertTrue(y > 2.3 && y <= 3, x + " becomes " + y);
      assertEquals(-y, SmoothClip.of(-x, 3));
    }
    assertEquals(3, SmoothClip.of(Float.MAX_VALUE, 3));
  }

  /** x (1 − x² / 18 + …): below 1e-3 the difference is less than a float's rounding. */
  @Test
  void itLeavesSmallValuesAsTheyAre() {
    for (float x : new float[] {0, 1e-38f, 1e-9f, 3e-5f, -1e-4f}) {
      assertEquals(x, SmoothClip.of(x, 3));
    }
    assertEquals(1e-3f, SmoothClip.of(1e-3f, 3), Math.ulp(1e-3f));
    assertEquals(0.1 * (1 - 0.01 / 18), SmoothClip.of(0.1f, 3), 1e-6); // next term: 1.2e-7
  }

  @Test
  void itIsTheFormulaAndRises() {
    float before = Float.NEGATIVE_INFINITY;
    for (float x = -20; x <= 20; x += 0.125f) {
      float y = SmoothClip.of(x, 3);
      assertEquals(x / Math.sqrt(1 + x * x / 9), y, 3e-7);
      assertTrue(y > before, "it rises at " + x);
      before = y;
    }
    assertEquals(1.5 / Math.sqrt(1 + 2.25), SmoothClip.of(1.5f, 1), 1e-7);
  }

  @Test
  void aLimitOfZeroClipsNothing() {
    float[] values = {1e30f, -7, 0};
    SmoothClip.apply(values, 0);
    assertArrayEquals(new float[] {1e30f, -7, 0}, values);
    SmoothClip.apply(values, 3);
    assertArrayEquals(new float[] {3, SmoothClip.of(-7, 3), 0}, values);
  }
}
