package dev.evenkeel.backend;

import java.util.ArrayList;
import java.util.List;

/**
 * Runs every operation of a device, on the same numbers, against another device that is trusted. It
 * tells a machine on which something is broken; how exact the operations are is for the conformance
 * table to say.
 */
public final class SelfTest {

  private static final int ROWS = 200;
  private static final int COLUMNS = 72;
  private static final int GROUPS = 6;

  /** Products may round their inputs to TF32's ten bits, or to bfloat16's seven. */
  private static final double PRODUCT_LIMIT = 1e-2;

  private static final double LIMIT = 1e-4;

  /**
   * @param error the largest of all results, over the largest value of that result
   * @param milliseconds of the operation and of reading its results
   */
  public record Result(String operation, double error, double milliseconds, boolean passed) {}

  private SelfTest() {}

  /** Every operation, in the order of the contract. */
  public static List<Result> run(Backend tested, Backend trusted) {
    try (EveryOperation one = new EveryOperation(tested, ROWS, COLUMNS, GROUPS, false);
        EveryOperation other = new EveryOperation(trusted, ROWS, COLUMNS, GROUPS, false)) {
      List<Result> results = new ArrayList<>();
      for (String name : one.bound().keySet()) {
        results.add(compare(name, one, other));
      }
      return results;
    }
  }

  private static Result compare(String name, EveryOperation tested, EveryOperation trusted) {
    List<float[]> expected = trusted.run(name);
    long start = System.nanoTime();
    List<float[]> seen = tested.run(name);
    double milliseconds = (System.nanoTime() - start) / 1e6;
    double error = 0;
    for (int i = 0; i < seen.size(); i++) {
      error = Math.max(error, error(seen.get(i), expected.get(i)));
    }
    double limit = name.startsWith("linear") ? PRODUCT_LIMIT : LIMIT;
    return new Result(name, error, milliseconds, error <= limit);
  }

  /** Infinite where either is not finite. */
  private static double error(float[] seen, float[] expected) {
    double largest = 0;
    double scale = Float.MIN_NORMAL;
    for (int i = 0; i < seen.length; i++) {
      double difference = Math.abs((double) seen[i] - expected[i]);
      if (!Double.isFinite(difference)) {
        return Double.POSITIVE_INFINITY;
      }
      largest = Math.max(largest, difference);
      scale = Math.max(scale, Math.abs(expected[i]));
    }
    return largest / scale;
  }
}
