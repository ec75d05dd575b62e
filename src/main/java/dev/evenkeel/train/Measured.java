package dev.evenkeel.train;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.data.Preparation;
import dev.evenkeel.io.Spool;
import java.nio.file.Path;
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
   * Rows with targets for a model that is trained: of the data that it was trained on, the test
   * rows alone, which may be a file of their own; of other data, all. So, too, of a file that
   * changed since: it is split by the number of its rows and their order, so that training rows
   * would count as test rows.
   *
   * @param trained the plan that the model was trained by
   * @param data a name or a file
   * @param notes hears what was chosen or ignored, a sentence each
   */
  public static Measured of(
      DataPlan trained, String data, SavedModel saved, Consumer<String> notes) {
    DataPlan plan = isMoved(trained, data, saved) ? trained.withData(data) : trained;
    boolean own = plan.isOf(data);
    boolean readable = own && !Spool.isStream(Path.of(data));
    if (plan.test().isFile() && (readable || DataPlan.isSame(data, plan.test().file()))) {
      return ofTestFile(plan, saved, notes);
    }
    return own ? ofOwn(plan, data, saved, notes) : all(plan, data, saved, "%s", false, notes);
  }

  /**
   * Rows with targets for what is set after training, such as a temperature: of the data that the
   * model was trained on the validation rows, of other data all.
   */
  public static Measured toSet(
      DataPlan trained, String data, SavedModel saved, Consumer<String> notes) {
    DataPlan plan = isMoved(trained, data, saved) ? trained.withData(data) : trained;
    if (!plan.isOf(data)) {
      return all(plan, data, saved, "%s", false, notes);
    }
    Parts parts = plan.load(saved.preparation().orElseThrow(), note -> {});
    boolean apart = plan.valid().isFile();
    if (!saved.learnedFrom(parts)) {
      throw new EvenkeelException(
          "%s has changed since training, so its validation rows can't be told any more. help: --data with rows that neither trained nor test"
              .formatted(apart ? "%s or %s".formatted(data, plan.valid()) : data));
    }
    Dataset rows =
        parts
            .valid()
            .orElseThrow(
                () ->
                    new EvenkeelException(
                        "%s was trained without validation rows, and those that trained would be answered too surely. help: --data with other rows"
                            .formatted(saved.file())));
    notes.accept(
        apart
            ? "The %,d rows of %s, which validated.".formatted(rows.rows(), plan.valid())
            : "Of %s, the %,d validation rows.".formatted(data, rows.rows()));
    return counted(rows, "%s that validated", false, notes);
  }

  /** Whether the data of training, which are no longer where they were, are here. */
  private static boolean isMoved(DataPlan plan, String data, SavedModel saved) {
    if (plan.findsData() || Spool.isStream(Path.of(data))) {
      return false;
    }
    try {
      Parts parts = plan.withData(data).load(saved.preparation().orElseThrow(), note -> {});
      return saved.learnedFrom(parts);
    } catch (EvenkeelException e) {
      return false; // others: whether they can be measured is seen later
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

  private static Measured ofOwn(
      DataPlan plan, String data, SavedModel saved, Consumer<String> notes) {
    Parts parts = plan.load(saved.preparation().orElseThrow(), note -> {});
    if (!saved.learnedFrom(parts)) {
      notes.accept(
          "%s has changed since training, so its test rows can't be told any more: these are all its rows, and training may have seen some of them. help: for a fair measure, --data with rows kept apart"
              .formatted(data));
      String words = "%s of a file that changed since training, which may have seen some of them";
      return all(plan, data, saved, words, true, notes);
    }
    if (parts.test().isEmpty()) {
      notes.accept(
          "%s was trained without test rows: these are all rows of %s, which training saw. help: for a fair measure, --data with rows kept apart"
              .formatted(saved.file(), data));
      return all(plan, data, saved, "%s, which training saw", false, notes);
    }
    Dataset rows = parts.test().get();
    notes.accept("Of %s, the %,d test rows%s.".formatted(data, rows.rows(), saved.unseen()));
    return counted(rows, "%s" + saved.unseen(), false, notes);
  }

  private static Measured all(
      DataPlan plan,
      String data,
      SavedModel saved,
      String words,
      boolean changed,
      Consumer<String> notes) {
    Preparation preparation = saved.preparation().orElseThrow();
    return counted(plan.load(data, true, preparation, notes), words, changed, notes);
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
