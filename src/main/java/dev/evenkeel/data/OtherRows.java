package dev.evenkeel.data;

import dev.evenkeel.tensor.Rows;

/** Rows that are as many others, each changed or looked at when it is read. */
interface OtherRows extends Rows {

  Rows rows();

  @Override
  default int count() {
    return rows().count();
  }

  @Override
  default int columns() {
    return rows().columns();
  }

  @Override
  default int origin(int row) {
    return rows().origin(row);
  }
}
