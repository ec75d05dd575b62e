package dev.evenkeel.tensor;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Philox 4×32-10 random numbers (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
 * 2011): a pure function of (seed, counter), so the same on every device and at every place of a
 * run that is resumed.
 *
 * <p>The 128-bit counter is split into a 64-bit position and a 64-bit stream: two streams of one
 * seed never overlap. An instance walks along one stream; {@link #block} asks for any place at
 * once. Instances are not thread-safe.
 */
public final class Philox {

  private static final int MULTIPLIER_0 = 0xD2511F53;
  private static final int MULTIPLIER_1 = 0xCD9E8D57;
  private static final int WEYL_0 = 0x9E3779B9;
  private static final int WEYL_1 = 0xBB67AE85;
  private static final int ROUNDS = 10;
  private static final long LOW = 0xFFFFFFFFL;

  /** Pairs of normal numbers that are made together. */
  private static final int PIECE = 1024;

  /** Fewer are made sooner than a second thread has begun. */
  private static final int PIECES_TO_SHARE = 16;

  private final long seed;
  private final long stream;
  private final int[] words = new int[4];
  private long position;
  private int used = 4;
  private double spare = Double.NaN;

  public Philox(long seed, long stream) {
    this.seed = seed;
    this.stream = stream;
  }

  /** Writes the four 32-bit words at a position of a stream into {@code out}. */
  public static void block(long seed, long stream, long position, int[] out) {
    int c0 = (int) position;
    int c1 = (int) (position >>> 32);
    int c2 = (int) stream;
    int c3 = (int) (stream >>> 32);
    int key0 = (int) seed;
    int key1 = (int) (seed >>> 32);
    for (int round = 0; round < ROUNDS; round++) {
      long product0 = (MULTIPLIER_0 & 0xFFFFFFFFL) * (c0 & 0xFFFFFFFFL);
      long product1 = (MULTIPLIER_1 & 0xFFFFFFFFL) * (c2 & 0xFFFFFFFFL);
      c0 = (int) (product1 >>> 32) ^ c1 ^ key0;
      c2 = (int) (product0 >>> 32) ^ c3 ^ key1;
      c1 = (int) product1;
      c3 = (int) product0;
      key0 += WEYL_0;
      key1 += WEYL_1;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
  }

  /**
   * The words of {@code count} positions of a stream, those before 2³², each word in an array of
   * its own. Two arrays at one index and nothing but 64-bit arithmetic: the JIT vectorises it,
   * which makes it four times as fast as {@link #block} and more.
   */
  public static void blocks(long seed, long stream, long position, long[][] words, int count) {
    for (int i = 0; i < count; i++) {
      words[0][i] = position + i;
    }
    Arrays.fill(words[1], 0, count, 0);
    Arrays.fill(words[2], 0, count, stream & LOW);
    Arrays.fill(words[3], 0, count, stream >>> 32);
    int key0 = (int) seed;
    int key1 = (int) (seed >>> 32);
    for (int round = 0; round < ROUNDS; round++) {
      round(words[0], words[1], words[2], words[3], key0 & LOW, key1 & LOW, count);
      key0 += WEYL_0;
      key1 += WEYL_1;
    }
  }

  private static void round(
      long[] c0, long[] c1, long[] c2, long[] c3, long key0, long key1, int count) {
    for (int i = 0; i < count; i++) {
      long product0 = (MULTIPLIER_0 & LOW) * c0[i];
      long product1 = (MULTIPLIER_1 & LOW) * c2[i];
      c0[i] = (product1 >>> 32) ^ c1[i] ^ key0;
      c2[i] = (product0 >>> 32) ^ c3[i] ^ key1;
      c1[i] = product1 & LOW;
      c3[i] = product0 & LOW;
    }
  }

  public int nextInt() {
    if (used == 4) {
      block(seed, stream, position++, words);
      used = 0;
    }
    return words[used++];
  }

  /** Uniform over 0 … bound−1, without bias (Lemire's multiply and reject). */
  public int nextInt(int bound) {
    long product = (nextInt() & 0xFFFFFFFFL) * bound;
    long low = product & 0xFFFFFFFFL;
    if (low < bound) {
      long threshold = (0x1_0000_0000L - bound) % bound;
      while (low < threshold) {
        product = (nextInt() & 0xFFFFFFFFL) * bound;
        low = product & 0xFFFFFFFFL;
      }
    }
    return (int) (product >>> 32);
  }

  /** Uniform in [0, 1), with 53 random bits. */
  public double nextDouble() {
    int first = nextInt();
    return uniform(first, nextInt());
  }

  private static double uniform(int first, int second) {
    long high = first >>> 6;
    long low = second >>> 5;
    return ((high << 27) + low) * 0x1p-53;
  }

  /** Standard normal, by Box and Muller's transform, which makes two at a time. */
  public double nextGaussian() {
    if (!Double.isNaN(spare)) {
      double second = spare;
      spare = Double.NaN;
      return second;
    }
    double radius = radius(nextDouble());
    double angle = angle(nextDouble());
    spare = radius * StrictMath.sin(angle);
    return radius * StrictMath.cos(angle);
  }

  private static double radius(double uniform) {
    return StrictMath.sqrt(-2 * StrictMath.log(1 - uniform));
  }

  private static double angle(double uniform) {
    return 2 * Math.PI * uniform;
  }

  /**
   * {@link #nextGaussian} times a factor, for each place of {@code out}: the same numbers to the
   * bit, by all processors where there are many.
   */
  public void nextGaussians(double factor, float[] out) {
    int from = 0;
    while (from < out.length && !isAtPair(out.length)) {
      out[from++] = (float) (factor * nextGaussian());
    }
    int begin = from;
    int pairs = (out.length - begin) / 2;
    int pieces = (pairs + PIECE - 1) / PIECE;
    IntStream all = IntStream.range(0, pieces);
    (pieces < PIECES_TO_SHARE ? all : all.parallel())
        .forEach(piece -> pairs(factor, out, begin, piece * PIECE, pairs));
    position += pairs;
    if (begin + 2 * pairs < out.length) {
      out[out.length - 1] = (float) (factor * nextGaussian());
    }
  }

  /** Whether the next number is the first of two that a block makes, and {@link #blocks} has it. */
  private boolean isAtPair(int count) {
    return used == 4 && Double.isNaN(spare) && position >= 0 && position + count < 1L << 32;
  }

  /** A piece of the pairs that begin at {@code begin}, from the present position of the stream. */
  private void pairs(double factor, float[] out, int begin, int first, int pairs) {
    int count = Math.min(PIECE, pairs - first);
    long[][] random = new long[4][count];
    blocks(seed, stream, position + first, random, count);
    for (int i = 0; i < count; i++) {
      double radius = radius(uniform((int) random[0][i], (int) random[1][i]));
      double angle = angle(uniform((int) random[2][i], (int) random[3][i]));
      int at = begin + 2 * (first + i);
      out[at] = (float) (factor * (radius * StrictMath.cos(angle)));
      out[at + 1] = (float) (factor * (radius * StrictMath.sin(angle)));
    }
  }

  /** Puts the values in random order (Fisher and Yates). */
  public void shuffle(int[] values) {
    for (int i = values.length - 1; i > 0; i--) {
      int j = nextInt(i + 1);
      int swapped = values[i];
      values[i] = values[j];
      values[j] = swapped;
    }
  }
}
