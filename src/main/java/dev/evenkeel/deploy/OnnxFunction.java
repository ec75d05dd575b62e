package dev.evenkeel.deploy;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.io.OnnxModel.Node;
import dev.evenkeel.nn.Activate;
import java.util.Optional;
import java.util.Set;

/**
 * Element-wise ONNX operators as functions of doubles. Exporters write one activation in many ways
 * (GELU by Erf, SiLU by Sigmoid and Mul), so which one it is, is told by its values.
 */
final class OnnxFunction {

  /** Where functions are compared: on both sides of 0, as far as they differ from their limits. */
  static final double[] POINTS = points();

  /** Constants in files are floats, whose rounding of 6e-8 comes out as a little more. */
  private static final double TOLERANCE = 1e-6;

  private static final Set<String> OPERATORS =
      Set.of(
          "Abs",
          "Add",
          "Celu",
          "Clip",
          "Div",
          "Elu",
          "Erf",
          "Exp",
          "Gelu",
          "LeakyRelu",
          "Log",
          "Max",
          "Min",
          "Mul",
          "Neg",
          "Pow",
          "Reciprocal",
          "Relu",
          "Selu",
          "Sigmoid",
          "Softplus",
          "Sqrt",
          "Sub",
          "Tanh");

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
    return OPERATORS.contains(node.operator()) && node.domain().isEmpty();
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
    double a = x[0];
    double b = x.length > 1 ? x[1] : Double.NaN;
    return switch (node.operator()) {
      case "Add" -> a + b;
      case "Sub" -> a - b;
      case "Mul" -> a * b;
      case "Div" -> a / b;
      case "Pow" -> Math.pow(a, b);
      case "Max" -> Math.max(a, b);
      case "Min" -> Math.min(a, b);
      case "Clip" -> clip(node, x);
      default -> ofOne(node, a);
    };
  }

  /** The limits are inputs, or in old files attributes. */
  private static double clip(Node node, double[] x) {
    double least = x.length > 1 ? x[1] : node.real("min", Double.NEGATIVE_INFINITY);
    double most = x.length > 2 ? x[2] : node.real("max", Double.POSITIVE_INFINITY);
    return Math.min(Math.max(x[0], least), most);
  }

  private static double ofOne(Node node, double x) {
    double alpha = node.real("alpha", node.operator().equals("LeakyRelu") ? 0.01 : 1);
    return switch (node.operator()) {
      case "Abs" -> Math.abs(x);
      case "Neg" -> -x;
      case "Reciprocal" -> 1 / x;
      case "Exp" -> Math.exp(x);
      case "Log" -> Math.log(x);
      case "Sqrt" -> Math.sqrt(x);
      case "Erf" -> erf(x);
      case "Tanh" -> Math.tanh(x);
      case "Sigmoid" -> ours(Activation.SIGMOID, x);
      case "Softplus" -> ours(Activation.SOFTPLUS, x);
      case "Relu" -> Math.max(0, x);
      case "LeakyRelu" -> x > 0 ? x : alpha * x;
      case "Elu" -> x > 0 ? x : alpha * Math.expm1(x);
      case "Celu" -> x > 0 ? x : alpha * Math.expm1(x / alpha);
      case "Selu" ->
          node.real("gamma", Activation.SELU_LAMBDA)
              * (x > 0 ? x : node.real("alpha", Activation.SELU_ALPHA) * Math.expm1(x));
      case "Gelu" ->
          "tanh".equals(node.attributes().get("approximate"))
              ? x / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)))
              : ours(Activation.GELU, x);
      default -> throw new IllegalStateException("no function: " + node);
    };
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
