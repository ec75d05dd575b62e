package dev.evenkeel;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.loss.Loss;
import dev.evenkeel.nn.Activate;
import dev.evenkeel.nn.AlphaDropout;
import dev.evenkeel.nn.BatchNorm;
import dev.evenkeel.nn.Dropout;
import dev.evenkeel.nn.Layer;
import dev.evenkeel.nn.Linear;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import dev.evenkeel.nn.NormProp;
import dev.evenkeel.nn.Parameter;
import dev.evenkeel.nn.Residual;
import dev.evenkeel.nn.RowNorm;
import dev.evenkeel.nn.RunningStatistics;
import dev.evenkeel.nn.RunningVariance;
import dev.evenkeel.nn.WeightNorm;
import dev.evenkeel.tensor.Philox;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A whole network in float64 and plain loops, layer after layer as the literature has it. It shares
 * with the code under test nothing but descriptions, Philox, and the names of the parameters. Its
 * gradient is the central finite difference of its own loss, so it has no backward pass to be
 * wrong.
 */
public final class Twin {

  /** Whether and how dropout and batch statistics work. */
  public record Mode(boolean training, long seed, long step, boolean movesStatistics) {
    public static Mode training(long seed, long step) {
      return new Mode(true, seed, step, false);
    }

    public static Mode inference() {
      return new Mode(false, 0, 0, false);
    }

    Mode moving() {
      return new Mode(training, seed, step, true);
    }
  }

  private static final double SMALL = 1e-5;

  private final Network network;

  /** Parameters and running statistics by their names; may be changed from outside. */
  public final Map<String, double[]> values = new LinkedHashMap<>();

  /** What each batch norm was given in the last walk, by the norm's name. */
  public final Map<String, double[][]> normInputs = new LinkedHashMap<>();

  private int randomLayers;

  /** With a model's present values. */
  public Twin(Model model) {
    network = model.network();
    for (Parameter parameter : model.parameters()) {
      values.put(parameter.name(), doubles(model.values(parameter)));
    }
    for (Parameter statistic : model.statistics()) {
      values.put(statistic.name(), doubles(model.values(statistic)));
    }
  }

  /** With values of its own, by the names of the parameters and statistics. */
  public Twin(Network network, Map<String, float[]> values) {
    this.network = network;
    values.forEach((name, floats) -> this.values.put(name, doubles(floats)));
  }

  private static double[] doubles(float[] values) {
    double[] wide = new double[values.length];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = values[i];
    }
    return wide;
  }

  /** Rows of a row-major table. */
  public static double[][] rows(float[] table, int columns, int... rows) {
    double[][] out = new double[rows.length][columns];
    for (int i = 0; i < rows.length; i++) {
      for (int j = 0; j < columns; j++) {
        out[i][j] = table[rows[i] * columns + j];
      }
    }
    return out;
  }

  public double[][] outputs(double[][] x, Mode mode) {
    randomLayers = 0;
    normInputs.clear();
    return walk(network.layers(), "", x, mode);
  }

  public double loss(double[][] x, double[][] targets, Loss loss, Mode mode) {
    return loss(loss, outputs(x, mode), targets);
  }

  /** Moves the running statistics as a training step does. */
  public void moveStatistics(double[][] x, Mode mode) {
    outputs(x, mode.moving());
  }

  /**
   * The derivative of the loss by one parameter. Where a hundredth of the step says something else,
   * a kink is between, such as ReLU's, and the smaller step is right.
   */
  public double derivative(
      String name, int index, double[][] x, double[][] targets, Loss loss, Mode mode) {
    double wide = slope(name, index, SMALL, x, targets, loss, mode);
    double narrow = slope(name, index, SMALL / 100, x, targets, loss, mode);
    return Math.abs(wide - narrow) > 1e-6 * Math.max(1e-2, Math.abs(wide)) ? narrow : wide;
  }

  private double slope(
      String name, int index, double step, double[][] x, double[][] targets, Loss loss, Mode mode) {
    double[] parameter = values.get(name);
    double value = parameter[index];
    parameter[index] = value + step;
    double above = loss(x, targets, loss, mode);
    parameter[index] = value - step;
    double below = loss(x, targets, loss, mode);
    parameter[index] = value;
    return (above - below) / (2 * step);
  }

  private double[][] walk(List<Layer> layers, String prefix, double[][] input, Mode mode) {
    double[][] x = input;
    for (int i = 0; i < layers.size(); i++) {
      String name = prefix + i;
      Layer layer = layers.get(i);
      if (layer instanceof Linear linear) {
        randomLayers++;
        x = linear(x, linear.units(), weight(linear, name), values.get(name + ".bias"));
      } else if (layer instanceof BatchNorm norm) {
        normInputs.put(name, x);
        x = batchNorm(x, norm, name, mode);
      } else if (layer instanceof RowNorm norm) {
        x = TwinNorms.rowNorm(x, norm, values.get(name + ".weight"), values.get(name + ".bias"));
      } else if (layer instanceof NormProp norm) {
        x = TwinNorms.normProp(x, norm.function());
      } else if (layer instanceof Activate activate) {
        x = activate(x, activate.function());
      } else if (layer instanceof Dropout dropout) {
        x = dropout(x, dropout.probability(), false, randomLayers++, mode);
      } else if (layer instanceof AlphaDropout dropout) {
        x = dropout(x, dropout.probability(), true, randomLayers++, mode);
      } else if (layer instanceof Residual residual) {
        x = sum(x, walk(residual.layers(), name + ".", x, mode));
      }
    }
    return x;
  }

  private static double[][] linear(double[][] x, int units, double[] weight, double[] bias) {
    double[][] z = new double[x.length][units];
    for (int n = 0; n < x.length; n++) {
      int inputs = x[n].length;
      for (int o = 0; o < units; o++) {
        double sum = bias == null ? 0 : bias[o];
        for (int i = 0; i < inputs; i++) {
          sum += x[n][i] * weight[o * inputs + i];
        }
        z[n][o] = sum;
      }
    }
    return z;
  }

  private double[] weight(Linear linear, String name) {
    return linear.weightNorm().equals(WeightNorm.NONE)
        ? values.get(name + ".weight")
        : TwinNorms.weight(
            values.get(name + ".parametrizations.weight.original0"),
            values.get(name + ".parametrizations.weight.original1"));
  }

  /** Group after group of rows; the whole batch is one group where there are no ghosts. */
  private double[][] batchNorm(double[][] x, BatchNorm norm, String name, Mode mode) {
    int rows = x.length;
    int groups = norm.ghostRows() == 0 ? 1 : Math.max(1, rows / norm.ghostRows());
    double[] gamma = values.get(name + ".weight");
    double[] beta = values.get(name + ".bias");
    double[] runningMean = values.get(name + ".running_mean");
    double[] runningVariance = values.get(name + ".running_var");
    double[] meanOfGroups = new double[x[0].length];
    double[] varianceOfGroups = new double[x[0].length];
    double[][] y = new double[rows][x[0].length];
    for (int group = 0; group < groups; group++) {
      int from = rows * group / groups;
      int to = rows * (group + 1) / groups;
      double[][] part = Arrays.copyOfRange(x, from, to);
      for (int j = 0; j < x[0].length; j++) {
        double mean = mode.training() ? mean(part, j) : runningMean[j];
        double scale = 1;
        if (!norm.centresOnly()) {
          double variance = mode.training() ? variance(part, j) : runningVariance[j];
          scale = gamma[j] / Math.sqrt(variance + norm.epsilon());
          boolean unbiased = norm.runningVariance() == RunningVariance.UNBIASED;
          double divisor = unbiased ? part.length - 1 : part.length;
          varianceOfGroups[j] += variance * part.length / divisor / groups;
        }
        meanOfGroups[j] += mean / groups;
        for (int n = from; n < to; n++) {
          y[n][j] = scale * (x[n][j] - mean) + beta[j];
        }
      }
    }
    if (mode.movesStatistics()) {
      double[] count = values.get(name + ".num_batches_tracked");
      double alpha = alpha(norm, count[0]);
      move(runningMean, meanOfGroups, alpha);
      if (!norm.centresOnly()) {
        move(runningVariance, varianceOfGroups, alpha);
      }
      count[0]++;
    }
    return y;
  }

  private static double alpha(BatchNorm norm, double batchesBefore) {
    if (norm.running() instanceof RunningStatistics.Exponential exponential) {
      return exponential.weight();
    }
    return norm.running() instanceof RunningStatistics.Cumulative ? 1 / (batchesBefore + 1) : 0.1;
  }

  private static void move(double[] running, double[] now, double alpha) {
    for (int j = 0; j < running.length; j++) {
      running[j] = alpha * now[j] + (1 - alpha) * running[j];
    }
  }

  public static double mean(double[][] x, int column) {
    double sum = 0;
    for (double[] row : x) {
      sum += row[column];
    }
    return sum / x.length;
  }

  /** Divided by the number of rows. */
  public static double variance(double[][] x, int column) {
    double mean = mean(x, column);
    double sum = 0;
    for (double[] row : x) {
      sum += (row[column] - mean) * (row[column] - mean);
    }
    return sum / x.length;
  }

  /** With the affine correction of SELU's paper where it drops to α′ = −λα instead of 0. */
  private static double[][] dropout(
      double[][] x, double probability, boolean alpha, int stream, Mode mode) {
    if (!mode.training()) {
      return x;
    }
    int columns = x[0].length;
    double keep = 1 - probability;
    double low = alpha ? -1.7580993408473766 : 0;
    double a = alpha ? Math.pow(keep + low * low * keep * probability, -0.5) : 1 / keep;
    double b = -a * probability * low;
    int[] words = new int[4];
    double[][] y = new double[x.length][columns];
    for (int i = 0; i < x.length * columns; i++) {
      Philox.block(mode.seed(), ((long) stream << 40) + mode.step(), i / 4, words);
      boolean dropped = Integer.toUnsignedLong(words[i % 4]) * 0x1p-32 < probability;
      y[i / columns][i % columns] = a * (dropped ? low : x[i / columns][i % columns]) + b;
    }
    return y;
  }

  private static double[][] sum(double[][] a, double[][] b) {
    double[][] out = new double[a.length][a[0].length];
    for (int n = 0; n < a.length; n++) {
      for (int j = 0; j < a[n].length; j++) {
        out[n][j] = a[n][j] + b[n][j];
      }
    }
    return out;
  }

  private static double[][] activate(double[][] x, Activation function) {
    double[][] y = new double[x.length][x[0].length];
    for (int n = 0; n < x.length; n++) {
      for (int j = 0; j < x[n].length; j++) {
        y[n][j] = activate(x[n][j], function);
      }
    }
    return y;
  }

  static double activate(double x, Activation function) {
    return switch (function) {
      case IDENTITY -> x;
      case RELU -> x > 0 ? x : 0;
      case LEAKY_RELU -> x > 0 ? x : 0.01 * x;
      case ELU -> x > 0 ? x : Math.exp(x) - 1;
      case SELU -> 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * (Math.exp(x) - 1));
      case GELU -> x * (1 + erf(x / Math.sqrt(2))) / 2;
      case SILU -> x / (1 + Math.exp(-x));
      case SIGMOID -> 1 / (1 + Math.exp(-x));
      case TANH -> Math.tanh(x);
      case SOFTPLUS -> Math.log(1 + Math.exp(x));
    };
  }

  /** 2/√π exp(−x²) Σ 2ⁿ x²ⁿ⁺¹ / (2n+1)!!, whose terms all have one sign. */
  private static double erf(double x) {
    if (Math.abs(x) > 6) {
      return Math.signum(x);
    }
    double term = x;
    double sum = x;
    for (int n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
      term *= 2 * x * x / (2 * n + 1);
      sum += term;
    }
    return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
  }

  public static double loss(Loss loss, double[][] y, double[][] t) {
    if (loss instanceof Loss.SoftmaxCrossEntropy softmax) {
      return crossEntropy(softmax, y, t);
    }
    double sum = 0;
    for (int n = 0; n < y.length; n++) {
      double row = 0;
      for (int k = 0; k < y[n].length; k++) {
        row += elementLoss(loss, y[n][k], t[n][k]);
      }
      sum += row / y[n].length;
    }
    return sum / y.length;
  }

  private static double elementLoss(Loss loss, double y, double t) {
    double e = Math.abs(y - t);
    if (loss instanceof Loss.MeanSquared) {
      return e * e;
    } else if (loss instanceof Loss.MeanAbsolute) {
      return e;
    } else if (loss instanceof Loss.Huber huber) {
      return e <= huber.delta() ? e * e / 2 : huber.delta() * (e - huber.delta() / 2);
    }
    double p = 1 / (1 + Math.exp(-y));
    return -t * Math.log(p) - (1 - t) * Math.log(1 - p);
  }

  private static double crossEntropy(Loss.SoftmaxCrossEntropy loss, double[][] y, double[][] t) {
    double sum = 0;
    double weights = 0;
    for (int n = 0; n < y.length; n++) {
      int classes = y[n].length;
      double partition = 0;
      for (double logit : y[n]) {
        partition += Math.exp(logit);
      }
      int target = (int) t[n][0];
      double weight = loss.classWeights().isEmpty() ? 1 : loss.classWeights().get(target);
      for (int k = 0; k < classes; k++) {
        double q = loss.labelSmoothing() / classes + (k == target ? 1 - loss.labelSmoothing() : 0);
        sum -= weight * q * Math.log(Math.exp(y[n][k]) / partition);
      }
      weights += weight;
    }
    return sum / weights;
  }

  /** Names of the parameters, statistics left out. */
  public List<String> parameterNames() {
    List<String> names = new ArrayList<>();
    for (String name : values.keySet()) {
      if (!name.contains(".running_") && !name.endsWith(".num_batches_tracked")) {
        names.add(name);
      }
    }
    return names;
  }
}
