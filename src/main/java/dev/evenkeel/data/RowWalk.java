package dev.evenkeel.data;

import dev.evenkeel.tensor.Rows;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/** Rows in order, some at a time: all processors read them, and one looks at them. */
public final class RowWalk {

  /** Floats of some rows: 4 MB. */
  private static final int FLOATS = 1 << 20;

  private RowWalk() {}

  /** Looks at some rows. */
  @FunctionalInterface
  public interface Look {
    /**
     * @param first the place of the first of them in the walk
     * @param values of the rows, one after the other
     */
    void at(int first, int count, float[] values);
  }

  public static void over(Rows rows, Look look) {
    over(rows, rows.count(), place -> place, look);
  }

  static void over(Rows rows, int[] chosen, Look look) {
    over(rows, chosen.length, place -> chosen[place], look);
  }

  private static void over(Rows rows, int length, IntUnaryOperator row, Look look) {
    int columns = rows.columns();
    int most = Math.min(length, Math.max(1, FLOATS / columns));
    float[] values = new float[Math.multiplyExact(most, columns)];
    for (long from = 0; from < length; from += most) {
      int first = (int) from;
      int count = Math.min(most, length - first);
      IntStream some = IntStream.range(0, count);
      try {
        some.parallel().forEach(i -> rows.read(row.applyAsInt(first + i), values, i * columns));
      } catch (RuntimeException | Error e) {
        for (int i = 0; i < count; i++) { // the first that can't be read, of several
          rows.read(row.applyAsInt(first + i), values, i * columns);
        }
        throw e;
      }
      look.at(first, count, values);
    }
  }
}
