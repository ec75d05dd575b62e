package dev.evenkeel.lab;

import dev.evenkeel.data.Dataset;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.PopulationStatistics;
import dev.evenkeel.tensor.Matrix;
import dev.evenkeel.train.TrainingStep;

/** A moment of a {@link Trial}: after so many steps, with the device at rest. */
public final class Moment {

  private final Trial trial;
  private final Model model;
  private final TrainingStep training;
  private final Matrix features;
  private final long step;
  private final double loss;

  Moment(Trial trial, Model model, TrainingStep training, Matrix features, long step, double loss) {
    this.trial = trial;
    this.model = model;
    this.training = training;
    this.features = features;
    this.step = step;
    this.loss = loss;
  }

  /** Steps taken so far. */
  public long step() {
    return step;
  }

  /** The loss of the last batch; NaN before the first. */
  public double loss() {
    return loss;
  }

  /** To look at, and to change. */
  public Model model() {
    return model;
  }

  /** Its gradients are those of the last step. */
  public TrainingStep training() {
    return training;
  }

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
