package dev.evenkeel.deploy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import dev.evenkeel.deploy.KerasConfig.Entry;
import dev.evenkeel.io.Hdf5File.Floats;
import dev.evenkeel.nn.AlphaDropout;
import dev.evenkeel.nn.Dropout;
import dev.evenkeel.nn.RowNorm;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Keras' layers as ours, one for one; its kernels are [inputs, units], ours the transpose. */
final class KerasLayers {

  private static final double EPSILON = 1e-3;

  private final Path path;
  private final KerasConfig config;
  private final KerasWeights weights;
  private final ImportedLayers layers;

  KerasLayers(Path path, KerasConfig config, KerasWeights weights) {
    this.path = path;
    this.config = config;
    this.weights = weights;
    this.layers = new ImportedLayers(path.toString(), inputShape());
  }

  /** Without the batch; Keras 2 may have it in the first layer instead of an InputLayer. */
  private List<Long> inputShape() {
    if (config.chain().isEmpty()) {
      throw new EvenkeelException("%s has no layers".formatted(path));
    }
    JsonNode first = config.chain().get(0).config();
    JsonNode shape = first.path("batch_shape");
    shape = shape.isArray() ? shape : first.path("batch_input_shape");
    List<Long> sizes = new ArrayList<>();
    for (int i = 1; i < shape.size(); i++) {
      sizes.add(shape.get(i).asLong(-1));
    }
    return sizes;
  }

  ImportedLayers read() {
    for (Entry layer : config.chain()) {
      add(layer, "%s: layer \"%s\" (%s)".formatted(path, layer.name(), layer.kind()));
    }
    return layers;
  }

  private void add(Entry layer, String where) {
    switch (layer.kind()) {
      case "InputLayer" -> {}
      case "Flatten" -> layers.flatten();
      case "Reshape" -> reshape(layer, where);
      case "Dropout" -> layers.plain(where, new Dropout(layer.real("rate", 0)));
      case "AlphaDropout" -> layers.plain(where, new AlphaDropout(layer.real("rate", 0)));
      case "GaussianNoise", "GaussianDropout", "ActivityRegularization" ->
          layers.note(
              "Layer \"%s\" (%s) does nothing at inference and is left out."
                  .formatted(layer.name(), layer.kind()));
      case "Rescaling" ->
          layers.affine(
              where, new double[] {layer.real("scale", 1)}, new double[] {layer.real("offset", 0)});
      case "Dense" -> dense(layer, where);
      case "BatchNormalization" -> batchNorm(layer, where);
      case "LayerNormalization" -> layerNorm(layer, where);
      case "RMSNormalization" -> rmsNorm(layer, where);
      case "GroupNormalization" -> groupNorm(layer, where);
      case "Normalization" -> normalization(layer, where);
      default -> {
        if (!KerasActivation.addLayer(layer, where, layers)) {
          throw new EvenkeelException(
              "%s can't be taken. help: Dense, BatchNormalization, LayerNormalization, GroupNormalization, RMSNormalization, activations, Dropout, Flatten, Normalization and Rescaling can, one behind the other"
                  .formatted(where));
        }
      }
    }
  }

  private void reshape(Entry layer, String where) {
    JsonNode shape = layer.config().path("target_shape");
    if (shape.size() != 1) {
      throw new EvenkeelException(
          "%s makes the shape %s, but rows are needed".formatted(where, shape));
    }
    layers.flatten();
  }

  private Map<String, Floats> values(Entry layer, String where, List<String> names) {
    Map<String, Floats> found = weights.of(layer, config.listed(), names);
    List<String> missing = new ArrayList<>(names);
    missing.removeAll(found.keySet());
    if (!missing.isEmpty()) {
      throw new EvenkeelException("%s lacks its %s in the file".formatted(where, missing));
    }
    return found;
  }

  private void dense(Entry layer, String where) {
    boolean biased = layer.flag("use_bias", true);
    Map<String, Floats> values =
        values(layer, where, biased ? List.of("kernel", "bias") : List.of("kernel"));
    Floats kernel = values.get("kernel");
    if (kernel.shape().size() != 2) {
      throw new EvenkeelException(
          "%s has a kernel of shape %s, but [inputs, units] is needed"
              .formatted(where, kernel.shape()));
    }
    int inputs = kernel.shape().get(0);
    int units = kernel.shape().get(1);
    float[] weight = new float[kernel.values().length];
    for (int i = 0; i < weight.length; i++) {
      weight[i % units * inputs + i / units] = kernel.values()[i];
    }
    layers.linear(where, units, weight, biased ? values.get("bias").values() : new float[0]);
    KerasActivation.add(layer.config().path("activation"), where, layers);
  }

  private void batchNorm(Entry layer, String where) {
    requireLastAxis(layer, where);
    if (layer.flag("renorm", false) || layer.config().path("virtual_batch_size").isNumber()) {
      throw new EvenkeelException(
          "%s can't be taken: it has renorm or virtual_batch_size, which trains by other statistics"
              .formatted(where));
    }
    Map<String, float[]> values = norm(layer, where, List.of("moving_mean", "moving_variance"));
    values.put("running_mean", values.remove("moving_mean"));
    values.put("running_var", values.remove("moving_variance"));
    double momentum = layer.real("momentum", 0.99);
    layers.batchNorm(where, "keras", momentum, layer.real("epsilon", EPSILON), values);
  }

  /** γ, β and more, where those that Keras leaves out are 1 and 0. */
  private Map<String, float[]> norm(Entry layer, String where, List<String> more) {
    List<String> names = new ArrayList<>();
    boolean scales = layer.flag("scale", true);
    boolean centres = layer.flag("center", true);
    if (scales) {
      names.add("gamma");
    }
    if (centres) {
      names.add("beta");
    }
    names.addAll(more);
    Map<String, float[]> values = new LinkedHashMap<>();
    values(layer, where, names).forEach((name, array) -> values.put(name, array.values()));
    int width =
        values.values().stream().findFirst().map(array -> array.length).orElse(layers.width());
    if (width < 1) {
      throw new EvenkeelException("%s has no values that tell its width".formatted(where));
    }
    float[] gamma = scales ? values.remove("gamma") : new float[width];
    float[] beta = centres ? values.remove("beta") : new float[width];
    if (!scales) {
      Arrays.fill(gamma, 1);
    }
    if (!scales || !centres) {
      layers.note(
          "Layer \"%s\" has no %s in Keras; here it has, and a further training moves it."
              .formatted(layer.name(), scales ? "beta" : centres ? "gamma" : "gamma and beta"));
    }
    values.put("weight", gamma);
    values.put("bias", beta);
    return values;
  }

  private void layerNorm(Entry layer, String where) {
    requireLastAxis(layer, where);
    if (layer.flag("rms_scaling", false)) {
      throw new EvenkeelException(
          "%s can't be taken: with rms_scaling it divides by a deviation without taking the mean off"
              .formatted(where));
    }
    layers.rowNorm(
        where,
        RowNorm.layer().withEpsilon(layer.real("epsilon", EPSILON)),
        norm(layer, where, List.of()));
  }

  private void rmsNorm(Entry layer, String where) {
    requireLastAxis(layer, where);
    float[] scale = values(layer, where, List.of("scale")).get("scale").values();
    layers.rowNorm(
        where, RowNorm.rms().withEpsilon(layer.real("epsilon", 1e-6)), Map.of("weight", scale));
  }

  private void groupNorm(Entry layer, String where) {
    requireLastAxis(layer, where);
    Map<String, float[]> values = norm(layer, where, List.of());
    int groups = layer.config().path("groups").asInt(32);
    RowNorm norm = RowNorm.group(groups == -1 ? values.get("weight").length : groups);
    layers.rowNorm(where, norm.withEpsilon(layer.real("epsilon", EPSILON)), values);
  }

  /** (x − mean) / √variance, learned from data beforehand; Keras puts 1e-7 below the root. */
  private void normalization(Entry layer, String where) {
    requireLastAxis(layer, where);
    if (layer.flag("invert", false)) {
      throw new EvenkeelException("%s can't be taken: it inverts".formatted(where));
    }
    Map<String, Floats> values = values(layer, where, List.of("mean", "variance"));
    float[] mean = values.get("mean").values();
    float[] variance = values.get("variance").values();
    if (mean.length != variance.length) {
      throw new EvenkeelException(
          "%s has %s and %s"
              .formatted(
                  where,
                  Words.counted(mean.length, "mean"),
                  Words.counted(variance.length, "variance")));
    }
    double[] scale = new double[mean.length];
    double[] shift = new double[mean.length];
    for (int j = 0; j < mean.length; j++) {
      scale[j] = 1 / Math.max(Math.sqrt(variance[j]), 1e-7);
      shift[j] = -mean[j] * scale[j];
    }
    layers.affine(where, scale, shift);
  }

  private void requireLastAxis(Entry layer, String where) {
    JsonNode axis = layer.config().path("axis");
    JsonNode one = axis.isArray() && axis.size() == 1 ? axis.get(0) : axis;
    boolean last = one.isMissingNode() || one.asInt(0) == -1 || one.asInt(0) == 1;
    if (!last) {
      throw new EvenkeelException(
          "%s works on axis %s, but the features are axis 1".formatted(where, axis));
    }
  }
}
