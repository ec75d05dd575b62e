package dev.evenkeel.nn;

import dev.evenkeel.tensor.Matrix;

/**
 * One named part of a model's flat parameters or statistics, by the names that PyTorch gives an
 * equal {@code nn.Sequential} ("0.weight", "1.running_mean").
 *
 * @param offset its place in the flat buffer
 * @param decays whether weight decay acts on it: on weights, not on biases, γ and β
 */
public record Parameter(
    String name, long offset, int rows, int columns, boolean decays, Matrix value) {

  /** What PyTorch's parametrizations.weight_norm calls the lengths g and the directions v. */
  static final String GAIN = ".parametrizations.weight.original0";

  static final String DIRECTION = ".parametrizations.weight.original1";

  /** What a batch norm counts its batches by: PyTorch has it as an integer. */
  static final String COUNT = ".num_batches_tracked";

  /** The number of its layer: "3", or "3.0" within a residual block. */
  public String layer() {
    int end = 1;
    while (!Character.isLetter(name.charAt(end + 1))) {
      end++;
    }
    return name.substring(0, end);
  }

  public boolean isCount() {
    return name.endsWith(COUNT);
  }

  /** As PyTorch has it: of one dimension but for weights and gains, and of none for the count. */
  public long[] shape() {
    if (isCount()) {
      return new long[0];
    }
    boolean vector = rows == 1 && !decays && !name.endsWith(GAIN);
    return vector ? new long[] {columns} : new long[] {rows, columns};
  }

  public long size() {
    return (long) rows * columns;
  }

  /** The same place in another flat vector, such as the gradients. */
  public Matrix in(Matrix flat) {
    return flat.view(offset, rows, columns);
  }
}
