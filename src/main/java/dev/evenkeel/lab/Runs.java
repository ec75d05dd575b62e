package dev.evenkeel.lab;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;

/** The results of a sweep: for each setting one for each seed. */
public final class Runs<S, R> {

  private final Map<S, List<R>> results = new LinkedHashMap<>();

  void add(S setting, R result) {
    results.computeIfAbsent(setting, s -> new ArrayList<>()).add(result);
  }

  /** In the order in which they were run. */
  public Set<S> settings() {
    return results.keySet();
  }

  /** In the order of the seeds. */
  public List<R> of(S setting) {
    return results.get(setting);
  }

  /** Of some settings the one with the highest mean of a number over the seeds. */
  public S best(Predicate<S> some, ToDoubleFunction<R> number) {
    return settings().stream()
        .filter(some)
        .max(Comparator.comparingDouble(setting -> spread(setting, number).mean()))
        .orElseThrow();
  }

  /** A number of each result, over the seeds. */
  public Spread spread(S setting, ToDoubleFunction<R> number) {
    return Spread.of(of(setting).stream().mapToDouble(number).toArray());
  }
}
