package dev.evenkeel.deploy;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.backend.Activation;
import dev.evenkeel.io.OnnxGraph;
import dev.evenkeel.nn.Activate;
import dev.evenkeel.nn.AlphaDropout;
import dev.evenkeel.nn.BatchNorm;
import dev.evenkeel.nn.Dropout;
import dev.evenkeel.nn.Layer;
import dev.evenkeel.nn.Linear;
import dev.evenkeel.nn.NormProp;
import dev.evenkeel.nn.Residual;
import dev.evenkeel.nn.RowNorm;
import dev.evenkeel.nn.RunningStatistics;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Turns layers into ONNX nodes, with PyTorch's names for the constants.
 *
 * @param values without weight norm
 */
record OnnxLayers(OnnxGraph graph, Map<String, float[]> values) {

  /** Returns the name of what comes out. */
  String append(List<Layer> layers, String prefix, int inputs, String x) {
    String y = x;
    int width = inputs;
    for (int i = 0; i < layers.size(); i++) {
      Layer layer = layers.get(i);
      y = append(layer, prefix + i, width, y);
      width = layer instanceof Linear linear ? linear.units() : width;
    }
    return y;
  }

  private String append(Layer layer, String name, int width, String x) {
    if (layer instanceof Linear linear) {
      return linear(linear, name, width, x);
    } else if (layer instanceof BatchNorm norm) {
      return norm.centresOnly() ? centre(name, width, x) : batchNorm(norm, name, x);
    } else if (layer instanceof RowNorm norm) {
      return rowNorm(norm, name, width, x);
    } else if (layer instanceof NormProp norm) {
      return normProp(norm, name, x);
    } else if (layer instanceof Activate activate) {
      return activation(activate.function(), "/" + name, x);
    } else if (layer instanceof Residual residual) {
      String inner = append(residual.layers(), name + ".", width, x);
      return graph.node("Add", "/" + name, inner, x);
    } else if (layer instanceof Dropout || layer instanceof AlphaDropout) {
      return x;
    }
    throw new IllegalStateException("no ONNX for " + layer);
  }

  private String linear(Linear linear, String name, int inputs, String x) {
    if (linear.hasWeightNorm()) {
      throw new EvenkeelException(
          "ONNX is for inference, but layer %s has the weight norm of a training. help: Inference.Form.FOLDED or WITH_NORMS"
              .formatted(name));
    }
    String weight =
        graph.floats(name + ".weight", values.get(name + ".weight"), linear.units(), (long) inputs);
    Map<String, Object> transposed = Map.of("transB", 1L);
    return values.containsKey(name + ".bias")
        ? graph.node("Gemm", "/" + name, transposed, x, weight, vector(name + ".bias"))
        : graph.node("Gemm", "/" + name, transposed, x, weight);
  }

  private String vector(String name) {
    float[] vector = values.get(name);
    return graph.floats(name, vector, vector.length);
  }

  /** With the weight of the OLD statistics, for whoever trains on: ONNX' inverse meaning. */
  private String batchNorm(BatchNorm norm, String name, String x) {
    double weight =
        norm.running() instanceof RunningStatistics.Exponential exponential
            ? exponential.weight()
            : RunningStatistics.DEFAULT_WEIGHT;
    return graph.node(
        "BatchNormalization",
        "/" + name,
        Map.of("epsilon", norm.epsilon(), "momentum", 1 - weight),
        x,
        vector(name + ".weight"),
        vector(name + ".bias"),
        vector(name + ".running_mean"),
        vector(name + ".running_var"));
  }

  /** Mean-only batch norm: x + (β − μ), with the difference taken in double. */
  private String centre(String name, int width, String x) {
    float[] shift = new float[width];
    for (int j = 0; j < width; j++) {
      shift[j] =
          (float) ((double) values.get(name + ".bias")[j] - values.get(name + ".running_mean")[j]);
    }
    return graph.node("Add", "/" + name, x, graph.floats(name + ".shift", shift, width));
  }

  private String rowNorm(RowNorm norm, String name, int width, String x) {
    return switch (norm.kind()) {
      case LAYER ->
          layerNorm(norm, "/" + name, x, vector(name + ".weight"), vector(name + ".bias"));
      case RMS -> rmsNorm(norm, name, x);
      case GROUP, INSTANCE -> groupNorm(norm, name, width, x);
    };
  }

  private String layerNorm(RowNorm norm, String output, String... inputs) {
    return graph.node(
        "LayerNormalization", output, Map.of("axis", -1L, "epsilon", norm.epsilon()), inputs);
  }

  /** By a layer norm of groups as rows: GroupNormalization came with operator set 18. */
  private String groupNorm(RowNorm norm, String name, int width, String x) {
    String inner = "/" + name + "/";
    int groups = norm.groups(width);
    int size = width / groups;
    float[] ones = new float[size];
    Arrays.fill(ones, 1);
    String parted =
        graph.node("Reshape", inner + "parted", x, graph.longs(inner + "groups", 0, groups, size));
    String normed =
        layerNorm(norm, inner + "normed", parted, graph.floats(inner + "ones", ones, size));
    String joined =
        graph.node("Reshape", inner + "joined", normed, graph.longs(inner + "width", 0, width));
    String scaled = graph.node("Mul", inner + "scaled", joined, vector(name + ".weight"));
    return graph.node("Add", "/" + name, scaled, vector(name + ".bias"));
  }

  /** By its formula: RMSNormalization came with operator set 23. */
  private String rmsNorm(RowNorm norm, String name, String x) {
    String inner = "/" + name + "/";
    String squares = graph.node("Mul", inner + "squares", x, x);
    String mean =
        graph.node(
            "ReduceMean", inner + "mean", Map.of("axes", List.of(-1L), "keepdims", 1L), squares);
    String shifted =
        graph.node("Add", inner + "shifted", mean, graph.scalar(inner + "epsilon", norm.epsilon()));
    String root = graph.node("Sqrt", inner + "root", shifted);
    String normed = graph.node("Div", inner + "normed", x, root);
    return graph.node("Mul", "/" + name, normed, vector(name + ".weight"));
  }

  private String normProp(NormProp norm, String name, String x) {
    NormProp.Moments moments = norm.moments();
    String centred =
        graph.node("Sub", "/" + name + "/centred", x, graph.scalar(name + ".mean", moments.mean()));
    return graph.node(
        "Div", "/" + name, centred, graph.scalar(name + ".deviation", moments.deviation()));
  }

  private String activation(Activation function, String name, String x) {
    return switch (function) {
      case IDENTITY -> x;
      case RELU -> graph.node("Relu", name, x);
      case LEAKY_RELU -> graph.node("LeakyRelu", name, Map.of("alpha", Activation.LEAKY_SLOPE), x);
      case ELU -> graph.node("Elu", name, Map.of("alpha", 1.0), x);
      case SELU ->
          graph.node(
              "Selu",
              name,
              Map.of("alpha", Activation.SELU_ALPHA, "gamma", Activation.SELU_LAMBDA),
              x);
      case GELU -> gelu(name, x);
      case SILU -> graph.node("Mul", name, x, graph.node("Sigmoid", name + "/sigmoid", x));
      case SIGMOID -> graph.node("Sigmoid", name, x);
      case TANH -> graph.node("Tanh", name, x);
      case SOFTPLUS -> graph.node("Softplus", name, x);
    };
  }

  /** x · ½ (1 + erf(x / √2)): Gelu came with operator set 20. */
  private String gelu(String name, String x) {
    String scaled =
        graph.node("Mul", name + "/scaled", x, graph.scalar(name + "/half-root", Math.sqrt(0.5)));
    String erf = graph.node("Erf", name + "/erf", scaled);
    String twice = graph.node("Add", name + "/twice", erf, graph.scalar(name + "/one", 1));
    String share = graph.node("Mul", name + "/share", twice, graph.scalar(name + "/half", 0.5));
    return graph.node("Mul", name, x, share);
  }
}
