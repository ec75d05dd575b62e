package dev.evenkeel.nn;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.tensor.Matrix;

/**
 * y = activation(x Wᵀ + b), where bias and activation may be missing. With weight norm, W is made
 * of its directions and lengths at the start of the layer, in every pass.
 */
final class LinearBlock implements Block {

  private final String name;
  private final Blueprint.Slot weight;
  private final Blueprint.Slot gain;
  private final Blueprint.Slot bias;
  private final Activation activation;
  private final boolean startsFromData;

  /**
   * @param weight W, or its directions where there is a gain
   * @param gain null without weight norm
   * @param bias null where there is none
   * @param startsFromData whether {@link DataStart} sets gain and bias
   */
  LinearBlock(
      String name,
      Blueprint.Slot weight,
      Blueprint.Slot gain,
      Blueprint.Slot bias,
      Activation activation,
      boolean startsFromData) {
    this.name = name;
    this.weight = weight;
    this.gain = gain;
    this.bias = bias;
    this.activation = activation;
    this.startsFromData = startsFromData;
  }

  @Override
  public Matrix append(Pass pass, Matrix x) {
    Backend backend = pass.backend();
    Matrix w = weight(pass);
    Matrix z = pass.take(weight.rows);
    pass.forward(name + " linear", backend.linearForward(x, w, z), z);
    if (!pass.training() && startsFromData) {
      pass.probe(this, z);
    }
    Activation fused = pass.fused(activation);
    boolean linear = fused == Activation.IDENTITY;
    boolean leavesBias = linear && bias != null && pass.goesToLoss(this);
    if (leavesBias) {
      pass.leaveToLoss(bias.parameter);
    }
    boolean bare = linear && (bias == null || leavesBias);
    boolean inPlace = !pass.training() || activation == Activation.IDENTITY;
    Matrix y = inPlace ? z : pass.take(weight.rows);
    if (!bare) {
      Matrix b = bias == null ? Matrix.NONE : bias.parameter.value();
      pass.forward(name + " " + fused.label(), backend.activationForward(z, b, fused, y), y);
    }
    pass.activateApart(name, activation, y);
    if (!pass.training()) {
      pass.release(x);
    }
    pass.onTheWayBack(dy -> back(pass, x, w, z, y, bare, dy));
    return y;
  }

  private Matrix weight(Pass pass) {
    Matrix direction = weight.parameter.value();
    if (gain == null) {
      return direction;
    }
    Matrix w = pass.takeWeight(weight.rows, weight.columns);
    Matrix g = gain.parameter.value();
    pass.forward(name + " weight-norm", pass.backend().weightNormForward(direction, g, w), w);
    return w;
  }

  private Matrix back(Pass pass, Matrix x, Matrix w, Matrix z, Matrix y, boolean bare, Matrix dy) {
    Backend backend = pass.backend();
    if (!bare) {
      Matrix dBias = bias == null ? Matrix.NONE : pass.gradient(bias.parameter);
      pass.backward(
          name + " " + activation.label() + " backward",
          backend.activationBackward(dy, z, y, activation, dy, dBias),
          dy);
    }
    pass.release(z);
    if (y != z) {
      pass.release(y);
    }
    backWeight(pass, x, dy);
    if (pass.isInput(x)) {
      return dy;
    }
    Matrix dx = pass.gradientOf(x);
    pass.backward(name + " linear dx", backend.linearBackwardInput(dy, w, dx), dx);
    pass.release(dy);
    return dx;
  }

  private void backWeight(Pass pass, Matrix x, Matrix dz) {
    Backend backend = pass.backend();
    Matrix dWeight = pass.gradient(weight.parameter);
    if (gain == null) {
      pass.backwardWeight(name, dz, x, dWeight);
    } else {
      pass.backward(name + " linear dW", backend.linearBackwardWeight(dz, x, dWeight), dWeight);
      Matrix direction = weight.parameter.value();
      Matrix g = gain.parameter.value();
      Matrix dGain = pass.gradient(gain.parameter);
      pass.backward(
          name + " weight-norm backward",
          backend.weightNormBackward(dWeight, direction, g, dWeight, dGain),
          dWeight);
    }
  }

  /** The lengths of a weight norm. */
  Parameter gain() {
    return gain.parameter;
  }

  /** Null where there is none. */
  Parameter bias() {
    return bias == null ? null : bias.parameter;
  }
}
