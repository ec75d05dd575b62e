package dev.evenkeel.simulator;

/**
 * Instructions that the GPU only approximates. They are computed as near as Java can, and may be
 * made to err as far as the PTX manual allows: by an amount that depends on the value alone, so
 * that the same kernel still gives the same bits.
 */
final class Approximation extends Instruction {

  interface Function {
    double apply(double x);
  }

  private final Function function;
  private final boolean flush;
  private final double relative;
  private final double absolute;
  private final int d;
  private final int a;

  /**
   * @param relative largest error relative to the result
   * @param absolute largest error, where the manual states it so
   */
  Approximation(Function function, boolean flush, double relative, double absolute, int d, int a) {
    this.function = function;
    this.flush = flush;
    this.relative = relative;
    this.absolute = absolute;
    this.d = d;
    this.a = a;
  }

  @Override
  void run(Warp warp, int mask) {
    int[] ints = warp.ints;
    boolean perturb = warp.worker.launch.options.perturb();
    for (int m = mask; m != 0; m &= m - 1) {
      int l = Integer.numberOfTrailingZeros(m);
      ints[d + l] = Rounding.bits(value(Float.intBitsToFloat(ints[a + l]), perturb));
    }
  }

  private float value(float x, boolean perturb) {
    double exact = function.apply(flush ? Rounding.flush(x) : x);
    if (perturb && !Double.isInfinite(exact) && exact != 0 && exact != Math.rint(exact)) {
      exact += direction(x) * Math.max(absolute, Math.abs(exact) * relative);
    }
    float near = (float) exact;
    return flush ? Rounding.flush(near) : near;
  }

  /** -1 or 1, by a hash of the bits. */
  private static int direction(float x) {
    int bits = Float.floatToRawIntBits(x) * 0x9e3779b9;
    return (bits ^ bits >>> 15 ^ bits >>> 7) << 31 < 0 ? -1 : 1;
  }
}
