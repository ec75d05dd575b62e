package dev.evenkeel.metric;

import java.util.function.ToDoubleFunction;

/** A metric that a function measures. */
record FunctionMetric(
    String name,
    boolean higherIsBetter,
    boolean needsEveryClass,
    ToDoubleFunction<Predictions> function)
    implements Metric {

  @Override
  public double of(Predictions predictions) {
    return function.applyAsDouble(predictions);
  }
}
