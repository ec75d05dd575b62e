package dev.evenkeel.backend.cuda;

import dev.evenkeel.tensor.Matrix;

/**
 * Copies of float32 weights in bfloat16, where that is what activations are: products take both
 * sides in one type. Made when a product or an update first needs one, and rewritten whenever the
 * weights are: by the update itself, or by {@link #refresh}.
 */
record WeightCopies(Kernels kernels) {

  /** A weight in the type of what it meets. */
  View like(View other, Matrix weight) {
    View exact = CudaBuffer.view(weight);
    if (other.type() == exact.type()) {
      return exact;
    }
    return new View(of(weight), exact.rows(), exact.columns(), exact.pitch(), ElementType.BFLOAT16);
  }

  /** The address of a matrix' copy. */
  long of(Matrix weights) {
    CudaBuffer buffer = CudaBuffer.of(weights);
    boolean isNew = !buffer.hasCopy();
    long copy = buffer.bfloat16Copy();
    if (isNew) {
      refresh(buffer);
    }
    return copy + 2 * weights.offset();
  }

  /** Brings the copy up to date, where there is one. */
  void refresh(CudaBuffer buffer) {
    if (!buffer.hasCopy()) {
      return;
    }
    int floats = Math.toIntExact(buffer.length());
    View exact = View.floats(buffer.address(), 1, floats);
    View copy = new View(buffer.bfloat16Copy(), 1, floats, floats, ElementType.BFLOAT16);
    kernels.data.copy(exact, copy).run();
  }
}
