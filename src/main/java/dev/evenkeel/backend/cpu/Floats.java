package dev.evenkeel.backend.cpu;

import dev.evenkeel.tensor.Matrix;

/**
 * A matrix's floats where they lie: from a place of an array on, row after row.
 *
 * @param array null where there are none
 */
record Floats(float[] array, int start) {

  static Floats of(Matrix matrix) {
    return matrix.isNone()
        ? new Floats(null, 0)
        : new Floats(CpuBuffer.data(matrix), (int) matrix.offset());
  }

  boolean isNone() {
    return array == null;
  }

  float get(int i) {
    return array[start + i];
  }

  void set(int i, double value) {
    array[start + i] = (float) value;
  }

  /** Copies n of them, from one on, to the beginning of a piece. */
  void read(int from, float[] piece, int n) {
    System.arraycopy(array, start + from, piece, 0, n);
  }

  /** The other way round. */
  void write(float[] piece, int to, int n) {
    System.arraycopy(piece, 0, array, start + to, n);
  }
}
