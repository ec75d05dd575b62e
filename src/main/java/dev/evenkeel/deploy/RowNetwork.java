package dev.evenkeel.deploy;

import dev.evenkeel.nn.Activate;
import dev.evenkeel.nn.BatchNorm;
import dev.evenkeel.nn.Layer;
import dev.evenkeel.nn.Linear;
import dev.evenkeel.nn.Network;
import dev.evenkeel.nn.NormProp;
import dev.evenkeel.nn.Residual;
import dev.evenkeel.nn.RowNorm;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * A folded network that takes one row at a time, in plain loops. It holds only what never changes,
 * so any number of threads may run it, each with a {@link #scratch} of its own.
 */
final class RowNetwork {

  /**
   * One layer. Level l of residual blocks within one another has its values in {@code scratch[2
   * l]}, and {@code scratch[2 l + 1]} is free.
   */
  private interface Step {
    void run(float[][] scratch);
  }

  private final Map<String, float[]> values;
  private final Step[] steps;
  private int widest;
  private int levels = 1;

  RowNetwork(Network network, Map<String, float[]> values) {
    this.values = values;
    this.widest = network.inputs();
    this.steps = steps(network.layers(), "", network.inputs(), 0);
  }

  /** Room for one row on its way; its first array takes the inputs. */
  float[][] scratch() {
    return new float[2 * levels][widest];
  }

  /** The outputs are then at the beginning of {@code scratch[0]}. */
  void run(float[][] scratch) {
    for (Step step : steps) {
      step.run(scratch);
    }
  }

  private Step[] steps(List<Layer> layers, String prefix, int inputs, int level) {
    levels = Math.max(levels, level + 1);
    List<Step> made = new ArrayList<>();
    int width = inputs;
    for (int i = 0; i < layers.size(); i++) {
      String name = prefix + i;
      made.add(step(layers.get(i), name, width, level));
      width = layers.get(i) instanceof Linear linear ? linear.units() : width;
      widest = Math.max(widest, width);
    }
    return made.toArray(Step[]::new);
  }

  private Step step(Layer layer, String name, int width, int level) {
    if (layer instanceof Linear linear) {
      return linear(linear, name, width, level);
    } else if (layer instanceof BatchNorm norm) {
      return batchNorm(norm, name, width, level);
    } else if (layer instanceof NormProp norm) {
      double scale = 1 / norm.moments().deviation();
      double[] scales = new double[width];
      double[] shifts = new double[width];
      Arrays.fill(scales, scale);
      Arrays.fill(shifts, -norm.moments().mean() * scale);
      return affine(scales, shifts, level);
    } else if (layer instanceof RowNorm norm) {
      return rowNorm(norm, name, width, level);
    } else if (layer instanceof Activate activate) {
      return activation(activate, width, level);
    } else if (layer instanceof Residual residual) {
      return residual(steps(residual.layers(), name + ".", width, level + 1), width, level);
    }
    throw new IllegalStateException("a folded network has no " + layer);
  }

  /**
   * Weights are transposed, so that the inner loop runs along the units, and each input has an
   * array of its own: the JIT vectorises that, but not one array for all (4 times slower).
   */
  private Step linear(Linear linear, String name, int inputs, int level) {
    int units = linear.units();
    float[] weight = values.get(name + ".weight");
    float[][] w = new float[inputs][units];
    for (int o = 0; o < units; o++) {
      for (int i = 0; i < inputs; i++) {
        w[i][o] = weight[o * inputs + i];
      }
    }
    float[] bias = values.getOrDefault(name + ".bias", new float[units]);
    return scratch -> {
      float[] x = scratch[2 * level];
      float[] y = scratch[2 * level + 1];
      System.arraycopy(bias, 0, y, 0, units);
      int i = 0;
      for (; i + 4 <= inputs; i += 4) {
        add(y, x[i], w[i], x[i + 1], w[i + 1], x[i + 2], w[i + 2], x[i + 3], w[i + 3]);
      }
      for (; i < inputs; i++) {
        add(y, x[i], w[i]);
      }
      scratch[2 * level] = y;
      scratch[2 * level + 1] = x;
    };
  }

  /** y += a p + b q + c r + d s. */
  private static void add(
      float[] y, float a, float[] p, float b, float[] q, float c, float[] r, float d, float[] s) {
    int units = p.length;
    for (int o = 0; o < units; o++) {
      y[o] += (a * p[o] + b * q[o]) + (c * r[o] + d * s[o]);
    }
  }

  private static void add(float[] y, float a, float[] p) {
    for (int o = 0; o < p.length; o++) {
      y[o] += a * p[o];
    }
  }

  private Step batchNorm(BatchNorm norm, String name, int width, int level) {
    double[] scale = new double[width];
    double[] shift = new double[width];
    for (int j = 0; j < width; j++) {
      scale[j] =
          norm.centresOnly()
              ? 1
              : values.get(name + ".weight")[j]
                  / Math.sqrt(values.get(name + ".running_var")[j] + norm.epsilon());
      shift[j] = values.get(name + ".bias")[j] - scale[j] * values.get(name + ".running_mean")[j];
    }
    return affine(scale, shift, level);
  }

  private static Step affine(double[] scale, double[] shift, int level) {
    return scratch -> {
      float[] x = scratch[2 * level];
      for (int j = 0; j < scale.length; j++) {
        x[j] = (float) (scale[j] * x[j] + shift[j]);
      }
    };
  }

  private Step rowNorm(RowNorm norm, String name, int width, int level) {
    float[] gamma = values.get(name + ".weight");
    float[] beta = values.getOrDefault(name + ".bias", new float[width]);
    int size = width / norm.groups(width);
    return scratch -> {
      for (int from = 0; from < width; from += size) {
        normalise(norm, scratch[2 * level], from, from + size, gamma, beta);
      }
    };
  }

  private static void normalise(
      RowNorm norm, float[] x, int from, int to, float[] gamma, float[] beta) {
    double sum = 0;
    for (int j = from; norm.centred() && j < to; j++) {
      sum += x[j];
    }
    double mean = sum / (to - from);
    double squares = 0;
    for (int j = from; j < to; j++) {
      squares += (x[j] - mean) * (x[j] - mean);
    }
    double inverse = 1 / Math.sqrt(squares / (to - from) + norm.epsilon());
    for (int j = from; j < to; j++) {
      x[j] = (float) (gamma[j] * ((x[j] - mean) * inverse) + beta[j]);
    }
  }

  private static Step activation(Activate activate, int width, int level) {
    return switch (activate.function()) {
      case IDENTITY -> scratch -> {};
      case RELU ->
          scratch -> {
            float[] x = scratch[2 * level];
            for (int j = 0; j < width; j++) {
              x[j] = Math.max(0, x[j]);
            }
          };
      default ->
          scratch -> {
            float[] x = scratch[2 * level];
            for (int j = 0; j < width; j++) {
              x[j] = (float) activate.value(x[j]);
            }
          };
    };
  }

  private static Step residual(Step[] inner, int width, int level) {
    return scratch -> {
      System.arraycopy(scratch[2 * level], 0, scratch[2 * level + 2], 0, width);
      for (Step step : inner) {
        step.run(scratch);
      }
      float[] x = scratch[2 * level];
      float[] y = scratch[2 * level + 2];
      for (int j = 0; j < width; j++) {
        x[j] += y[j];
      }
    };
  }
}
