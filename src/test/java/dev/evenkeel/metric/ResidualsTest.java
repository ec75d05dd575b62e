package dev.evenkeel.metric;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class ResidualsTest {

  @Test
  void quantilesAreOfTrueLessPredictedAndBetweenTwoOnTheLine() {
    // The second column's residuals are 10, 30, 20, 0: sorted, 5 % lies 0.15 beyond the first.
    float[] predicted = {1, 0, 2, -10, 3, 5, 4, 7};
    float[] truth = {1, 10, 2, 20, 3, 25, 4, 7};
    Predictions predictions = new Predictions(4, 2, predicted, 2, truth);
    assertArrayEquals(new double[5], Residuals.quantiles(predictions, 0));
    assertArrayEquals(
        new double[] {1.5, 7.5, 15, 22.5, 28.5}, Residuals.quantiles(predictions, 1), 1e-12);
  }

  @Test
  void aSingleRowIsAllItsQuantilesAndNanMakesThemUnknown() {
    Predictions one = new Predictions(1, 1, new float[] {1}, 1, new float[] {3});
    assertArrayEquals(new double[] {2, 2, 2, 2, 2}, Residuals.quantiles(one, 0));
    float[] values = {Float.NaN, 0, 0};
    Predictions unknown = new Predictions(3, 1, values, 1, new float[3]);
    assertTrue(Arrays.stream(Residuals.quantiles(unknown, 0)).allMatch(Double::isNaN));
  }
}
