package dev.evenkeel.nn;

import java.util.Arrays;
import java.util.Map;
import java.util.Optional;

/** y = scale · x + shift, feature by feature: what some norms are at inference. */
record AffineMap(double[] scale, double[] shift) {

  /**
   * A layer as such a map, where it is one.
   *
   * @param values parameters and running statistics by their names, which begin with {@code name}
   */
  static Optional<AffineMap> of(Layer layer, int width, String name, Map<String, float[]> values) {
    if (layer instanceof NormProp norm) {
      double[] scale = new double[width];
      double[] shift = new double[width];
      Arrays.fill(scale, 1 / norm.moments().deviation());
      Arrays.fill(shift, -norm.moments().mean() / norm.moments().deviation());
      return Optional.of(new AffineMap(scale, shift));
    }
    return layer instanceof BatchNorm norm
        ? Optional.of(of(norm, width, name, values))
        : Optional.empty();
  }

  private static AffineMap of(BatchNorm norm, int width, String name, Map<String, float[]> values) {
    float[] gamma = values.get(name + ".weight");
    float[] beta = values.get(name + ".bias");
    float[] mean = values.get(name + ".running_mean");
    float[] variance = values.get(name + ".running_var");
    double[] scale = new double[width];
    double[] shift = new double[width];
    for (int j = 0; j < width; j++) {
      scale[j] = norm.centresOnly() ? 1 : gamma[j] / Math.sqrt(variance[j] + norm.epsilon());
      shift[j] = beta[j] - scale[j] * mean[j];
    }
    return new AffineMap(scale, shift);
  }
}
