package dev.evenkeel.backend.cpu;

import static dev.evenkeel.backend.cpu.CpuBuffer.data;

import dev.evenkeel.tensor.Matrix;

/**
 * The three matrix products of a linear layer. Each worker calls BLAS on its own part of the
 * result.
 *
 * <p>BLAS first packs both operands; splitting the result by columns packs the left one twice, by
 * rows the right one. So a product is split along its longer side, which for most layers is the
 * columns: the same split that batch norm uses, so that a worker finds its columns in its cache.
 * With a short inner side, as behind the few outputs of a classifier, rows are twice as fast
 * (measured).
 */
final class Linear extends ParallelOperation {

  private final Blas blas;
  private final Scratch[] scratch;

  /** A worker's part of the product, made when it is first run. */
  private final Blas.Product[] products;

  private final boolean transposeLeft;
  private final boolean transposeRight;
  private final int rows;
  private final int columns;
  private final int inner;
  private final float[] left;
  private final float[] right;
  private final float[] result;
  private final Matrix leftMatrix;
  private final Matrix rightMatrix;
  private final Matrix resultMatrix;

  private static final int FEW = 32;
  private static final double NANOSECONDS_PER_PRODUCT = 1.0 / 22;

  private Linear(
      Blas blas,
      Workers workers,
      Scratch[] scratch,
      Matrix left,
      boolean transposeLeft,
      Matrix right,
      boolean transposeRight,
      Matrix result) {
    super(
        workers,
        result.size() * NANOSECONDS_PER_PRODUCT * (transposeLeft ? left.rows() : left.columns()));
    this.blas = blas;
    this.scratch = scratch;
    this.products = new Blas.Product[workers.count()];
    this.transposeLeft = transposeLeft;
    this.transposeRight = transposeRight;
    this.rows = result.rows();
    this.columns = result.columns();
    this.inner = transposeLeft ? left.rows() : left.columns();
    this.leftMatrix = left;
    this.rightMatrix = right;
    this.resultMatrix = result;
    this.left = data(left);
    this.right = data(right);
    this.result = data(result);
  }

  /** z [N, O] = x [N, I] weight [O, I]ᵀ. */
  static Linear forward(
      Blas blas, Workers workers, Scratch[] scratch, Matrix x, Matrix weight, Matrix z) {
    return new Linear(blas, workers, scratch, x, false, weight, true, z);
  }

  /** dx [N, I] = dz [N, O] weight [O, I]. */
  static Linear backwardInput(
      Blas blas, Workers workers, Scratch[] scratch, Matrix dz, Matrix weight, Matrix dx) {
    return new Linear(blas, workers, scratch, dz, false, weight, false, dx);
  }

  /** dWeight [O, I] = dz [N, O]ᵀ x [N, I]. */
  static Linear backwardWeight(
      Blas blas, Workers workers, Scratch[] scratch, Matrix dz, Matrix x, Matrix dWeight) {
    return new Linear(blas, workers, scratch, dz, true, x, false, dWeight);
  }

  @Override
  public void run(int worker, int workers) {
    boolean rowsAreUpdated = transposeLeft && sharesRows(rows, workers);
    if (!rowsAreUpdated && 2L * columns >= rows && columns >= 16 * workers && inner >= FEW) {
      int from = begin(columns, worker, workers);
      multiply(worker, 0, rows, from, begin(columns, worker + 1, workers));
    } else {
      int from = begin(rows, worker, workers);
      multiply(worker, from, begin(rows, worker + 1, workers), 0, columns);
    }
  }

  private void multiply(int worker, int fromRow, int toRow, int fromColumn, int toColumn) {
    if (fromRow == toRow || fromColumn == toColumn) {
      return;
    }
    int leftStride = leftMatrix.columns();
    int rightStride = rightMatrix.columns();
    if (products[worker] == null) {
      products[worker] =
          blas.product(
              new Blas.Shape(
                  transposeLeft,
                  transposeRight,
                  toRow - fromRow,
                  toColumn - fromColumn,
                  inner,
                  leftStride,
                  rightStride,
                  columns));
    }
    products[worker].run(
        left,
        (int) leftMatrix.offset() + fromRow * (transposeLeft ? 1 : leftStride),
        right,
        (int) rightMatrix.offset() + fromColumn * (transposeRight ? rightStride : 1),
        result,
        (int) resultMatrix.offset() + fromRow * columns + fromColumn,
        scratch[worker]);
  }
}
