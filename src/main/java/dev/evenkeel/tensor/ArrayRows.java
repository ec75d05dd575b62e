package dev.evenkeel.tensor;

import dev.evenkeel.EvenkeelException;
import java.util.Optional;

/** Rows that lie one after the other in an array. */
record ArrayRows(float[] values, int columns) implements Rows {

  ArrayRows {
    if (values == null || columns < 1 || values.length % columns != 0) {
      throw new EvenkeelException(
          "%s does not make rows of %,d columns. Give whole rows."
              .formatted(
                  values == null ? "null" : "An array of %,d floats".formatted(values.length),
                  columns));
    }
  }

  @Override
  public int count() {
    return values.length / columns;
  }

  @Override
  public void read(int row, float[] to, int at) {
    System.arraycopy(values, row * columns, to, at, columns);
  }

  @Override
  public Optional<float[]> array() {
    return Optional.of(values);
  }
}
