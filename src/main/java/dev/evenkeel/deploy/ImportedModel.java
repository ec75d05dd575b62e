package dev.evenkeel.deploy;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.backend.Activation;
import dev.evenkeel.data.Feature;
import dev.evenkeel.data.Preparation;
import dev.evenkeel.data.Standardize;
import dev.evenkeel.data.Target;
import dev.evenkeel.deploy.ImportedLayers.Affine;
import dev.evenkeel.deploy.ImportedLayers.End;
import dev.evenkeel.deploy.ImportedLayers.Part;
import dev.evenkeel.deploy.ImportedLayers.Whole;
import dev.evenkeel.loss.Loss;
import dev.evenkeel.nn.Activate;
import dev.evenkeel.nn.Layer;
import dev.evenkeel.nn.Linear;
import dev.evenkeel.nn.Network;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Makes a model of imported layers. A scale and shift in front of all becomes the standardisation
 * of the data; any other goes into the weights next to it. Softmax or sigmoid at the end become
 * what the loss does.
 */
final class ImportedModel {

  private final String source;
  private final ImportedLayers layers;
  private final List<Whole> wholes = new ArrayList<>();
  private Standardize standardize = new Standardize(new double[1], new double[] {1});

  private ImportedModel(String source, ImportedLayers layers) {
    this.source = source;
    this.layers = layers;
  }

  /**
   * @param source for messages
   * @param classes names for the outputs, where the file has any
   */
  static Imported of(String source, ImportedLayers layers, List<String> classes) {
    return new ImportedModel(source, layers).build(classes);
  }

  private Imported build(List<String> classes) {
    Affine waiting = null;
    for (Part part : layers.parts()) {
      if (part instanceof Affine affine) {
        waiting = waiting == null ? affine : then(waiting, affine);
      } else {
        settle(waiting, (Whole) part);
        waiting = null;
      }
    }
    if (waiting != null && !goesBack(waiting)) {
      throw homeless(waiting);
    }
    boolean logit = endsWithSigmoid();
    if (logit) {
      wholes.remove(wholes.size() - 1);
    }
    if (wholes.stream().noneMatch(whole -> whole.layer() instanceof Linear)) {
      throw new EvenkeelException("%s has no linear layer, so it is no network".formatted(source));
    }
    return finish(logit, classes);
  }

  /** The second of the first. */
  private static Affine then(Affine first, Affine second) {
    int length =
        IntStream.of(
                first.scale().length,
                first.shift().length,
                second.scale().length,
                second.shift().length)
            .max()
            .getAsInt();
    double[] scale = new double[length];
    double[] shift = new double[length];
    for (int j = 0; j < length; j++) {
      scale[j] = at(first.scale(), j) * at(second.scale(), j);
      shift[j] = at(first.shift(), j) * at(second.scale(), j) + at(second.shift(), j);
    }
    return new Affine(first.where(), scale, shift);
  }

  private static double at(double[] values, int j) {
    return values[values.length == 1 ? 0 : j];
  }

  private void settle(Affine waiting, Whole next) {
    if (waiting == null || goesBack(waiting)) {
      wholes.add(next);
    } else if (next.layer() instanceof Linear linear) {
      wholes.add(behind(waiting, next, linear));
    } else {
      throw homeless(waiting);
    }
  }

  private EvenkeelException homeless(Affine affine) {
    return new EvenkeelException(
        "%s scales or shifts features where neither a linear layer nor a norm is next to it, so there is no place for its numbers"
            .formatted(affine.where()));
  }

  /** Into what stands in front of it, if that can take it. */
  private boolean goesBack(Affine affine) {
    if (wholes.isEmpty()) {
      return becomesStandardisation(affine);
    }
    Whole last = wholes.get(wholes.size() - 1);
    boolean shifts = last.values().containsKey("bias") || last.layer() instanceof Linear;
    if (!last.values().containsKey("weight") || !shifts) {
      return false;
    }
    float[] weight = last.values().get("weight");
    int width =
        last.layer() instanceof Linear linear ? linear.units() : last.values().get("bias").length;
    float[] scaled = new float[weight.length];
    for (int i = 0; i < scaled.length; i++) {
      scaled[i] = (float) (weight[i] * at(affine.scale(), i / (weight.length / width)));
    }
    float[] before = last.values().getOrDefault("bias", new float[width]);
    float[] bias = new float[width];
    for (int j = 0; j < width; j++) {
      bias[j] = (float) (before[j] * at(affine.scale(), j) + at(affine.shift(), j));
    }
    Map<String, float[]> values = new LinkedHashMap<>(last.values());
    values.put("weight", scaled);
    values.put("bias", bias);
    Layer layer = last.layer() instanceof Linear linear ? linear.withBias(true) : last.layer();
    wholes.set(wholes.size() - 1, new Whole(last.where(), layer, values));
    return true;
  }

  /** (x − mean) / deviation, with deviation = 1 / scale and mean = −shift / scale. */
  private boolean becomesStandardisation(Affine affine) {
    int length = Math.max(affine.scale().length, affine.shift().length);
    double[] mean = new double[length];
    double[] deviation = new double[length];
    for (int j = 0; j < length; j++) {
      deviation[j] = 1 / at(affine.scale(), j);
      mean[j] = -at(affine.shift(), j) * deviation[j];
      if (!Double.isFinite(mean[j]) || !Double.isFinite(deviation[j])) {
        return false;
      }
    }
    standardize = new Standardize(mean, deviation);
    return true;
  }

  /** W (s x + t) + b = (W s) x + (W t + b). */
  private static Whole behind(Affine affine, Whole next, Linear linear) {
    float[] weight = next.values().get("weight");
    int inputs = weight.length / linear.units();
    float[] scaled = new float[weight.length];
    float[] bias = next.values().getOrDefault("bias", new float[linear.units()]).clone();
    for (int unit = 0; unit < linear.units(); unit++) {
      double shift = 0;
      for (int j = 0; j < inputs; j++) {
        int i = unit * inputs + j;
        scaled[i] = (float) (weight[i] * at(affine.scale(), j));
        shift += weight[i] * at(affine.shift(), j);
      }
      bias[unit] = (float) (bias[unit] + shift);
    }
    return new Whole(next.where(), linear.withBias(true), Map.of("weight", scaled, "bias", bias));
  }

  /** One output with a sigmoid is a logit for two classes; several stay numbers in 0 … 1. */
  private boolean endsWithSigmoid() {
    boolean last =
        !wholes.isEmpty()
            && wholes.get(wholes.size() - 1).layer().equals(Activate.of(Activation.SIGMOID));
    if (layers.end() == End.TWO_CLASSES && !(last && layers.width() == 1)) {
      throw new EvenkeelException(
          "%s ends with 1 − p and p, but p is not the sigmoid of one output".formatted(source));
    }
    return last && layers.width() == 1;
  }

  private Imported finish(boolean logit, List<String> classes) {
    List<Layer> network = new ArrayList<>();
    Map<String, float[]> values = new LinkedHashMap<>();
    for (Whole whole : wholes) {
      String index = network.size() + ".";
      network.add(whole.layer());
      whole.values().forEach((name, array) -> values.put(index + name, array));
    }
    Network described = new Network(layers.inputs(), network);
    int outputs = described.outputs();
    double[] mean = new double[outputs];
    double[] deviation = new double[outputs];
    Arrays.fill(deviation, 1);
    List<String> names = IntStream.range(0, outputs).mapToObj(k -> "output" + k).toList();
    Preparation preparation =
        new Preparation(
            List.of(new Feature.Columns(described.inputs())),
            standardize,
            new Target.Quantities(names, new Standardize(mean, deviation)));
    Inference model =
        new Inference(described, values, Optional.of(preparation), Loss.meanSquared());
    Imported numbers = new Imported(source, model, layers.notes());
    if (!logit && layers.end() == End.OPEN && classes.isEmpty()) {
      return numbers;
    }
    return numbers.withClasses(classes.isEmpty() ? counted(outputs == 1 ? 2 : outputs) : classes);
  }

  /** "0", "1", …: as the classes of arrays are called. */
  static List<String> counted(int classes) {
    return IntStream.range(0, classes).mapToObj(Integer::toString).toList();
  }
}
