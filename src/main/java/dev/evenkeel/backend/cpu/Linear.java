package dev.evenkeel.backend.cpu;

import static dev.evenkeel.backend.cpu.CpuBuffer.data;

import dev.evenkeel.backend.Workers;
import dev.evenkeel.tensor.Matrix;

/**
 * The three matrix products of a linear layer. Each worker calls BLAS on its own part of the
 * result.
 *
 * <p>BLAS first packs both operands; splitting the result by columns packs the left one twice, by
 * rows the right one. So a product is split along its longer side, which for most layers is the
 * columns. With a short inner side, as behind the few outputs of a classifier, rows are twice as
 * fast (measured).
 */
final class Linear extends ParallelOperation {

  private static final int FEW = 32;
  private static final double NANOSECONDS_PER_PRODUCT = 1.0 / 22;

  private final Scratch[] scratch;
  private final float[] left;
  private final float[] right;
  private final float[] result;
  private final Part[] parts;

  /** What a worker multiplies, and where it begins. */
  private record Part(Blas.Product product, int left, int right, int result) {}

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
    this.scratch = scratch;
    this.left = data(left);
    this.right = data(right);
    this.result = data(result);
    this.parts = new Part[workers()];
    int rows = result.rows();
    int columns = result.columns();
    int inner = transposeLeft ? left.rows() : left.columns();
    boolean rowsAreUpdated = transposeLeft && sharesRows(rows, parts.length);
    boolean byColumns =
        !rowsAreUpdated && 2L * columns >= rows && columns >= 16 * parts.length && inner >= FEW;
    for (int worker = 0; worker < parts.length; worker++) {
      int from = begin(byColumns ? columns : rows, worker, parts.length);
      int length = begin(byColumns ? columns : rows, worker + 1, parts.length) - from;
      if (length == 0) {
        continue;
      }
      int fromRow = byColumns ? 0 : from;
      int fromColumn = byColumns ? from : 0;
      Blas.Shape shape =
          new Blas.Shape(
              transposeLeft,
              transposeRight,
              byColumns ? rows : length,
              byColumns ? length : columns,
              inner,
              left.columns(),
              right.columns(),
              columns);
      Blas.Product product = blas.product(shape);
      product.reserve(scratch[worker]);
      parts[worker] =
          new Part(
              product,
              (int) left.offset() + fromRow * (transposeLeft ? 1 : left.columns()),
              (int) right.offset() + fromColumn * (transposeRight ? right.columns() : 1),
              (int) result.offset() + fromRow * columns + fromColumn);
    }
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
    Part part = parts[worker];
    if (part != null) {
      part.product.run(left, part.left, right, part.right, result, part.result, scratch[worker]);
    }
  }
}
