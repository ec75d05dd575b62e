package dev.evenkeel.lab;

import java.util.ArrayList;
import java.util.List;

/** Lines of equal height over a grid, by marching squares: pieces of them, one cell at a time. */
final class Contours {

  /** A straight piece of a line. */
  record Piece(double x1, double y1, double x2, double y2) {}

  private Contours() {}

  /** Lines at that many heights, evenly spread between the lowest and the highest. */
  static List<Piece> of(Chart.Field field, int heights) {
    double low = Double.POSITIVE_INFINITY;
    double high = Double.NEGATIVE_INFINITY;
    for (double[] row : field.z()) {
      for (double z : row) {
        low = Math.min(low, z);
        high = Math.max(high, z);
      }
    }
    List<Piece> pieces = new ArrayList<>();
    for (int h = 1; h <= heights; h++) {
      double height = low + (high - low) * h / (heights + 1);
      for (int i = 0; i + 1 < field.ys().length; i++) {
        for (int j = 0; j + 1 < field.xs().length; j++) {
          cell(field, i, j, height, pieces);
        }
      }
    }
    return pieces;
  }

  /** A line enters and leaves a cell where neighbouring corners lie on either side of it. */
  private static void cell(Chart.Field field, int i, int j, double height, List<Piece> pieces) {
    int[][] corners = {{i, j}, {i, j + 1}, {i + 1, j + 1}, {i + 1, j}};
    List<double[]> crossings = new ArrayList<>(4);
    for (int side = 0; side < 4; side++) {
      int[] a = corners[side];
      int[] b = corners[(side + 1) % 4];
      double za = field.z()[a[0]][a[1]];
      double zb = field.z()[b[0]][b[1]];
      if (za < height != zb < height) {
        double share = (height - za) / (zb - za);
        crossings.add(
            new double[] {
              field.xs()[a[1]] + share * (field.xs()[b[1]] - field.xs()[a[1]]),
              field.ys()[a[0]] + share * (field.ys()[b[0]] - field.ys()[a[0]])
            });
      }
    }
    for (int k = 0; k + 1 < crossings.size(); k += 2) {
      double[] from = crossings.get(k);
      double[] to = crossings.get(k + 1);
      pieces.add(new Piece(from[0], from[1], to[0], to[1]));
    }
  }
}
