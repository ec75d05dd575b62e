package dev.evenkeel.backend;

/** The optimizers of {@link Backend} in float64: one step in place, element by element. */
final class ReferenceUpdates {

  /** Decay as it applies to one element, already 0 where none is due. */
  interface Rule {
    /** One step; {@code step} counts from 0. The arrays are parameters and two vectors of state. */
    void step(double[] p, double[] g, double[] a, double[] b, double[] decay, double lr, long step);
  }

  private ReferenceUpdates() {}

  static double norm(double[] g) {
    double squares = 0;
    for (double value : g) {
      squares += value * value;
    }
    return Math.sqrt(squares);
  }

  static Rule gradientDescent() {
    return (p, g, a, b, decay, lr, step) -> {
      for (int i = 0; i < p.length; i++) {
        p[i] -= lr * (g[i] + decay[i] * p[i]);
      }
    };
  }

  static Rule momentum(double momentum, boolean nesterov) {
    return (p, g, velocity, b, decay, lr, step) -> {
      for (int i = 0; i < p.length; i++) {
        double gradient = g[i] + decay[i] * p[i];
        velocity[i] = momentum * velocity[i] + gradient;
        p[i] -= lr * (nesterov ? gradient + momentum * velocity[i] : velocity[i]);
      }
    };
  }

  static Rule rmsprop(double alpha, double epsilon) {
    return (p, g, squares, b, decay, lr, step) -> {
      for (int i = 0; i < p.length; i++) {
        double gradient = g[i] + decay[i] * p[i];
        squares[i] = alpha * squares[i] + (1 - alpha) * gradient * gradient;
        p[i] -= lr * gradient / (Math.sqrt(squares[i]) + epsilon);
      }
    };
  }

  static Rule adam(double beta1, double beta2, double epsilon, boolean decoupled) {
    return (p, g, mean, squares, decay, lr, step) -> {
      for (int i = 0; i < p.length; i++) {
        double gradient = g[i] + (decoupled ? 0 : decay[i] * p[i]);
        mean[i] = beta1 * mean[i] + (1 - beta1) * gradient;
        squares[i] = beta2 * squares[i] + (1 - beta2) * gradient * gradient;
        double m = mean[i] / (1 - Math.pow(beta1, step + 1));
        double v = squares[i] / (1 - Math.pow(beta2, step + 1));
        double old = p[i];
        p[i] -= lr * m / (Math.sqrt(v) + epsilon);
        p[i] -= decoupled ? lr * decay[i] * old : 0;
      }
    };
  }
}
