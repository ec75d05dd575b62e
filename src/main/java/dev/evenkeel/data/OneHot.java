package dev.evenkeel.data;

import java.util.function.IntToDoubleFunction;

/** One of the inputs that a category makes: 1 in the rows of its own level, else 0. */
record OneHot(Category category, int level) implements IntToDoubleFunction {

  @Override
  public double applyAsDouble(int row) {
    return category.of(row) == level ? 1 : 0;
  }

  /** Of how many of these rows it is the level. */
  int count(int[] rows) {
    return category.counts(rows)[level];
  }

  /** The level of each row of a table. */
  static final class Category {
    private final int[] levels;
    private final int count;
    private int[] counted = {};
    private int[] counts;

    /**
     * @param levels −1 for none
     * @param count how many there are
     */
    Category(int[] levels, int count) {
      this.levels = levels;
      this.count = count;
      this.counts = new int[count];
    }

    int of(int row) {
      return levels[row];
    }

    int count() {
      return count;
    }

    /** How many of these rows have each level; all inputs ask for the same rows. */
    private int[] counts(int[] rows) {
      if (rows != counted) {
        counted = rows;
        counts = new int[count];
        for (int row : rows) {
          if (levels[row] >= 0) {
            counts[levels[row]]++;
          }
        }
      }
      return counts;
    }
  }
}
