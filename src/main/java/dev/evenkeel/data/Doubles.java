package dev.evenkeel.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Numbers of which nobody knows how many there will be. They are kept in pieces, of which only the
 * first is copied while they grow, and which are let go one by one when a whole array is made of
 * them: so the peak of memory is what they need, where an array that doubles has it twice and more.
 */
final class Doubles {

  private static final int PIECE = 1 << 12;

  /** Of the first piece to begin with: many columns may have few rows. */
  private static final int FEW = 1 << 4;

  private final List<double[]> pieces = new ArrayList<>();
  private double[] last = {};
  private int used;

  void add(double value) {
    if (used == last.length) {
      grow();
    }
    last[used++] = value;
  }

  void addMissing(int count) {
    for (int i = 0; i < count; i++) {
      add(Double.NaN);
    }
  }

  private void grow() {
    if (used > 0 && used < PIECE) {
      last = Arrays.copyOf(last, 2 * used);
      pieces.set(0, last);
    } else {
      last = new double[pieces.isEmpty() ? FEW : PIECE];
      pieces.add(last);
      used = 0;
    }
  }

  void clear() {
    pieces.clear();
    last = new double[0];
    used = 0;
  }

  /** All of them; afterwards there are none. */
  double[] take() {
    double[] all = new double[pieces.isEmpty() ? 0 : (pieces.size() - 1) * PIECE + used];
    for (int i = 0; i < pieces.size(); i++) {
      System.arraycopy(pieces.get(i), 0, all, i * PIECE, Math.min(PIECE, all.length - i * PIECE));
      pieces.set(i, null);
    }
    clear();
    return all;
  }
}
