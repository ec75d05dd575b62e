package dev.evenkeel.data;

import static java.util.stream.Collectors.joining;

import java.util.List;

/** One column of a {@link Table}. */
public sealed interface Column {

  String name();

  /** Whether the cell of this row was left empty or said so ("NA", "?", "null", …). */
  boolean missing(int row);

  /** The cell as a text, whole numbers without a decimal point; not for missing cells. */
  String text(int row);

  /** A missing value is NaN. */
  record Numeric(String name, double[] values) implements Column {
    @Override
    public boolean missing(int row) {
      return Double.isNaN(values[row]);
    }

    @Override
    public String text(int row) {
      return Cells.text(values[row]);
    }
  }

  /** The code of a row is the index of its level; a missing value is −1. */
  record Categorical(String name, int[] codes, List<String> levels) implements Column {
    @Override
    public boolean missing(int row) {
      return codes[row] < 0;
    }

    @Override
    public String text(int row) {
      return levels.get(codes[row]);
    }
  }

  /** As many numbers in each row, as of an embedding; all of them are missing, or none. */
  record Vector(String name, List<Numeric> parts) implements Column {
    @Override
    public boolean missing(int row) {
      return parts.get(0).missing(row);
    }

    @Override
    public String text(int row) {
      return parts.stream().map(part -> part.text(row)).collect(joining(", ", "[", "]"));
    }
  }
}
