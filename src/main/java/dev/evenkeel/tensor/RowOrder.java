package dev.evenkeel.tensor;

import java.util.Arrays;

/**
 * The order in which the rows of a table are visited, and how far a walk along it has come. A bound
 * gather reads it each time it runs, so moving on costs nothing.
 */
public final class RowOrder {

  private int[] rows;
  private int position;

  public RowOrder(int[] rows) {
    this.rows = rows;
  }

  /** The rows of a table as they lie. */
  public static RowOrder natural(int rows) {
    int[] order = new int[rows];
    Arrays.setAll(order, i -> i);
    return new RowOrder(order);
  }

  /** Row numbers of the table; read only. */
  public int[] rows() {
    return rows;
  }

  public int position() {
    return position;
  }

  public void moveTo(int position) {
    this.position = position;
  }

  public void replace(int[] rows) {
    this.rows = rows;
    this.position = 0;
  }
}
