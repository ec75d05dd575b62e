package dev.evenkeel.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.EvenkeelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The search itself, on an objective that costs nothing. */
class TunerTest {

  private static final SearchSpace SPACE =
      new SearchSpace(
          List.of(
              new SearchSpace.LogRange("lr", 1e-4, 1),
              new SearchSpace.Choice("norm", List.of("none", "batch"))));
  private static final Tuner.Plan PLAN = new Tuner.Plan(SPACE, 9, 3, 3, 18, false, 5);

  @TempDir Path folder;

  private final List<String> calls = new ArrayList<>();

  /** The lower the rate the better, whatever the length. */
  private double score(Map<String, String> settings, int epochs) {
    calls.add(settings + " " + epochs);
    return Double.parseDouble(settings.get("lr"));
  }

  private TuningJournal journal(Tuner.Plan plan) {
    return TuningJournal.open(
        folder.resolve("j.jsonl"), new TuningJournal.Heading(plan, Map.of("data", "x")));
  }

  private List<Tuner.Outcome> run(Tuner.Plan plan, Tuner.Objective objective) {
    return new Tuner(plan, journal(plan), one -> {}).run(objective);
  }

  private static List<Integer> trials(List<Tuner.Outcome> all, int rung) {
    return all.stream().filter(one -> one.rung() == rung).map(Tuner.Outcome::trial).toList();
  }

  private static List<Integer> bestOfFirst(List<Tuner.Outcome> all, int count) {
    return all.stream()
        .filter(one -> one.rung() == 0)
        .sorted(Comparator.comparingDouble(Tuner.Outcome::value))
        .limit(count)
        .map(Tuner.Outcome::trial)
        .sorted()
        .toList();
  }

  @Test
  void theBestThirdGoesOnForThreeTimesAsLong() {
    List<Tuner.Outcome> all = run(PLAN, this::score);
    assertEquals(IntStream.range(0, 9).boxed().toList(), trials(all, 0));
    assertEquals(bestOfFirst(all, 3), trials(all, 1));
    assertEquals(bestOfFirst(all, 1), trials(all, 2));
    assertEquals(List.of(2, 6, 18), IntStream.range(0, 3).map(PLAN::epochs).boxed().toList());
    all.forEach(one -> assertEquals(PLAN.epochs(one.rung()), one.epochs()));
    assertEquals(bestOfFirst(all, 1).get(0), Tuner.ranking(all, false).get(0).trial());
    assertEquals(9, Tuner.ranking(all, false).size());
  }

  /** Of 3 epochs a ninth and a third are both 1, which need not be trained twice. */
  @Test
  void rungsOfAsManyEpochsAreOne() {
    List<Tuner.Outcome> all = run(new Tuner.Plan(SPACE, 9, 3, 3, 3, false, 5), this::score);
    assertEquals(9 + 1, calls.size());
    assertEquals(calls.size(), Set.copyOf(calls).size());
    assertEquals(List.of(), trials(all, 1));
    assertEquals(bestOfFirst(all, 1), trials(all, 2));
  }

  @Test
  void ofOneEpochThereIsOneRung() {
    List<Tuner.Outcome> all = run(new Tuner.Plan(SPACE, 9, 3, 3, 1, false, 5), this::score);
    assertEquals(IntStream.range(0, 9).boxed().toList(), trials(all, 0));
    assertEquals(9, all.size());
    assertEquals(bestOfFirst(all, 1).get(0), Tuner.ranking(all, false).get(0).trial());
  }

  @Test
  void higherMayBeBetter() {
    Tuner.Plan plan = new Tuner.Plan(SPACE, 9, 2, 3, 6, true, 5);
    List<Tuner.Outcome> all = run(plan, this::score);
    double highest = all.stream().mapToDouble(Tuner.Outcome::value).max().orElseThrow();
    assertEquals(highest, Tuner.ranking(all, true).get(0).value());
    assertTrue(all.stream().anyMatch(one -> one.rung() == 1 && one.value() == highest));
  }

  @Test
  void whereverItEndsItGoesOnWithoutRepeating() {
    List<Tuner.Outcome> whole = run(PLAN, this::score);
    List<String> expected = List.copyOf(calls);
    for (int stop = 0; stop <= expected.size(); stop++) {
      calls.clear();
      assertTrue(folder.resolve("j.jsonl").toFile().delete());
      int last = stop;
      Tuner.Objective mortal =
          (settings, epochs) -> {
            if (calls.size() == last) {
              throw new StackOverflowError("the end");
            }
            return score(settings, epochs);
          };
      if (stop < expected.size()) {
        assertThrows(StackOverflowError.class, () -> run(PLAN, mortal));
      }
      List<Tuner.Outcome> resumed = run(PLAN, this::score);
      assertEquals(expected, calls, "stopped after " + stop);
      assertEquals(trials(whole, 2), trials(resumed, 2));
    }
  }

  @Test
  void whatFailsIsKeptAsFailedAndNeverGoesOn() {
    Tuner.Objective picky =
        (settings, epochs) -> {
          if (settings.get("norm").equals("none")) {
            throw new EvenkeelException("no norm");
          }
          return Double.parseDouble(settings.get("lr")) < 1e-2 ? Double.NaN : 1;
        };
    List<Tuner.Outcome> all = run(PLAN, picky);
    assertTrue(all.stream().anyMatch(one -> one.failure().equals("no norm")));
    assertTrue(all.stream().anyMatch(one -> one.failure().equals("its score is NaN")));
    assertTrue(all.stream().anyMatch(Tuner.Outcome::succeeded));
    assertTrue(all.stream().filter(one -> one.rung() > 0).allMatch(Tuner.Outcome::succeeded));
    List<Tuner.Outcome> again =
        run(
            PLAN,
            (settings, epochs) -> {
              throw new AssertionError("nothing is left to run");
            });
    assertEquals(all, again);
  }

  /** As one that is interrupted: it was not the trial that failed. */
  @Test
  void aTrialThatWasStoppedIsNoTrial() {
    Tuner.Objective stopped =
        (settings, epochs) -> {
          score(settings, epochs);
          throw new StoppedException(Optional.empty(), 1);
        };
    assertThrows(StoppedException.class, () -> run(PLAN, stopped));
    assertEquals(1, calls.size(), "the search ends");
    assertEquals(0, journal(PLAN).size());
  }

  @Test
  void drawsStayInTheirRangeAndDependOnSeedAndTrialAlone() {
    Set<String> norms = new HashSet<>();
    int low = 0;
    for (int trial = 0; trial < 400; trial++) {
      Map<String, String> settings = SPACE.trial(5, trial);
      double rate = Double.parseDouble(settings.get("lr"));
      assertTrue(rate >= 1e-4 && rate <= 1, settings::toString);
      low += rate < 1e-2 ? 1 : 0;
      norms.add(settings.get("norm"));
      assertEquals(settings, SPACE.trial(5, trial));
    }
    assertEquals(Set.of("none", "batch"), norms);
    // Half of the decades: 200 expected, with a deviation of 10.
    assertTrue(low > 150 && low < 250, low + " of 400");
    assertTrue(!SPACE.trial(5, 0).equals(SPACE.trial(6, 0)));
  }

  @Test
  void aJournalOfAnotherSearchIsRefusedAndADamagedOneNamesTheLine() throws IOException {
    run(PLAN, this::score);
    Tuner.Plan other = new Tuner.Plan(SPACE, 9, 3, 3, 18, false, 6);
    assertTrue(
        assertThrows(EvenkeelException.class, () -> journal(other))
            .getMessage()
            .contains(
                "is the journal of a search with other options: --seed was 5 and is 6. help: "));
    Path file = folder.resolve("j.jsonl");
    Files.writeString(file, Files.readString(file).replaceFirst("\"trial\":1,", "\"trial\":x,"));
    assertTrue(
        assertThrows(EvenkeelException.class, () -> journal(PLAN))
            .getMessage()
            .contains("j.jsonl is damaged: its line 3 is no result of a search. help: without"));
    Files.writeString(file, Files.readString(file).replaceFirst("plan", "plum"));
    assertTrue(
        assertThrows(EvenkeelException.class, () -> journal(PLAN))
            .getMessage()
            .contains("j.jsonl is damaged: its line 1 is no heading of a search. help: "));
  }

  @Test
  void theOrderOfWhatTrialsShareDoesNotMatter() {
    Map<String, String> one = new LinkedHashMap<>();
    one.put("data", "x");
    one.put("options", "y");
    Map<String, String> other = new LinkedHashMap<>();
    other.put("options", "y");
    other.put("data", "x");
    Path file = folder.resolve("j.jsonl");
    TuningJournal.open(file, new TuningJournal.Heading(PLAN, one));
    assertEquals(0, TuningJournal.open(file, new TuningJournal.Heading(PLAN, other)).size());
  }

  @Test
  void whatAKilledSearchLeftHalfWrittenIsClearedAway() throws IOException {
    Path leftOver = Files.writeString(folder.resolve(".j.jsonl.123.tmp"), "{\"plan");
    run(PLAN, this::score);
    assertTrue(Files.notExists(leftOver));
  }

  @Test
  void plansThatSearchNothingAreRefused() {
    assertThrows(EvenkeelException.class, () -> new Tuner.Plan(SPACE, 0, 3, 3, 18, false, 5));
    assertThrows(EvenkeelException.class, () -> new Tuner.Plan(SPACE, 9, 3, 1, 18, false, 5));
    assertThrows(EvenkeelException.class, () -> new SearchSpace.Choice("norm", List.of()));
    assertThrows(EvenkeelException.class, () -> new SearchSpace.LogRange("lr", 0, 1));
  }
}
