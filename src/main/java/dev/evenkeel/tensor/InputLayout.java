package dev.evenkeel.tensor;

import java.util.Collections;
import java.util.List;

/**
 * How the columns of a table, as it is stored, become the inputs of a network: see {@link Kind}. So
 * a column of a thousand levels, or a number in sixteen pieces, takes one float of a row.
 */
public final class InputLayout {

  /** What a stored column holds, and which inputs it makes. */
  public enum Kind {
    /** A number, which is an input as it is. */
    NUMBER,

    /**
     * The place of a level among those of a category. It makes an input of every level: hot at its
     * own place and cold at all others, or cold at all where the place is −1.
     */
    CATEGORY,

    /**
     * A place on a line of pieces, each of length 1, from 0 on. It makes an input of every piece:
     * cold before the piece, hot behind it, and in between what is in between.
     */
    PIECES
  }

  /**
   * A stored column.
   *
   * @param inputs that it makes, 1 of a number
   */
  public record Stored(Kind kind, int inputs) {
    public static final Stored NUMBER = new Stored(Kind.NUMBER, 1);

    public Stored {
      if (inputs < 1 || kind == Kind.NUMBER && inputs > 1) {
        throw new IllegalArgumentException(kind + " makes no " + inputs + " inputs");
      }
    }

    public static Stored category(int levels) {
      return new Stored(Kind.CATEGORY, levels);
    }

    public static Stored pieces(int count) {
      return new Stored(Kind.PIECES, count);
    }
  }

  private final List<Stored> columns;
  private final float[] cold;
  private final float[] hot;
  private final boolean plain;

  /**
   * @param cold what each input is at the least; 0 for numbers
   * @param hot what each input is at the most; 0 for numbers
   */
  public InputLayout(List<Stored> columns, float[] cold, float[] hot) {
    this.columns = List.copyOf(columns);
    this.cold = cold.clone();
    this.hot = hot.clone();
    int inputs = columns.stream().mapToInt(Stored::inputs).sum();
    if (cold.length != inputs || hot.length != inputs) {
      throw new IllegalArgumentException(
          "%d inputs have %d and %d values".formatted(inputs, cold.length, hot.length));
    }
    this.plain = columns.stream().allMatch(column -> column.kind() == Kind.NUMBER);
  }

  /** Of numbers alone, which are stored as the inputs that they are. */
  public static InputLayout plain(int columns) {
    return new InputLayout(
        Collections.nCopies(columns, Stored.NUMBER), new float[columns], new float[columns]);
  }

  /** Whether what is stored are the inputs themselves. */
  public boolean isPlain() {
    return plain;
  }

  /** How many columns are stored. */
  public int stored() {
    return columns.size();
  }

  /** How many inputs they make. */
  public int inputs() {
    return cold.length;
  }

  /** A stored column. */
  public Stored column(int column) {
    return columns.get(column);
  }

  /** What an input is at the least. */
  public float cold(int input) {
    return cold[input];
  }

  /** What an input is at the most. */
  public float hot(int input) {
    return hot[input];
  }

  /** Makes the inputs of a row, stored from {@code from} on, and writes them from {@code to} on. */
  public void expand(float[] stored, int from, float[] inputs, int to) {
    if (plain) {
      System.arraycopy(stored, from, inputs, to, cold.length);
      return;
    }
    System.arraycopy(cold, 0, inputs, to, cold.length);
    int first = 0;
    for (int c = 0; c < columns.size(); c++) {
      Stored column = columns.get(c);
      float value = stored[from + c];
      switch (column.kind()) {
        case NUMBER -> inputs[to + first] = value;
        case CATEGORY -> {
          if (value >= 0) {
            inputs[to + first + (int) value] = hot[first + (int) value];
          }
        }
        case PIECES -> expandPieces(first, column.inputs(), value, inputs, to);
      }
      first += column.inputs();
    }
  }

  private void expandPieces(int first, int count, float place, float[] inputs, int to) {
    int passed = Math.min(count, (int) place);
    System.arraycopy(hot, first, inputs, to + first, passed);
    if (passed < count) {
      int in = first + passed;
      inputs[to + in] = piece(cold[in], hot[in], place - passed);
    }
  }

  /** What the input of a piece is where so much of it is passed. */
  public static float piece(float cold, float hot, float passed) {
    return passed <= 0 ? cold : passed >= 1 ? hot : cold + (hot - cold) * passed;
  }
}
