package dev.evenkeel.metric;

/**
 * The share of rows whose largest logit is the target's. The lowest index wins a tie; one column of
 * logits says class 1 above 0. A row with a NaN logit counts as wrong.
 */
public record Accuracy() implements Metric {

  @Override
  public String name() {
    return "accuracy";
  }

  @Override
  public boolean higherIsBetter() {
    return true;
  }

  @Override
  public double of(Predictions predictions) {
    int[] classes = predictions.classes(name());
    if (predictions.columns() > 1) {
      return TopK.share(predictions, classes, 1);
    }
    int correct = 0;
    for (int row = 0; row < classes.length; row++) {
      float logit = predictions.output(row, 0);
      if (!Float.isNaN(logit) && (logit > 0 ? 1 : 0) == classes[row]) {
        correct++;
      }
    }
    return (double) correct / classes.length;
  }
}
