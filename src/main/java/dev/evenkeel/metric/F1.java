package dev.evenkeel.metric;

import java.util.stream.IntStream;

/**
 * The plain mean of the classes' F1 (macro), rare classes counting as much as frequent ones. So,
 * too, of two classes: which of them would be the positive one depends on nothing but how their
 * names sort, and a renamed class must not change which epoch is the best. {@link Confusion} has
 * each class's own.
 *
 * <p>A class that neither has rows nor was ever answered says nothing and is left out; one that has
 * no rows but was answered counts 0. As scikit-learn's {@code f1_score(average="macro")}.
 */
public record F1() implements Metric {

  @Override
  public String name() {
    return "f1";
  }

  /** Of being true: a flag that neither is nor was taken for true is left out. */
  @Override
  public double ofFlags(Predictions predictions) {
    return IntStream.range(0, predictions.targetColumns())
        .mapToDouble(k -> Confusion.of(predictions.ofTarget(k), name()).f1(1))
        .filter(f1 -> !Double.isNaN(f1))
        .average()
        .orElse(Double.NaN);
  }

  @Override
  public double of(Predictions predictions) {
    Confusion confusion = Confusion.of(predictions, name());
    double sum = 0;
    int seen = 0;
    for (int index = 0; index < confusion.classes(); index++) {
      double f1 = confusion.f1(index);
      if (!Double.isNaN(f1)) {
        sum += f1;
        seen++;
      }
    }
    return sum / seen;
  }
}
