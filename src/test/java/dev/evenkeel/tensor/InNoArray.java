package dev.evenkeel.tensor;

/** Other rows, whose array nobody can get at. */
public record InNoArray(Rows rows) implements Rows {

  public static Rows of(float[] values, int columns) {
    return new InNoArray(Rows.of(values, columns));
  }

  @Override
  public int count() {
    return rows.count();
  }

  @Override
  public int columns() {
    return rows.columns();
  }

  @Override
  public void read(int row, float[] to, int at) {
    rows.read(row, to, at);
  }
}
