package dev.evenkeel.train;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.io.AtomicFile;
import dev.evenkeel.io.Json;
import dev.evenkeel.io.Unreadable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The results of a search as a file of JSON lines: first what is searched, then one line for each
 * outcome. The file is replaced whole with each line: a process killed at any moment leaves the
 * lines that it had.
 */
public final class TuningJournal {

  /**
   * What an earlier search must have been to be gone on with.
   *
   * @param base what all trials share, in the caller's words
   */
  public record Heading(Tuner.Plan plan, Map<String, String> base) {

    /** Sorted: a map's own order may differ from one process to the next. */
    public Heading {
      base = Collections.unmodifiableMap(new TreeMap<>(base));
    }
  }

  private final Path file;
  private final StringBuilder text = new StringBuilder();
  private final List<Tuner.Outcome> outcomes = new ArrayList<>();

  private TuningJournal(Path file) {
    this.file = file;
  }

  /**
   * Begins a journal, or goes on with the one that is there.
   *
   * @throws EvenkeelException where the one that is there is of another search
   */
  public static TuningJournal open(Path file, Heading heading) {
    TuningJournal journal = new TuningJournal(file);
    RunFolder.make(file.toAbsolutePath().getParent());
    AtomicFile.clearLeftOvers(file.toAbsolutePath().getParent(), file.getFileName().toString());
    String first = Json.write(heading);
    journal.text.append(first).append('\n');
    if (Files.exists(file)) {
      List<String> lines = lines(file);
      if (lines.isEmpty() || !lines.get(0).equals(first)) {
        Heading there = lines.isEmpty() ? null : read(lines, 0, Heading.class, file);
        throw new EvenkeelException(
            "%s is %s. help: the same options go on with it; another --out starts a new one"
                .formatted(
                    file,
                    there == null
                        ? "empty, so no journal of a search"
                        : "the journal of a search with other options: "
                            + differences(there, heading)));
      }
      for (int i = 1; i < lines.size(); i++) {
        journal.outcomes.add(read(lines, i, Tuner.Outcome.class, file));
        journal.text.append(lines.get(i)).append('\n');
      }
    } else {
      AtomicFile.write(file, journal.text.toString());
    }
    return journal;
  }

  private static <T> T read(List<String> lines, int index, Class<T> type, Path file) {
    try {
      return Json.read(lines.get(index), type, file + ", line " + (index + 1));
    } catch (EvenkeelException e) {
      throw new EvenkeelException(
          "%s is damaged: its line %d is no %s of a search. help: %s"
              .formatted(
                  file,
                  index + 1,
                  index == 0 ? "heading" : "result",
                  index == 0
                      ? "another --out starts a new one"
                      : "without that line, only its training is run again"),
          e);
    }
  }

  /** "--trials was 4 and is 5". */
  private static String differences(Heading there, Heading now) {
    Map<String, Object> before = values(there);
    List<String> all = new ArrayList<>();
    values(now)
        .forEach(
            (name, value) -> {
              if (!value.equals(before.get(name))) {
                all.add("%s was %s and is %s".formatted(name, before.get(name), value));
              }
            });
    return all.isEmpty() ? "it holds more than this version knows" : String.join("; ", all);
  }

  private static Map<String, Object> values(Heading heading) {
    Tuner.Plan plan = heading.plan;
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("--trials", plan.trials());
    values.put("--rungs", plan.rungs());
    values.put("--eta", plan.eta());
    values.put("--epochs", plan.epochs());
    values.put("--seed", plan.seed());
    plan.space().dimensions().forEach(one -> values.put("what is tried for " + one.name(), one));
    values.put("what is tried", plan.space().dimensions().stream().map(one -> one.name()).toList());
    heading.base.forEach((name, text) -> values.put("\"" + name + "\"", "\"" + text + "\""));
    return values;
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      throw Unreadable.because(file, e);
    }
  }

  Optional<Tuner.Outcome> find(int trial, int rung) {
    return outcomes.stream().filter(one -> one.trial() == trial && one.rung() == rung).findFirst();
  }

  void add(Tuner.Outcome outcome) {
    outcomes.add(outcome);
    text.append(Json.write(outcome)).append('\n');
    AtomicFile.write(file, text.toString());
  }

  /** How many outcomes it has. */
  public int size() {
    return outcomes.size();
  }
}
