package dev.evenkeel.data;

import dev.evenkeel.tensor.Rows;

/** Other rows, each scaled and clipped when it is read. */
record ScaledRows(Rows rows, Preparation preparation) implements OtherRows {

  @Override
  public void read(int row, float[] to, int at) {
    rows.read(row, to, at);
    preparation.scale(to, at, rows.columns());
  }
}
