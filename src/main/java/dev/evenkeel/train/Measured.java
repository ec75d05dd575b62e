package dev.evenkeel.train;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.io.Spool;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Rows to measure a trained model on.
 *
 * @param words how many they are, and what they are to the model: "80 rows that training never saw"
 * @param changed whether the file is not what it was at training
 */
public record Measured(Dataset rows, String words, boolean changed) {

  /**
   * Rows with targets for a model that is trained: of the data that it was trained on, whatever
   * they are called now, the test rows alone, which may be a file of their own; of other data, all.
   * So, too, of a file that changed since: it is split by the number of its rows and their order,
   * so that training rows would count as test rows.
   *
   * @param trained the plan that the model was trained by
   * @param data a name or a file
   * @param notes hears what was chosen or ignored, a sentence each
   */
  public static Measured of(
      DataPlan trained, String data, SavedModel saved, Consumer<String> notes) {
    boolean named = trained.isOf(data);
    boolean readable = named && !Spool.isStream(Path.of(data));
    boolean apart = trained.test().isFile();
    if (apart && (readable || DataPlan.isSame(data, trained.test().file()))) {
      return ofTestFile(trained, saved, notes);
    }
    Given given = Given.read(trained, data, saved, notes);
    if (!given.own()) {
      return named ? ofChanged(given, notes) : ofOthers(given, trained, saved, notes);
    }
    if (apart) {
      given.noteName(notes);
      return ofTestFile(given.rows().plan(), saved, notes);
    }
    return ofOwn(given, saved, notes);
  }

  /**
   * Rows with targets for what is set after training, such as a temperature: of the data that the
   * model was trained on the validation rows, of other data all.
   */
  public static Measured toSet(
      DataPlan trained, String data, SavedModel saved, Consumer<String> notes) {
    boolean named = trained.isOf(data);
    boolean apart = trained.valid().isFile();
    Given given = Given.read(trained, data, saved, notes);
    if (!given.own() && !named) {
      return ofOthers(given, trained, saved, notes);
    }
    Optional<Parts> parts = given.parts(saved);
    if (parts.isEmpty()) {
      throw new EvenkeelException(
          "%s has changed since training, so its validation rows can't be told any more. help: --data with rows that neither trained nor test"
              .formatted(apart ? "%s or %s".formatted(data, trained.valid()) : data));
    }
    given.noteName(notes);
    Dataset rows =
        parts
            .get()
            .valid()
            .orElseThrow(
                () ->
                    new EvenkeelException(
                        "%s was trained without validation rows, and those that trained would be answered too surely. help: --data with other rows"
                            .formatted(saved.file())));
    notes.accept(
        apart
            ? "The %,d rows of %s, which validated.".formatted(rows.rows(), trained.valid())
            : "Of %s, the %,d validation rows.".formatted(data, rows.rows()));
    return counted(rows, "%s that validated", false, notes);
  }

  /**
   * Data that were named to measure on.
   *
   * @param named whether the plan of training calls them so
   * @param own whether they are those of training
   * @param heard what was said while they were read
   */
  private record Given(
      String data, boolean named, LaterRows rows, boolean own, List<String> heard) {

    static Given read(DataPlan trained, String data, SavedModel saved, Consumer<String> notes) {
      List<String> heard = new ArrayList<>();
      try {
        LaterRows rows =
            LaterRows.read(trained.withData(data), saved.preparation().orElseThrow(), heard::add);
        boolean own = !trained.keeps(data) && rows.trained(saved).isPresent();
        return new Given(data, trained.isOf(data), rows, own, List.copyOf(heard));
      } catch (EvenkeelException e) {
        heard.forEach(notes);
        throw e;
      }
    }

    void noteName(Consumer<String> notes) {
      if (!named) {
        notes.accept("%s holds the data of training under another name.".formatted(data));
      }
    }

    /** Empty where rows changed since training that trained or validated. */
    Optional<Parts> parts(SavedModel saved) {
      return own ? Optional.of(rows.parts()).filter(saved::learnedFrom) : Optional.empty();
    }

    Measured all(String words, boolean changed, Consumer<String> notes) {
      heard.forEach(notes);
      return counted(rows.all().get(), words, changed, notes);
    }
  }

  /** Of a file of their own, which training never read, whatever became of the data. */
  private static Measured ofTestFile(DataPlan plan, SavedModel saved, Consumer<String> notes) {
    Dataset rows = new KeptFiles(plan).test(saved.preparation().orElseThrow(), notes);
    boolean changed = !saved.testedOn(rows).orElse(true);
    notes.accept(
        "The %,d rows of %s%s."
            .formatted(
                rows.rows(),
                plan.test(),
                changed ? ", which has changed since training" : saved.unseen()));
    String words = changed ? "%s of a file that changed since training" : "%s" + saved.unseen();
    return counted(rows, words, changed, notes);
  }

  private static Measured ofOwn(Given given, SavedModel saved, Consumer<String> notes) {
    Optional<Parts> parts = given.parts(saved);
    if (parts.isEmpty()) {
      return ofChanged(given, notes);
    }
    given.noteName(notes);
    if (parts.get().test().isEmpty()) {
      notes.accept(
          "%s was trained without test rows: these are all rows of %s, which training saw. help: for a fair measure, --data with rows kept apart"
              .formatted(saved.file(), given.data()));
      return given.all("%s, which training saw", false, notes);
    }
    Dataset rows = parts.get().test().get();
    notes.accept(
        "Of %s, the %,d test rows%s.".formatted(given.data(), rows.rows(), saved.unseen()));
    return counted(rows, "%s" + saved.unseen(), false, notes);
  }

  private static Measured ofChanged(Given given, Consumer<String> notes) {
    notes.accept(
        "%s has changed since training, so its test rows can't be told any more: these are all its rows, and training may have seen some of them. help: for a fair measure, --data with rows kept apart"
            .formatted(given.data()));
    String words = "%s of a file that changed since training, which may have seen some of them";
    return given.all(words, true, notes);
  }

  private static Measured ofOthers(
      Given given, DataPlan trained, SavedModel saved, Consumer<String> notes) {
    String name = given.data().replace("%", "%%"); // within a format
    Measured all = given.all("%s of " + name, false, notes);
    LaterRows.thatTrained(trained, saved)
        .filter(rows -> all.rows().hasTargets())
        .flatMap(
            rows ->
                RepeatedRows.trained(
                    all.rows(), given.data(), rows, saved.preparation().orElseThrow()))
        .ifPresent(notes);
    return all;
  }

  private static Measured counted(
      Dataset rows, String words, boolean changed, Consumer<String> notes) {
    float[] weights = rows.weights();
    boolean none = IntStream.range(0, weights.length).allMatch(row -> weights[row] == 0);
    if (rows.isWeighted() && none) {
      notes.accept("The weights of all these rows are 0; here they count alike.");
    }
    return new Measured(
        none ? rows.unweighted() : rows,
        words.formatted(Words.counted(rows.rows(), "row")),
        changed);
  }
}
