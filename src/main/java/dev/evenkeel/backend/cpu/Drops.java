package dev.evenkeel.backend.cpu;

import dev.evenkeel.backend.Dropping;
import dev.evenkeel.backend.Masking;
import dev.evenkeel.tensor.Philox;

/**
 * Dropout of short arrays. The word that decides over element e is word e mod 4 at position e / 4
 * of the Philox stream (layer, step): no mask is stored, the backward pass draws the same words
 * again.
 */
final class Drops {

  private final Masking masking;
  private long counter;
  private long dropBelow;
  private float scale;
  private float shift;
  private int dropped;

  Drops(Masking masking) {
    this.masking = masking;
  }

  /** Before an operation's parts: takes over this step's number and probability. */
  void prepare() {
    Dropping dropping = masking.dropping();
    double probability = dropping.probability(masking.step());
    counter = ((long) masking.stream() << 40) | masking.step().number();
    dropBelow = Dropping.dropBelow(probability);
    scale = (float) dropping.scale(probability);
    shift = (float) dropping.shift(probability);
    dropped = Float.floatToRawIntBits((float) dropping.dropped(probability));
  }

  /** Drops among v[at …], n of them at most {@link Scratch#WIDTH}, which are elements first …. */
  void apply(Scratch scratch, float[] v, int at, int n, long first) {
    int turn = (int) (first & 3);
    int blocks = (turn + n + 3) / 4;
    long[][] words = scratch.words;
    Philox.blocks(masking.seed(), counter, first >>> 2, words, blocks);
    for (int lane = 0; lane < 4; lane++) {
      compare(words[lane], dropBelow, blocks);
      int block = lane < turn ? 1 : 0;
      int from = at + 4 * block + lane - turn;
      select(words[lane], block, v, from, at + n);
    }
  }

  /** What is done to elements that are all kept. */
  void keepAll(float[] v, int n) {
    for (int i = 0; i < n; i++) {
      v[i] = v[i] * scale + shift;
    }
  }

  /** words := 1 where they are below the bound, else 0. */
  private static void compare(long[] words, long bound, int n) {
    for (int i = 0; i < n; i++) {
      words[i] = (words[i] - bound) >>> 63;
    }
  }

  /** Every fourth element. By bits, since a branch on random words is mispredicted. */
  private void select(long[] drops, int block, float[] v, int from, int to) {
    for (int i = from, b = block; i < to; i += 4, b++) {
      int keep = (int) drops[b] - 1;
      int kept = Float.floatToRawIntBits(v[i] * scale + shift);
      v[i] = Float.intBitsToFloat(kept & keep | dropped & ~keep);
    }
  }
}
