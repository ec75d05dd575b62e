package dev.evenkeel.deploy;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Required;
import dev.evenkeel.Words;
import dev.evenkeel.data.Preparation;
import dev.evenkeel.data.RowEncoder;
import dev.evenkeel.data.Target;
import dev.evenkeel.train.SavedModel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Answers for single rows within another program: a saved model, folded, on the CPU, in plain Java
 * without a backend. Rows go in as the data have them; what the model was trained to do to them is
 * done here.
 *
 * <p>Any number of threads may use one predictor at once; a row's answer is the same bits from each
 * of them, alone or among others. Of an array it allocates the answer and nothing else. For many
 * rows at a time, {@link BatchPredictor} is faster, and runs on a GPU.
 */
public final class Predictor {

  private final int inputs;
  private final int outputs;
  private final RowNetwork network;
  private final Meaning meaning;
  private final Optional<Preparation> preparation;
  private final Optional<RowEncoder> encoder;

  /** Of the numbers of an answer; none without a preparation. */
  private final List<String> names;

  private final ThreadLocal<float[][]> scratch;
  private final ThreadLocal<double[]> probabilities;

  /**
   * @param model folded
   */
  Predictor(Inference model) {
    this.inputs = model.network().inputs();
    this.outputs = model.network().outputs();
    this.network = new RowNetwork(model.network(), model.values());
    this.meaning = model.meaning();
    this.preparation = model.preparation();
    this.encoder = preparation.map(RowEncoder::new);
    this.names =
        Stream.of(classes(), flags(), targets())
            .filter(some -> !some.isEmpty())
            .findFirst()
            .orElse(List.of());
    this.scratch = ThreadLocal.withInitial(network::scratch);
    this.probabilities = ThreadLocal.withInitial(() -> meaning.scratch(outputs));
  }

  /** Of a run folder or a model file. */
  public static Predictor load(Path fileOrFolder) {
    return of(SavedModel.load(fileOrFolder));
  }

  /** Of a model in memory, folded. */
  public static Predictor of(Inference model) {
    return new Predictor(model);
  }

  public static Predictor of(SavedModel saved) {
    return new Predictor(Inference.of(saved, Inference.Form.FOLDED));
  }

  /** How many features a row has; of a table, how many it is encoded to. */
  public int inputs() {
    return inputs;
  }

  /** The columns that a row of a table must have; none where rows are arrays. */
  public List<String> columns() {
    return preparation.stream()
        .flatMap(of -> of.features().stream())
        .flatMap(feature -> feature.column().stream())
        .toList();
  }

  /**
   * What the answer's numbers are the probabilities of, of which one is true; none for other tasks.
   */
  public List<String> classes() {
    return preparation.isPresent() && preparation.get().target() instanceof Target.Labels labels
        ? labels.classes()
        : List.of();
  }

  /** What the answer's numbers are the probabilities of, each by itself; none for other tasks. */
  public List<String> flags() {
    return preparation.isPresent() && preparation.get().target() instanceof Target.Flags flags
        ? flags.labels()
        : List.of();
  }

  /** What the answer's numbers are values of; none for other tasks. */
  public List<String> targets() {
    return preparation.isPresent() && preparation.get().target() instanceof Target.Quantities values
        ? values.names()
        : List.of();
  }

  /**
   * Probabilities of classes or flags, or a regression's values in their own units, for one row of
   * features or several, one after the other.
   */
  public float[] predict(float... rows) {
    return meaning.answers(outputs(rows), outputs, probabilities.get());
  }

  /**
   * The same for a row of a table: the values of its columns by their names, as texts or numbers;
   * "" or null where one is missing.
   */
  public float[] predict(Map<String, ?> row) {
    return meaning.answers(outputs(row), outputs, probabilities.get());
  }

  /** {@link #predict} by names: of each class or flag the probability, of each target the value. */
  public Map<String, Float> answer(Map<String, ?> row) {
    float[] numbers = predict(row);
    Map<String, Float> answer = new LinkedHashMap<>();
    for (int k = 0; k < numbers.length; k++) {
      answer.put(names.get(k), numbers[k]);
    }
    return answer;
  }

  /**
   * Columns in which a row has a category that training saw never, or too seldom to keep it; it is
   * answered as if it were missing.
   */
  public List<String> unseen(Map<String, ?> row) {
    return namedColumns().unseen(row);
  }

  private RowEncoder namedColumns() {
    if (encoder.isEmpty()) { // a lambda that holds this would be one more object
      throw new EvenkeelException(
          "The model holds no preparation, so it takes %s, not a row with named columns"
              .formatted(Words.counted(inputs, "number")));
    }
    return encoder.get();
  }

  /** The class of the largest probability that {@link #predict} gave for one row. */
  public String classOf(float[] probabilities) {
    Required.there(probabilities, "The answer", "the probabilities of the classes");
    List<String> classes = classes();
    if (classes.isEmpty() || probabilities.length != classes.size()) {
      throw new EvenkeelException(
          "The answer for one row has %s, and the model knows %s"
              .formatted(
                  Words.counted(probabilities.length, "number"),
                  Words.counted(classes.size(), "class")));
    }
    int best = 0;
    for (int k = 1; k < probabilities.length; k++) {
      best = probabilities[k] > probabilities[best] ? k : best;
    }
    return classes.get(best);
  }

  /** Logits, or values in their own units; for one row or several. */
  public float[] outputs(float... rows) {
    Required.there(rows, "The row", "the numbers of its features");
    if (encoder.isPresent()) { // a lambda here would be one more object
      encoder.get().requireUnnamed();
    }
    if (rows.length % inputs != 0) {
      throw new EvenkeelException(
          "Rows of %s can't be made of %s"
              .formatted(Words.counted(inputs, "feature"), Words.counted(rows.length, "value")));
    }
    int count = rows.length / inputs;
    float[] out = new float[Math.multiplyExact(count, outputs)];
    float[][] own = scratch.get();
    for (int row = 0; row < count; row++) {
      if (encoder.isPresent()) {
        encoder.get().encode(rows, row * inputs, own[0]);
      } else {
        System.arraycopy(rows, row * inputs, own[0], 0, inputs);
      }
      requireFinite(own[0]);
      network.run(own);
      System.arraycopy(own[0], 0, out, row * outputs, outputs);
    }
    return restored(out);
  }

  /** Logits, or values in their own units, of a row of a table. */
  public float[] outputs(Map<String, ?> row) {
    RowEncoder named = namedColumns();
    float[][] own = scratch.get();
    named.encode(row, own[0]);
    network.run(own);
    return restored(Arrays.copyOf(own[0], outputs));
  }

  private void requireFinite(float[] row) {
    for (int i = 0; i < inputs; i++) {
      if (!Float.isFinite(row[i])) {
        throw new EvenkeelException(
            "Feature %d of the row (counted from 0, once encoded and standardised) is %s. Every value must be finite: fill it first"
                .formatted(i, row[i]));
      }
    }
  }

  private float[] restored(float[] out) {
    if (preparation.isPresent()) { // a lambda that holds the array would be one more object
      preparation.get().restoreTargets(out);
    }
    return out;
  }
}
