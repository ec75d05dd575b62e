package dev.evenkeel.nn;

import dev.evenkeel.tensor.Matrix;

/** A few fused layers, able to append their operations to a pass. */
interface Block {

  /** Appends the forward operations, and in training announces the backward ones; returns y. */
  Matrix append(Pass pass, Matrix x);
}
