package dev.evenkeel.tensor;

import java.util.stream.IntStream;

/**
 * How the columns of a table, as it is stored, become the inputs of a network. A number is an input
 * as it is. A category is stored as the place of its level and makes an input of every level: hot
 * at its own place and cold at all others, or cold at all where the place is −1. So a column of a
 * thousand levels takes one float of a row.
 */
public final class InputLayout {

  private final int[] levels;
  private final int[] first;
  private final float[] cold;
  private final float[] hot;
  private final boolean plain;

  /**
   * @param levels of each stored column, 0 for one of numbers
   * @param cold what each input is in the rows of other levels; 0 for numbers
   * @param hot what each input is in the rows of its level; 0 for numbers
   */
  public InputLayout(int[] levels, float[] cold, float[] hot) {
    this.levels = levels.clone();
    this.cold = cold.clone();
    this.hot = hot.clone();
    this.first = new int[levels.length];
    int inputs = 0;
    for (int c = 0; c < levels.length; c++) {
      first[c] = inputs;
      inputs += Math.max(1, levels[c]);
    }
    if (cold.length != inputs || hot.length != inputs) {
      throw new IllegalArgumentException(
          "%d inputs have %d and %d values".formatted(inputs, cold.length, hot.length));
    }
    this.plain = IntStream.of(levels).allMatch(count -> count == 0);
  }

  /** Of numbers alone, which are stored as the inputs that they are. */
  public static InputLayout plain(int columns) {
    return new InputLayout(new int[columns], new float[columns], new float[columns]);
  }

  /** Whether what is stored are the inputs themselves. */
  public boolean isPlain() {
    return plain;
  }

  /** How many columns are stored. */
  public int stored() {
    return levels.length;
  }

  /** How many inputs they make. */
  public int inputs() {
    return cold.length;
  }

  /** Levels of a stored column, 0 where it holds numbers. */
  public int levels(int column) {
    return levels[column];
  }

  /** What an input is in the rows of other levels than its own. */
  public float cold(int input) {
    return cold[input];
  }

  /** What an input is in the rows of its level. */
  public float hot(int input) {
    return hot[input];
  }

  /** Makes the inputs of a row, stored from {@code from} on, and writes them from {@code to} on. */
  public void expand(float[] stored, int from, float[] inputs, int to) {
    if (plain) {
      System.arraycopy(stored, from, inputs, to, levels.length);
      return;
    }
    System.arraycopy(cold, 0, inputs, to, cold.length);
    for (int c = 0; c < levels.length; c++) {
      float value = stored[from + c];
      int at = first[c];
      if (levels[c] == 0) {
        inputs[to + at] = value;
      } else if (value >= 0) {
        at += (int) value;
        inputs[to + at] = hot[at];
      }
    }
  }
}
