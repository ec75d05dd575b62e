package dev.evenkeel.lab;

import dev.evenkeel.data.Dataset;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.PopulationStatistics;
import dev.evenkeel.tensor.Matrix;
import dev.evenkeel.train.TrainingStep;

/**
 * A moment of a {@link Trial}: after so many steps, with the device at rest.
 *
 * @param model to look at, and to change
 * @param training its gradients are those of the last step
 * @param features of the training rows, on the device
 * @param step steps taken so far
 * @param loss of the last batch; NaN before the first
 */
public record Moment(
    Trial trial, Model model, TrainingStep training, Matrix features, long step, double loss) {

  /** On the test rows. */
  public Score test() {
    return on(trial.data().test());
  }

  /** On the rows that it is trained on. */
  public Score train() {
    return on(trial.data().train());
  }

  /** On any rows; norms that ask for population statistics take them first. */
  public Score on(Dataset data) {
    PopulationStatistics.update(model, features, Score.CHUNK);
    return Score.of(model, data);
  }
}
