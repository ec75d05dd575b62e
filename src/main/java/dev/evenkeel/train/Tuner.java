package dev.evenkeel.train;

import dev.evenkeel.EvenkeelException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Random search with successive halving (Jamieson and Talwalkar, 2016): all trials are trained
 * briefly, the best part of them for longer, the best part of those to the full. A trial starts
 * anew on each rung, since schedules depend on the length. With one rung it is plain random search
 * (Bergstra and Bengio, 2012).
 *
 * <p>Every result goes to the journal before the next begins. What the journal has is not run
 * again, so a search that was killed goes on where it was.
 *
 * @param onOutcome hears of every trial that is run, not of those that the journal had
 */
public record Tuner(Plan plan, TuningJournal journal, Consumer<Outcome> onOutcome) {

  /**
   * What to search and how long.
   *
   * @param trials on the first rung
   * @param rungs from the briefest to the full length; those of as many epochs are one
   * @param eta on each rung one of so many goes on, and trains so many times as long
   * @param epochs of the last rung
   * @param higherIsBetter what a score means
   */
  public record Plan(
      SearchSpace space,
      int trials,
      int rungs,
      int eta,
      int epochs,
      boolean higherIsBetter,
      long seed) {

    public Plan {
      if (trials < 1 || rungs < 1 || epochs < 1) {
        throw new EvenkeelException(
            "A search needs at least 1 trial, 1 rung and 1 epoch, not %d, %d and %d"
                .formatted(trials, rungs, epochs));
      }
      if (eta < 2) {
        throw new EvenkeelException(
            "On each rung one of at least 2 trials goes on, not one of " + eta);
      }
    }

    /** Epochs of a rung, counted from 0. */
    public int epochs(int rung) {
      return (int) Math.max(1, Math.round(epochs / Math.pow(eta, rungs - 1 - rung)));
    }

    /** The next rung that trains for longer: one that does not would only repeat this one. */
    private int after(int rung) {
      int next = rung + 1;
      while (next < rungs && epochs(next) == epochs(rung)) {
        next++;
      }
      return next;
    }

    /** How many trials reach a rung. */
    public int trials(int rung) {
      return (int) Math.max(1, Math.ceil(trials / Math.pow(eta, rung)));
    }
  }

  /**
   * One trial on one rung.
   *
   * @param trial from 0 on
   * @param score absent where it failed
   * @param seconds that it took
   * @param failure why it has no score, else ""
   */
  public record Outcome(
      int trial,
      int rung,
      int epochs,
      Map<String, String> settings,
      List<Double> score,
      double seconds,
      String failure) {

    public boolean succeeded() {
      return !score.isEmpty();
    }

    public double value() {
      return score.isEmpty() ? Double.NaN : score.get(0);
    }
  }

  /** Trains a trial for so many epochs, and says how good it is. */
  @FunctionalInterface
  public interface Objective {

    /**
     * @throws EvenkeelException where these settings can't be trained: the search goes on
     */
    double score(Map<String, String> settings, int epochs);
  }

  /**
   * Runs what the journal does not have yet; all outcomes, rung by rung in the order of trials.
   *
   * @throws StoppedException where a trial's training was stopped, of which the journal has nothing
   */
  public List<Outcome> run(Objective objective) {
    List<Outcome> all = new ArrayList<>();
    List<Integer> left = new ArrayList<>();
    for (int trial = 0; trial < plan.trials; trial++) {
      left.add(trial);
    }
    for (int rung = 0; rung < plan.rungs; rung = plan.after(rung)) {
      List<Outcome> here = new ArrayList<>();
      for (int trial : left) {
        here.add(outcome(trial, rung, objective));
      }
      all.addAll(here);
      left =
          here.stream()
              .filter(Outcome::succeeded)
              .sorted(best(plan.higherIsBetter))
              .limit(plan.trials(plan.after(rung)))
              .map(Outcome::trial)
              .sorted()
              .toList();
    }
    return all;
  }

  private Outcome outcome(int trial, int rung, Objective objective) {
    var known = journal.find(trial, rung);
    if (known.isPresent()) {
      return known.get();
    }
    Map<String, String> settings = plan.space.trial(plan.seed, trial);
    int epochs = plan.epochs(rung);
    long start = System.nanoTime();
    List<Double> score = List.of();
    String failure = "";
    try {
      double value = objective.score(new LinkedHashMap<>(settings), epochs);
      score = Double.isFinite(value) ? List.of(value) : List.of();
      failure = Double.isFinite(value) ? "" : "its score is " + value;
    } catch (StoppedException e) {
      throw e; // the search goes on with this trial another time
    } catch (EvenkeelException e) {
      failure = e.getMessage();
    }
    double seconds = (System.nanoTime() - start) * 1e-9;
    Outcome outcome = new Outcome(trial, rung, epochs, settings, score, seconds, failure);
    journal.add(outcome);
    onOutcome.accept(outcome);
    return outcome;
  }

  /** The best first; of equal ones, the trial that came first. */
  public static Comparator<Outcome> best(boolean higherIsBetter) {
    Comparator<Outcome> byScore = Comparator.comparingDouble(Outcome::value);
    return (higherIsBetter ? byScore.reversed() : byScore).thenComparingInt(Outcome::trial);
  }

  /** For each trial its outcome on the highest rung that it reached, those first, then the best. */
  public static List<Outcome> ranking(List<Outcome> all, boolean higherIsBetter) {
    Map<Integer, Outcome> last = new LinkedHashMap<>();
    all.forEach(
        one -> last.merge(one.trial, one, (a, b) -> b.succeeded() && b.rung > a.rung ? b : a));
    return last.values().stream()
        .sorted(
            Comparator.comparing(Outcome::succeeded)
                .reversed()
                .thenComparing(Comparator.comparingInt(Outcome::rung).reversed())
                .thenComparing(best(higherIsBetter)))
        .toList();
  }
}
