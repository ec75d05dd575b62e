package dev.evenkeel.tensor;

import java.util.Optional;

/** Rows that lie one after the other in an array. */
record ArrayRows(float[] values, int columns) implements Rows {

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
