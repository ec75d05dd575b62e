package dev.evenkeel.nn;

import java.util.Map;

/** z = x Wᵀ + b in double, and what it becomes with affine maps in front of it or behind. */
final class DenseMap {

  private final Linear description;
  private final int inputs;
  private final double[] weight;
  private final double[] bias;
  private boolean hasBias;

  /**
   * @param values parameters by their names, which begin with {@code name}
   */
  DenseMap(Linear description, int inputs, String name, Map<String, float[]> values) {
    this.description = description;
    this.inputs = inputs;
    this.weight = weight(description, inputs, name, values);
    this.bias = new double[description.units()];
    float[] present = values.get(name + ".bias");
    this.hasBias = present != null;
    for (int o = 0; hasBias && o < bias.length; o++) {
      bias[o] = present[o];
    }
  }

  private static double[] weight(
      Linear linear, int inputs, String name, Map<String, float[]> values) {
    boolean normed = linear.hasWeightNorm();
    float[] stored = values.get(name + (normed ? Parameter.DIRECTION : ".weight"));
    float[] gain = values.get(name + Parameter.GAIN);
    double[] weight = new double[stored.length];
    for (int o = 0; o < linear.units(); o++) {
      double scale = normed ? gain[o] * inverseLength(stored, o * inputs, inputs) : 1;
      for (int i = o * inputs; i < (o + 1) * inputs; i++) {
        weight[i] = scale * stored[i];
      }
    }
    return weight;
  }

  /** 0 for a direction of zeros, as when it runs. */
  private static double inverseLength(float[] v, int from, int length) {
    double sum = 0;
    for (int i = from; i < from + length; i++) {
      sum += (double) v[i] * v[i];
    }
    return sum == 0 ? 0 : 1 / Math.sqrt(sum);
  }

  /** With the map behind it. */
  void then(AffineMap map) {
    for (int o = 0; o < bias.length; o++) {
      for (int i = o * inputs; i < (o + 1) * inputs; i++) {
        weight[i] *= map.scale()[o];
      }
      bias[o] = map.scale()[o] * bias[o] + map.shift()[o];
    }
    hasBias = true;
  }

  /** With the map in front of it. */
  void after(AffineMap map) {
    for (int o = 0; o < bias.length; o++) {
      for (int i = 0; i < inputs; i++) {
        bias[o] += weight[o * inputs + i] * map.shift()[i];
        weight[o * inputs + i] *= map.scale()[i];
      }
    }
    hasBias = true;
  }

  /** Puts the weights among those of a network; returns the plain layer that they are of. */
  Linear store(String name, Map<String, float[]> values) {
    values.put(name + ".weight", rounded(weight));
    if (hasBias) {
      values.put(name + ".bias", rounded(bias));
    }
    return description.withWeightNorm(WeightNorm.NONE).withBias(hasBias);
  }

  private static float[] rounded(double[] wide) {
    float[] values = new float[wide.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) wide[i];
    }
    return values;
  }
}
