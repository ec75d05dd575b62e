package dev.evenkeel.nn;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.evenkeel.EvenkeelException;

/** How batch norm comes by the mean and variance that it uses at inference. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(value = RunningStatistics.Exponential.class, name = "exponential"),
  @JsonSubTypes.Type(value = RunningStatistics.Cumulative.class, name = "cumulative"),
  @JsonSubTypes.Type(value = RunningStatistics.Population.class, name = "population"),
})
public sealed interface RunningStatistics {

  /**
   * running := weight · batch + (1 − weight) · running.
   *
   * @param weight of the NEW batch (PyTorch's momentum; 1 − the momentum of Keras and ONNX)
   */
  record Exponential(double weight) implements RunningStatistics {
    public Exponential {
      if (!(weight > 0 && weight <= 1)) {
        throw new EvenkeelException(
            "The weight of the new batch in the running statistics must be above 0 and at most 1,"
                + " not "
                + weight);
      }
    }
  }

  /** The plain average over all mini-batches seen. */
  record Cumulative() implements RunningStatistics {}

  /**
   * One exact pass over the training set after training, layer after layer; until then, exponential
   * with weight 0.1.
   */
  record Population() implements RunningStatistics {}

  double DEFAULT_WEIGHT = 0.1;

  static RunningStatistics exponential(double weight) {
    return new Exponential(weight);
  }

  static RunningStatistics cumulative() {
    return new Cumulative();
  }

  static RunningStatistics population() {
    return new Population();
  }
}
