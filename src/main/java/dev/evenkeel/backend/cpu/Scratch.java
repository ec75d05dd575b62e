package dev.evenkeel.backend.cpu;

/** One worker's short arrays, kept in its first-level cache. */
final class Scratch {

  /** The longest piece of a row that is worked on at once. */
  static final int WIDTH = 256;

  /** For {@link Elementwise}'s own use. */
  final float[] work = new float[WIDTH];

  final float[] exponent = new float[WIDTH];

  /** For whoever runs on the worker: pieces of rows, then vectors as long. */
  final float[][] rows = new float[4][WIDTH];

  final float[][] vectors = new float[8][WIDTH];
  final double[][] sums = new double[2][WIDTH];
}
