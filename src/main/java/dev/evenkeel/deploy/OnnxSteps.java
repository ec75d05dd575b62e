package dev.evenkeel.deploy;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import dev.evenkeel.io.OnnxModel;
import dev.evenkeel.io.OnnxModel.Node;
import dev.evenkeel.io.OnnxTensor;
import dev.evenkeel.nn.Dropout;
import dev.evenkeel.nn.RowNorm;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** ONNX nodes as layers, one for one. */
final class OnnxSteps {

  private static final int FLOAT = 1;
  private static final int DOUBLE = 11;

  private final OnnxModel file;
  private final ImportedLayers layers;
  private List<String> classes = List.of();

  /** Between Unsqueeze and Squeeze, which old PyTorch puts around a batch norm. */
  private boolean unsqueezed;

  OnnxSteps(OnnxModel file, ImportedLayers layers) {
    this.file = file;
    this.layers = layers;
  }

  List<String> classes() {
    return classes;
  }

  String where(Node node) {
    return "%s: %s".formatted(file.path(), node);
  }

  /**
   * @param x the value that the node takes beside constants
   * @return whether the node was one of these
   */
  boolean take(Node node, String x) {
    if (!Set.of("", "ai.onnx", "ai.onnx.ml").contains(node.domain())) {
      return false;
    }
    if (unsqueezed && !Set.of("BatchNormalization", "Squeeze").contains(node.operator())) {
      throw new EvenkeelException(
          "%s stands between Unsqueeze and Squeeze, where only a BatchNormalization can be taken"
              .formatted(where(node)));
    }
    switch (node.operator()) {
      case "Gemm" -> gemm(node, x);
      case "MatMul" -> matMul(node, x);
      case "BatchNormalization" -> batchNorm(node, x);
      case "LayerNormalization" -> rowNorm(node, x, RowNorm.layer());
      case "RMSNormalization" -> rowNorm(node, x, RowNorm.rms());
      case "Softmax", "LogSoftmax" -> softmax(node);
      case "Dropout" -> dropout(node);
      case "Flatten", "Reshape" -> flatten(node, x);
      case "Unsqueeze", "Squeeze" -> column(node);
      case "Cast" -> cast(node);
      case "Scaler" -> scaler(node);
      case "ZipMap" -> zipMap(node);
      case "Identity" -> {}
      case "Add", "Sub", "Mul", "Div" -> affine(node, x);
      default -> {
        return false;
      }
    }
    return true;
  }

  private OnnxTensor constant(Node node, int index, String what) {
    return node.input(index)
        .flatMap(file::constant)
        .orElseThrow(
            () ->
                new EvenkeelException(
                    "%s: its %s is no constant of the file. help: export for inference, with constant folding"
                        .formatted(where(node), what)));
  }

  private void requireFirst(Node node, String x) {
    if (!node.inputs().get(0).equals(x)) {
      throw new EvenkeelException(
          "%s has the features as its second input, but takes them only as its first"
              .formatted(where(node)));
    }
  }

  private OnnxTensor matrix(Node node) {
    OnnxTensor matrix = constant(node, 1, "matrix");
    if (matrix.shape().size() != 2) {
      throw new EvenkeelException(
          "%s multiplies by a constant of shape %s, but a matrix is needed"
              .formatted(where(node), matrix.shape()));
    }
    return matrix;
  }

  /** y = alpha x B + beta C; with transB, B is [units, inputs] as ours. */
  private void gemm(Node node, String x) {
    requireFirst(node, x);
    if (node.integer("transA", 0) != 0) {
      throw new EvenkeelException(
          "%s transposes its input, which has an example in each row".formatted(where(node)));
    }
    OnnxTensor matrix = matrix(node);
    boolean ours = node.integer("transB", 0) != 0;
    float[] weight = weights(matrix, !ours, node.real("alpha", 1));
    int units = Math.toIntExact(matrix.shape().get(ours ? 0 : 1));
    float[] bias = new float[0];
    if (node.input(2).isPresent()) {
      OnnxTensor c = constant(node, 2, "bias");
      if (!c.isScalar() && !(c.isRow() && c.values().length == units)) {
        throw new EvenkeelException(
            "%s adds a constant of shape %s, but a row of %s is needed"
                .formatted(where(node), c.shape(), Words.counted(units, "number")));
      }
      bias = new float[units];
      for (int j = 0; j < units; j++) {
        bias[j] = (float) (node.real("beta", 1) * c.values()[c.isScalar() ? 0 : j]);
      }
    }
    layers.linear(where(node), units, weight, bias);
  }

  private void matMul(Node node, String x) {
    requireFirst(node, x);
    OnnxTensor matrix = matrix(node);
    layers.linear(
        where(node),
        Math.toIntExact(matrix.shape().get(1)),
        weights(matrix, true, 1),
        new float[0]);
  }

  /** [units, inputs], from its transpose where it is one. */
  private static float[] weights(OnnxTensor matrix, boolean transposed, double factor) {
    int columns = Math.toIntExact(matrix.shape().get(1));
    int rows = Math.toIntExact(matrix.shape().get(0));
    float[] weight = new float[matrix.values().length];
    for (int i = 0; i < weight.length; i++) {
      int target = transposed ? i % columns * rows + i / columns : i;
      weight[target] = (float) (factor * matrix.values()[i]);
    }
    return weight;
  }

  private void batchNorm(Node node, String x) {
    requireFirst(node, x);
    if (node.integer("training_mode", 0) != 0) {
      throw new EvenkeelException(
          "%s is in training mode, so its statistics are not final. help: export for inference; in PyTorch, model.eval() first"
              .formatted(where(node)));
    }
    layers.batchNorm(
        where(node),
        file.producer(),
        node.real("momentum", 0.9),
        node.real("epsilon", 1e-5),
        Map.of(
            "weight", constant(node, 1, "scale").floats(),
            "bias", constant(node, 2, "bias").floats(),
            "running_mean", constant(node, 3, "mean").floats(),
            "running_var", constant(node, 4, "variance").floats()));
  }

  private void rowNorm(Node node, String x, RowNorm norm) {
    requireFirst(node, x);
    requireLastAxis(node);
    float[] weight = constant(node, 1, "scale").floats();
    Map<String, float[]> values =
        !norm.centred()
            ? Map.of("weight", weight)
            : Map.of(
                "weight",
                weight,
                "bias",
                node.input(2).isPresent()
                    ? constant(node, 2, "bias").floats()
                    : new float[weight.length]);
    layers.rowNorm(where(node), norm.withEpsilon(node.real("epsilon", 1e-5)), values);
  }

  private void requireLastAxis(Node node) {
    long axis = node.integer("axis", -1);
    if (axis != -1 && axis != 1) {
      throw new EvenkeelException(
          "%s works on axis %d, but the features are axis 1".formatted(where(node), axis));
    }
  }

  private void softmax(Node node) {
    requireLastAxis(node);
    if (node.operator().equals("LogSoftmax")) {
      layers.note(
          "The file gives logarithms of probabilities (LogSoftmax), Evenkeel the probabilities.");
    }
    layers.end(where(node), ImportedLayers.End.SOFTMAX);
  }

  /** Nothing at inference; kept, for whoever trains on. */
  private void dropout(Node node) {
    double ratio =
        node.input(1).isPresent()
            ? constant(node, 1, "ratio").values()[0]
            : node.real("ratio", 0.5);
    layers.plain(where(node), new Dropout(ratio));
  }

  private void flatten(Node node, String x) {
    if (node.operator().equals("Reshape")) {
      requireFirst(node, x);
      OnnxTensor shape = constant(node, 1, "shape");
      boolean rows = shape.values().length == 2;
      boolean single = shape.values().length == 1 && layers.width() == 1 && layers.isFlat();
      boolean wide = rows && (shape.values()[1] == -1 || shape.values()[1] == layers.width());
      if (!wide && !single) {
        throw new EvenkeelException(
            "%s makes the shape %s, but rows of %s are needed"
                .formatted(
                    where(node),
                    Arrays.toString(shape.values()),
                    Words.counted(layers.width(), "feature")));
      }
    } else if (node.integer("axis", 1) != 1) {
      throw new EvenkeelException(
          "%s flattens from axis %d on, but rows are needed, axis 1"
              .formatted(where(node), node.integer("axis", 1)));
    }
    layers.flatten();
  }

  private void column(Node node) {
    Object axes = node.attributes().get("axes");
    boolean last =
        node.input(1).isPresent()
            ? Arrays.equals(constant(node, 1, "axes").values(), new double[] {2})
            : List.of(2L).equals(axes);
    boolean opens = node.operator().equals("Unsqueeze");
    if (!last || opens == unsqueezed || !layers.isFlat()) {
      throw new EvenkeelException(
          "%s changes the shape of rows. help: %s".formatted(where(node), OnnxChain.CAN_BE_TAKEN));
    }
    unsqueezed = opens;
  }

  private void cast(Node node) {
    long to = node.integer("to", FLOAT);
    if (to != FLOAT && to != DOUBLE) {
      throw new EvenkeelException(
          "%s rounds the features to another type than floats (%d)".formatted(where(node), to));
    }
  }

  /** scikit-learn's StandardScaler: (x − offset) scale. */
  private void scaler(Node node) {
    double[] offset = reals(node, "offset");
    double[] scale = reals(node, "scale");
    int length = Math.max(offset.length, scale.length);
    double[] shift = new double[length];
    for (int j = 0; j < length; j++) {
      double factor = scale[scale.length == 1 ? 0 : j];
      shift[j] = -offset[offset.length == 1 ? 0 : j] * factor;
    }
    layers.affine(where(node), scale, shift);
  }

  private double[] reals(Node node, String attribute) {
    if (node.attributes().get(attribute) instanceof List<?> list && !list.isEmpty()) {
      return list.stream()
          .mapToDouble(value -> value instanceof Float f ? f : Double.NaN)
          .toArray();
    }
    throw new EvenkeelException("%s lacks its %s".formatted(where(node), attribute));
  }

  private void zipMap(Node node) {
    for (String attribute : List.of("classlabels_strings", "classlabels_int64s")) {
      if (node.attributes().get(attribute) instanceof List<?> labels && !labels.isEmpty()) {
        classes = labels.stream().map(String::valueOf).toList();
      }
    }
  }

  private void affine(Node node, String x) {
    boolean first = node.inputs().get(0).equals(x);
    OnnxTensor other = constant(node, first ? 1 : 0, "other operand");
    if (!other.isScalar() && !other.isRow()) {
      throw new EvenkeelException(
          "%s takes a constant of shape %s, but a row of numbers is needed"
              .formatted(where(node), other.shape()));
    }
    double[] c = other.values();
    double[] one = {1};
    double[] none = {0};
    switch (node.operator()) {
      case "Add" -> layers.affine(where(node), one, c);
      case "Sub" -> {
        double[] negated = Arrays.stream(c).map(v -> -v).toArray();
        layers.affine(where(node), first ? one : new double[] {-1}, first ? negated : c);
      }
      case "Mul" -> layers.affine(where(node), c, none);
      default -> {
        if (!first) {
          throw new EvenkeelException(
              "%s divides by the features, which no layer does".formatted(where(node)));
        }
        layers.affine(where(node), Arrays.stream(c).map(v -> 1 / v).toArray(), none);
      }
    }
  }
}
