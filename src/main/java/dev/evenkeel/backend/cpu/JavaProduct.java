package dev.evenkeel.backend.cpu;

import java.util.Arrays;

/**
 * A matrix product in Java alone, at about half of OpenBLAS' speed, for systems where netlib can't
 * call that.
 *
 * <p>The JIT's vectoriser knows no tile of registers and distrusts offsets into arrays. What it
 * takes are loops over whole short rows, so here is one: to a row of the result it adds four rows
 * of the right matrix, each times an element of the left one. The right matrix is copied into such
 * rows once, a transposed one by its columns; a group of four and a row of the result stay in the
 * first-level cache, {@link #HEIGHT} rows in the second.
 *
 * <p>Each element is summed in the same order wherever a product is divided, without a fused
 * multiply-add. So the bits are the same with any number of threads, and on every machine.
 */
final class JavaProduct implements Blas.Product {

  /** Rows of the right matrix that are added at a time. */
  private static final int GROUP = 4;

  /** Of the right matrix so many rows are copied at a time; a sum begins anew with each. */
  private static final int DEPTH = 1024;

  /** Rows of the result that are worked on at a time. */
  private static final int HEIGHT = 64;

  /** Short rows are slow: below this width the longer side of the result makes the rows. */
  private static final int NARROW = 256;

  /** The distance from a row to the next, and from a column to the next. */
  private record Strides(int row, int column) {
    static Strides of(boolean transposed, int stride) {
      return transposed ? new Strides(1, stride) : new Strides(stride, 1);
    }

    Strides turned() {
      return new Strides(column, row);
    }
  }

  /** Whether it is Cᵀ = Bᵀ Aᵀ that is computed, in which B is on the left. */
  private final boolean turned;

  private final int rows;
  private final int columns;
  private final int inner;
  private final Strides left;
  private final Strides right;
  private final Strides result;

  JavaProduct(Blas.Shape shape) {
    Strides a = Strides.of(shape.transposeA(), shape.aStride());
    Strides b = Strides.of(shape.transposeB(), shape.bStride());
    Strides c = Strides.of(false, shape.cStride());
    turned = shape.n() < NARROW && shape.n() < shape.m();
    rows = turned ? shape.n() : shape.m();
    columns = turned ? shape.m() : shape.n();
    inner = shape.k();
    left = turned ? b.turned() : a;
    right = turned ? a.turned() : b;
    result = turned ? c.turned() : c;
  }

  @Override
  public void reserve(Scratch scratch) {
    int depth = Math.min(DEPTH, inner);
    scratch.reserveRows(HEIGHT + (depth + GROUP - 1) / GROUP * GROUP);
  }

  @Override
  public void run(
      float[] a, int aFrom, float[] b, int bFrom, float[] c, int cFrom, Scratch scratch) {
    if (turned) {
      multiply(b, bFrom, a, aFrom, c, cFrom, scratch.rows());
    } else {
      multiply(a, aFrom, b, bFrom, c, cFrom, scratch.rows());
    }
  }

  /** With {@link #HEIGHT} short rows for the result, and behind them those of the right matrix. */
  private void multiply(
      float[] l, int lFrom, float[] r, int rFrom, float[] c, int cFrom, float[][] own) {
    for (int j = 0; j < columns; j += Scratch.WIDTH) {
      int width = Math.min(Scratch.WIDTH, columns - j);
      for (int k = 0; k == 0 || k < inner; k += DEPTH) { // without an inner side the sum is zero
        int depth = Math.min(DEPTH, inner - k);
        take(r, rFrom + k * right.row + j * right.column, depth, width, own);
        for (int i = 0; i < rows; i += HEIGHT) {
          int height = Math.min(HEIGHT, rows - i);
          sum(l, lFrom + i * left.row + k * left.column, height, depth, width, own);
          give(c, cFrom + i * result.row + j * result.column, height, width, own, k > 0);
        }
      }
    }
  }

  private void take(float[] r, int from, int depth, int width, float[][] own) {
    for (int k = 0; k < depth; k += GROUP) {
      int at = from + k * right.row;
      float[] r0 = own[HEIGHT + k];
      float[] r1 = own[HEIGHT + k + 1];
      float[] r2 = own[HEIGHT + k + 2];
      float[] r3 = own[HEIGHT + k + 3];
      if (right.column != 1 && k + GROUP <= depth) {
        takeColumns(r, at, right.column, width, r0, r1, r2, r3);
        continue;
      }
      takeRow(r, at, width, r0);
      takeRow(k + 1 < depth ? r : null, at + right.row, width, r1);
      takeRow(k + 2 < depth ? r : null, at + 2 * right.row, width, r2);
      takeRow(k + 3 < depth ? r : null, at + 3 * right.row, width, r3);
    }
  }

  /** Zeros where there is none. */
  private void takeRow(float[] r, int from, int width, float[] row) {
    if (r == null) {
      Arrays.fill(row, 0, width, 0);
    } else if (right.column == 1) {
      System.arraycopy(r, from, row, 0, width);
    } else {
      for (int j = 0; j < width; j++) {
        row[j] = r[from + j * right.column];
      }
    }
  }

  /** Of a transposed matrix, whose rows are columns: four floats beside each other of each. */
  private static void takeColumns(
      float[] r, int from, int stride, int width, float[] r0, float[] r1, float[] r2, float[] r3) {
    for (int j = 0, at = from; j < width; j++, at += stride) {
      r0[j] = r[at];
      r1[j] = r[at + 1];
      r2[j] = r[at + 2];
      r3[j] = r[at + 3];
    }
  }

  private void sum(float[] l, int from, int height, int depth, int width, float[][] own) {
    for (int i = 0; i < height; i++) {
      Arrays.fill(own[i], 0, width, 0);
    }
    int step = left.column;
    for (int k = 0; k < depth; k += GROUP) {
      float[] r0 = own[HEIGHT + k];
      float[] r1 = own[HEIGHT + k + 1];
      float[] r2 = own[HEIGHT + k + 2];
      float[] r3 = own[HEIGHT + k + 3];
      int there = depth - k;
      for (int i = 0; i < height; i++) {
        int at = from + i * left.row + k * step;
        float l0 = l[at];
        float l1 = there > 1 ? l[at + step] : 0;
        float l2 = there > 2 ? l[at + 2 * step] : 0;
        float l3 = there > 3 ? l[at + 3 * step] : 0;
        addGroup(width, own[i], r0, r1, r2, r3, l0, l1, l2, l3);
      }
    }
  }

  private static void addGroup(
      int width,
      float[] sum,
      float[] r0,
      float[] r1,
      float[] r2,
      float[] r3,
      float l0,
      float l1,
      float l2,
      float l3) {
    for (int j = 0; j < width; j++) {
      sum[j] += l0 * r0[j] + l1 * r1[j] + l2 * r2[j] + l3 * r3[j];
    }
  }

  private void give(float[] c, int from, int height, int width, float[][] own, boolean added) {
    for (int i = 0; i < height; i++) {
      float[] row = own[i];
      int at = from + i * result.row;
      if (result.column == 1 && !added) {
        System.arraycopy(row, 0, c, at, width);
        continue;
      }
      for (int j = 0; j < width; j++, at += result.column) {
        c[at] = added ? c[at] + row[j] : row[j];
      }
    }
  }
}
