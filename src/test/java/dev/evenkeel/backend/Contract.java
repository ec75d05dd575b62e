package dev.evenkeel.backend;

import java.lang.reflect.Method;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The operations of {@link Backend}, for tests that must leave none out. */
final class Contract {

  private Contract() {}

  /** The names of all. */
  static Set<String> operations() {
    return Stream.of(Backend.class.getMethods())
        .filter(method -> Operation.class.isAssignableFrom(method.getReturnType()))
        .map(Method::getName)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** All that the self test runs, and the norms with every activation and in small groups. */
  static EveryOperation bound(Backend backend, int n, int c, boolean asStored) {
    EveryOperation every = new EveryOperation(backend, n, c, 1, asStored);
    for (Activation activation : Activation.values()) {
      String name = " " + activation.label();
      every.bindBatchNorm(name, false, 0, activation, Masking.NONE);
      every.bindRowNorm(name, 1, true, activation);
    }
    Masking masking = new Masking(Dropping.inverted(0.3), 5, 1, every.step);
    every.bindBatchNorm(" tanh dropout", false, 0, Activation.TANH, masking);
    Masking alpha = new Masking(Dropping.alpha(0.3), 5, 1, every.step);
    every.bindBatchNorm(" pairs", false, 2, Activation.RELU, Masking.NONE);
    every.bindBatchNorm(" pairs dropout", false, 2, Activation.RELU, alpha);
    every.bindRowNorm(" smallest groups", c, false, Activation.RELU);
    return every;
  }

  /** What all write, run once in the order of binding. */
  static Map<String, float[]> results(EveryOperation every) {
    Map<String, float[]> results = new LinkedHashMap<>();
    for (String name : every.bound().keySet()) {
      for (float[] values : every.run(name)) {
        results.put(name + ", result " + results.size(), values);
      }
    }
    return results;
  }
}
