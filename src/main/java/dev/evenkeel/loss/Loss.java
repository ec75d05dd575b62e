package dev.evenkeel.loss;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Backend.RegressionLoss;
import dev.evenkeel.backend.LossMemory;
import dev.evenkeel.backend.Operation;
import dev.evenkeel.tensor.Matrix;
import java.util.List;

/** A mean over a batch that training makes small, with its gradient, in one operation. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Loss.SoftmaxCrossEntropy.class, name = "softmax-cross-entropy"),
  @JsonSubTypes.Type(value = Loss.BinaryCrossEntropy.class, name = "binary-cross-entropy"),
  @JsonSubTypes.Type(value = Loss.MeanSquared.class, name = "mean-squared"),
  @JsonSubTypes.Type(value = Loss.MeanAbsolute.class, name = "mean-absolute"),
  @JsonSubTypes.Type(value = Loss.Huber.class, name = "huber"),
})
public sealed interface Loss {

  /**
   * What a loss works on.
   *
   * @param weighted whether the last column of the targets holds the weights of the rows
   * @param constants [1, n], the loss's {@link #constants}; NONE where there are none
   */
  record Bound(LossMemory memory, boolean weighted, Matrix constants) {

    private int outputs() {
      return memory.outputs().columns();
    }

    private int targetColumns() {
      return memory.targets().columns() - (weighted ? 1 : 0);
    }

    private void requireTargetForEachOutput() {
      if (targetColumns() != outputs()) {
        throw new EvenkeelException(
            "The loss needs a target for each of the network's %s, but the targets have %s"
                .formatted(
                    Words.counted(outputs(), "output"), Words.counted(targetColumns(), "column")));
      }
    }
  }

  Operation bind(Backend backend, Bound to);

  /**
   * What a batch counts for where the losses of several are averaged.
   *
   * @param targets of all rows, of which the batch takes {@code rows} from {@code from} on
   */
  default double weight(float[] targets, int from, int rows) {
    return rows;
  }

  /** What the loss wants to have on the device beside the batch. */
  default float[] constants() {
    return new float[0];
  }

  /**
   * Of class numbers [N, 1] against logits [N, K].
   *
   * @param labelSmoothing the share of the weight that is spread over all classes
   * @param classWeights one for each class, or empty: the loss is then a weighted mean, and 0 over
   *     a batch whose rows are all of classes of weight 0
   */
  record SoftmaxCrossEntropy(double labelSmoothing, List<Double> classWeights) implements Loss {
    public SoftmaxCrossEntropy {
      classWeights = List.copyOf(classWeights);
      if (!(labelSmoothing >= 0 && labelSmoothing < 1)) {
        throw new EvenkeelException(
            "Label smoothing must be at least 0 and below 1, not " + labelSmoothing);
      }
      for (double weight : classWeights) {
        if (!(weight >= 0 && weight <= Float.MAX_VALUE)) {
          throw new EvenkeelException(
              "A class weight must be at least 0 and finite as a float, not " + weight);
        }
      }
      if (!classWeights.isEmpty() && classWeights.stream().allMatch(w -> w.floatValue() == 0)) {
        throw new EvenkeelException(
            "At least one class weight must be above 0, not all of %s: no row would count"
                .formatted(classWeights));
      }
    }

    @Override
    public double weight(float[] targets, int from, int rows) {
      double sum = 0;
      for (int row = from; row < from + rows && !classWeights.isEmpty(); row++) {
        int target = (int) targets[row];
        sum += target < classWeights.size() ? classWeights.get(target) : 0;
      }
      return classWeights.isEmpty() ? rows : sum;
    }

    @Override
    public float[] constants() {
      float[] weights = new float[classWeights.size()];
      for (int i = 0; i < weights.length; i++) {
        weights[i] = classWeights.get(i).floatValue();
      }
      return weights;
    }

    @Override
    public Operation bind(Backend backend, Bound to) {
      if (!to.constants.isNone() && to.constants.columns() != to.outputs()) {
        throw new EvenkeelException(
            "A network of %s can't take %s"
                .formatted(
                    Words.counted(to.outputs(), "output"),
                    Words.counted(to.constants.columns(), "class weight")));
      }
      if (to.targetColumns() != 1) {
        throw new EvenkeelException(
            "Softmax cross-entropy takes one column of class numbers, but the targets have %s"
                .formatted(Words.counted(to.targetColumns(), "column")));
      }
      return backend.softmaxCrossEntropy(to.memory, labelSmoothing, to.constants);
    }
  }

  /** Of targets in 0 … 1 against logits, each output by itself. */
  record BinaryCrossEntropy() implements Loss {
    @Override
    public Operation bind(Backend backend, Bound to) {
      to.requireTargetForEachOutput();
      return backend.binaryCrossEntropy(to.memory);
    }
  }

  record MeanSquared() implements Loss {
    @Override
    public Operation bind(Backend backend, Bound to) {
      return regression(backend, RegressionLoss.SQUARED, 0, to);
    }
  }

  record MeanAbsolute() implements Loss {
    @Override
    public Operation bind(Backend backend, Bound to) {
      return regression(backend, RegressionLoss.ABSOLUTE, 0, to);
    }
  }

  /**
   * Half the squared error up to delta, then linear (Huber 1964).
   *
   * @param delta where it turns from square to linear
   */
  record Huber(double delta) implements Loss {
    public Huber {
      if (!(delta > 0)) {
        throw new EvenkeelException("Huber's delta must be above 0, not " + delta);
      }
    }

    @Override
    public Operation bind(Backend backend, Bound to) {
      return regression(backend, RegressionLoss.HUBER, delta, to);
    }
  }

  private static Operation regression(
      Backend backend, RegressionLoss kind, double delta, Bound to) {
    to.requireTargetForEachOutput();
    return backend.regressionLoss(to.memory, kind, delta);
  }

  static Loss crossEntropy() {
    return new SoftmaxCrossEntropy(0, List.of());
  }

  static Loss crossEntropy(double labelSmoothing) {
    return new SoftmaxCrossEntropy(labelSmoothing, List.of());
  }

  static Loss binaryCrossEntropy() {
    return new BinaryCrossEntropy();
  }

  static Loss meanSquared() {
    return new MeanSquared();
  }

  static Loss meanAbsolute() {
    return new MeanAbsolute();
  }

  static Loss huber(double delta) {
    return new Huber(delta);
  }
}
