package dev.evenkeel.deploy;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import dev.evenkeel.backend.Activation;
import dev.evenkeel.nn.Activate;
import dev.evenkeel.nn.BatchNorm;
import dev.evenkeel.nn.Layer;
import dev.evenkeel.nn.Linear;
import dev.evenkeel.nn.RowNorm;
import dev.evenkeel.nn.RunningStatistics;
import dev.evenkeel.nn.RunningVariance;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Takes another library's layers, one after the other, in whose terms its errors speak: each call
 * says where it is, as {@code net.onnx: node "fc1" (Gemm)}. {@link ImportedModel} makes the model
 * of them.
 */
final class ImportedLayers {

  /** What a chain of layers is made of before it is a network. */
  sealed interface Part {}

  /** A layer with its values, by the last part of their names: "weight", "running_mean". */
  record Whole(String where, Layer layer, Map<String, float[]> values) implements Part {}

  /** y = scale · x + shift: goes into a layer next to it. Of length 1, or one for each feature. */
  record Affine(String where, double[] scale, double[] shift) implements Part {}

  /** What the last layer's outputs become. */
  enum End {
    OPEN,
    /** Softmax, which is not a layer here: the loss has it. */
    SOFTMAX,
    /** 1 − σ(x) and σ(x). */
    TWO_CLASSES
  }

  private static final int UNKNOWN = -1;

  /** Their running variance is divided by N − 1; by ONNX' and Keras' own rule it is N. */
  private static final Set<String> UNBIASED = Set.of("pytorch", "evenkeel");

  /** A shape in a file may lie, and a norm without γ and β takes its width from it. */
  private static final int MOST_FEATURES = 1 << 22;

  private final List<Part> parts = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();
  private int inputs = UNKNOWN;
  private int width = UNKNOWN;
  private boolean flat;
  private End end = End.OPEN;

  /**
   * @param shape of one example, −1 where a dimension is not known; no dimension where nothing is
   */
  ImportedLayers(String where, List<Long> shape) {
    long size = 1;
    for (long dimension : shape) {
      size = dimension < 1 || size < 0 ? UNKNOWN : size * Math.min(dimension, Integer.MAX_VALUE);
      if (size > MOST_FEATURES) {
        throw new EvenkeelException(
            "%s takes the shape %s, but at most %,d features can be taken"
                .formatted(where, shape, MOST_FEATURES));
      }
    }
    flat = shape.size() <= 1;
    inputs = shape.isEmpty() ? UNKNOWN : (int) size;
    width = inputs;
  }

  List<Part> parts() {
    return parts;
  }

  List<String> notes() {
    return notes;
  }

  End end() {
    return end;
  }

  int inputs() {
    return inputs;
  }

  int width() {
    return width;
  }

  /** Said once, however many layers it holds for. */
  void note(String sentence) {
    if (!notes.contains(sentence)) {
      notes.add(sentence);
    }
  }

  void flatten() {
    flat = true;
  }

  /** Whether an example is one row of features by now. */
  boolean isFlat() {
    return flat;
  }

  /**
   * @param weight [units, inputs]
   * @param bias empty where there is none
   */
  void linear(String where, int units, float[] weight, float[] bias) {
    int expected = units < 1 ? 0 : weight.length / units;
    requireWidth(where, expected);
    if (expected < 1 || (long) units * expected != weight.length) {
      throw new EvenkeelException(
          "%s has %s for %s"
              .formatted(
                  where, Words.counted(weight.length, "weight"), Words.counted(units, "unit")));
    }
    Map<String, float[]> values = new LinkedHashMap<>();
    values.put("weight", weight);
    if (bias.length > 0) {
      requireLength(where, "bias", bias, units);
      values.put("bias", bias);
    }
    add(where, Linear.of(units).withBias(bias.length > 0), values);
    width = units;
  }

  /**
   * Others count running statistics in their own ways: see docs/export.md.
   *
   * @param producer the program that wrote the file
   * @param momentum the weight of the OLD statistics, as ONNX and Keras have it
   */
  void batchNorm(
      String where, String producer, double momentum, double epsilon, Map<String, float[]> values) {
    RunningVariance variance =
        UNBIASED.contains(producer) ? RunningVariance.UNBIASED : RunningVariance.BIASED;
    double weight = RunningStatistics.DEFAULT_WEIGHT;
    if (momentum >= 0 && momentum < 1) {
      weight = BigDecimal.ONE.subtract(BigDecimal.valueOf(momentum)).doubleValue();
    } else {
      note(
          "A batch norm has the momentum %s, by which its statistics never move; here a new batch has the weight %s."
              .formatted(momentum, weight));
    }
    RunningStatistics statistics = RunningStatistics.exponential(weight);
    batchNorm(where, new BatchNorm(epsilon, statistics, variance), values);
  }

  private void batchNorm(String where, BatchNorm norm, Map<String, float[]> values) {
    int length = values.get("running_mean").length;
    requireWidth(where, length);
    for (float variance : values.get("running_var")) {
      if (!(variance >= 0)) {
        throw new EvenkeelException("%s has the variance %s".formatted(where, variance));
      }
    }
    values.forEach((name, vector) -> requireLength(where, name, vector, length));
    Map<String, float[]> all = new LinkedHashMap<>(values);
    all.put("num_batches_tracked", new float[1]);
    add(where, norm, all);
  }

  /** The same over each row; RMS norm has no bias. */
  void rowNorm(String where, RowNorm norm, Map<String, float[]> values) {
    int length = values.get("weight").length;
    requireWidth(where, length);
    values.forEach((name, vector) -> requireLength(where, name, vector, length));
    add(where, norm, values);
  }

  void affine(String where, double[] scale, double[] shift) {
    int length = Math.max(scale.length, shift.length);
    if (length > 1) {
      requireWidth(where, length);
    }
    requireOpen(where);
    requireFinite(where, scale);
    requireFinite(where, shift);
    parts.add(new Affine(where, scale, shift));
  }

  void activate(String where, Activation function) {
    if (function != Activation.IDENTITY) {
      add(where, Activate.of(function), Map.of());
    }
  }

  /** A layer without values. */
  void plain(String where, Layer layer) {
    add(where, layer, Map.of());
  }

  void end(String where, End end) {
    requireOpen(where);
    this.end = end;
  }

  private void add(String where, Layer layer, Map<String, float[]> values) {
    requireOpen(where);
    values.forEach(
        (name, array) -> {
          for (float value : array) {
            if (!Float.isFinite(value)) {
              throw new EvenkeelException(
                  "%s has the value %s in its %s".formatted(where, value, name));
            }
          }
        });
    parts.add(new Whole(where, layer, values));
  }

  private void requireFinite(String where, double[] values) {
    if (Arrays.stream(values).anyMatch(value -> !Double.isFinite(value))) {
      throw new EvenkeelException("%s has a value that is not finite".formatted(where));
    }
  }

  private void requireOpen(String where) {
    if (end != End.OPEN) {
      throw new EvenkeelException(
          "%s stands behind the softmax or sigmoid that ends the network; only the end can have one"
              .formatted(where));
    }
  }

  private void requireWidth(String where, int expected) {
    if (!flat) {
      throw new EvenkeelException(
          "%s works on the last axis of an image or sequence. help: networks of rows can be taken, so flatten first"
              .formatted(where));
    }
    if (width == UNKNOWN) {
      inputs = expected;
      width = expected;
    }
    if (width != expected) {
      throw new EvenkeelException(
          "%s takes %s, but %,d come in"
              .formatted(where, Words.counted(expected, "feature"), width));
    }
  }

  private static void requireLength(String where, String name, float[] values, int length) {
    if (values.length != length) {
      throw new EvenkeelException(
          "%s has %s in its %s, but %,d are needed"
              .formatted(where, Words.counted(values.length, "value"), name, length));
    }
  }
}
