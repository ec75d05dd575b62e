package dev.evenkeel.deploy;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.io.OnnxModel.Node;
import dev.evenkeel.nn.Activate;
import java.util.Map;
import java.util.Optional;

/**
 * Element-wise ONNX operators as functions of doubles. Exporters write one activation in many ways
 * (GELU by Erf, SiLU by Sigmoid and Mul), so which one it is, is told by its values.
 */
final class OnnxFunction {

  /** Where functions are compared: on both sides of 0, as far as they differ from their limits. */
  static final double[] POINTS = points();

  /** Constants in files are floats, whose rounding of 6e-8 comes out as a little more. */
  private static final double TOLERANCE = 1e-6;

  private interface Function {
    double of(Node node, double[] x);
  }

  private static final Map<String, Function> OPERATORS =
      Map.ofEntries(
          Map.entry("Abs", (node, x) -> Math.abs(x[0])),
          Map.entry("Add", (node, x) -> x[0] + second(x)),
          Map.entry("Celu", (node, x) -> celu(x[0], node.real("alpha", 1))),
          Map.entry("Clip", OnnxFunction::clip),
          Map.entry("Div", (node, x) -> x[0] / second(x)),
          Map.entry("Elu", (node, x) -> elu(x[0], node.real("alpha", 1))),
          Map.entry("Erf", (node, x) -> erf(x[0])),
          Map.entry("Exp", (node, x) -> Math.exp(x[0])),
          Map.entry("Gelu", OnnxFunction::gelu),
          Map.entry("LeakyRelu", (node, x) -> x[0] > 0 ? x[0] : node.real("alpha", 0.01) * x[0]),
          Map.entry("Log", (node, x) -> Math.log(x[0])),
          Map.entry("Max", (node, x) -> Math.max(x[0], second(x))),
          Map.entry("Min", (node, x) -> Math.min(x[0], second(x))),
          Map.entry("Mul", (node, x) -> x[0] * second(x)),
          Map.entry("Neg", (node, x) -> -x[0]),
          Map.entry("Pow", (node, x) -> Math.pow(x[0], second(x))),
          Map.entry("Reciprocal", (node, x) -> 1 / x[0]),
          Map.entry("Relu", (node, x) -> Math.max(0, x[0])),
          Map.entry("Selu", OnnxFunction::selu),
          Map.entry("Sigmoid", (node, x) -> ours(Activation.SIGMOID, x[0])),
          Map.entry("Softplus", (node, x) -> ours(Activation.SOFTPLUS, x[0])),
          Map.entry("Sqrt", (node, x) -> Math.sqrt(x[0])),
          Map.entry("Sub", (node, x) -> x[0] - second(x)),
          Map.entry("Tanh", (node, x) -> Math.tanh(x[0])));

  private OnnxFunction() {}

  private static double[] points() {
    double[] points = new double[101];
    for (int i = 0; i < 97; i++) {
      points[i] = (i - 48) * 0.173;
    }
    System.arraycopy(new double[] {-60, -20, 20, 60}, 0, points, 97, 4); // beyond any limit
    return points;
  }

  static boolean isElementwise(Node node) {
    return OPERATORS.containsKey(node.operator()) && node.domain().isEmpty();
  }

  /** Ours that has these values at {@link #POINTS}. */
  static Optional<Activation> named(double[] values) {
    for (Activation activation : Activation.values()) {
      boolean same = true;
      for (int i = 0; same && i < POINTS.length; i++) {
        double expected = Activate.of(activation).value(POINTS[i]);
        same = Math.abs(values[i] - expected) <= TOLERANCE * Math.max(1, Math.abs(expected));
      }
      if (same) {
        return Optional.of(activation);
      }
    }
    return Optional.empty();
  }

  /**
   * @param x the inputs that are there, none of them empty
   */
  static double value(Node node, double... x) {
    return OPERATORS.get(node.operator()).of(node, x);
  }

  private static double second(double[] x) {
    return x.length > 1 ? x[1] : Double.NaN;
  }

  /** The limits are inputs, or in old files attributes. */
  private static double clip(Node node, double[] x) {
    double least = x.length > 1 ? x[1] : node.real("min", Double.NEGATIVE_INFINITY);
    double most = x.length > 2 ? x[2] : node.real("max", Double.POSITIVE_INFINITY);
    return Math.min(Math.max(x[0], least), most);
  }

  private static double elu(double x, double alpha) {
    return x > 0 ? x : alpha * Math.expm1(x);
  }

  private static double celu(double x, double alpha) {
    return x > 0 ? x : alpha * Math.expm1(x / alpha);
  }

  private static double selu(Node node, double[] x) {
    return node.real("gamma", Activation.SELU_LAMBDA)
        * elu(x[0], node.real("alpha", Activation.SELU_ALPHA));
  }

  private static double gelu(Node node, double[] inputs) {
    double x = inputs[0];
    return "tanh".equals(node.attributes().get("approximate"))
        ? x / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)))
        : ours(Activation.GELU, x);
  }

  private static double ours(Activation function, double x) {
    return Activate.of(function).value(x);
  }

  /** From GELU(z) = z (1 + erf(z / √2)) / 2. */
  private static double erf(double x) {
    double z = x * Math.sqrt(2);
    return z == 0 ? 0 : 2 * ours(Activation.GELU, z) / z - 1;
  }
}
