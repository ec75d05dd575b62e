package dev.evenkeel.data;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import dev.evenkeel.io.Sha256;
import dev.evenkeel.tensor.InputLayout;
import dev.evenkeel.tensor.Rows;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * Rows of numbers and what is known about each row: the form of data that networks train on.
 *
 * <p>Features are [rows, columns] and targets [rows, targetColumns], both row-major and finite. A
 * classification has one target column that holds the class index. A data set made only to be
 * predicted has no target columns. Rows may have weights: what each counts in losses and metrics.
 * The arrays are shared with the caller, never copied. Those of a table hold categories in short,
 * as their {@link #layout} says. Features need not lie in an array: see {@link Rows}.
 */
public final class Dataset {

  private static final int CHUNK = 1 << 16;
  private static final float[] ALIKE = {};

  private final String name;
  private final int rows;

  /** What is stored, but not looked through when it is read: for those who change it first. */
  private final Rows unchecked;

  private final Rows stored;
  private final InputLayout layout;
  private final int targetColumns;
  private final float[] targets;
  private final Task task;
  private final float[] weights;

  private Dataset(
      String name,
      Rows unchecked,
      InputLayout layout,
      float[] targets,
      int targetColumns,
      Task task,
      float[] weights) {
    requireThere(name, "targets", targets);
    this.name = name;
    this.rows = unchecked.count();
    this.unchecked = unchecked;
    this.stored =
        unchecked.array().isPresent()
            ? unchecked
            : new OtherRows(
                unchecked, (row, to, at) -> requireFinite(name, unchecked, row, to, at));
    this.layout = layout;
    this.targetColumns = targetColumns;
    this.targets = targets;
    this.task = task;
    this.weights = weights;
    if ((long) rows * targetColumns != targets.length) {
      throw new EvenkeelException(
          "Data set %s: %s with %s need %,d target values, but there are %,d."
              .formatted(
                  name,
                  Words.counted(rows, "row"),
                  Words.counted(targetColumns, "target column"),
                  (long) rows * targetColumns,
                  targets.length));
    }
  }

  /** Of values from elsewhere; a part of these rows needs no second look. */
  private Dataset checked() {
    stored.array().ifPresent(values -> requireFinite("feature", values, layout.stored()));
    if (task instanceof Task.Regression) {
      requireFinite("target", targets, targetColumns);
    }
    for (int i = 0; task instanceof Task.Flags && i < targets.length; i++) {
      if (targets[i] != 0 && targets[i] != 1) {
        throw new EvenkeelException(
            "Data set %s, row %d: flag %d is %s, but a flag is 0 or 1."
                .formatted(name, i / targetColumns, i % targetColumns, targets[i]));
      }
    }
    return this;
  }

  /** Of a table that was prepared: [rows, layout.stored()], and targets as the task has them. */
  static Dataset prepared(
      String name, float[] stored, InputLayout layout, float[] targets, Task task) {
    requireRows(name, stored, layout.stored());
    Rows rows = Rows.of(stored, layout.stored());
    int targetColumns = targets.length / rows.count();
    return new Dataset(name, rows, layout, targets, targetColumns, task, ALIKE).checked();
  }

  private static Rows rows(String name, float[] features, int columns) {
    requireThere(name, "features", features);
    requireRows(name, features, columns);
    return Rows.of(features, columns);
  }

  private static Dataset plain(
      String name, Rows features, float[] targets, int targetColumns, Task task) {
    requireThere(name, "features", features);
    if (features.columns() < 1 || features.count() < 1) {
      throw new EvenkeelException(
          "Data set %s has %s of %s. Give at least one of each."
              .formatted(
                  name,
                  Words.counted(features.count(), "row"),
                  Words.counted(features.columns(), "column")));
    }
    long values = (long) features.count() * features.columns();
    if (features.array().filter(array -> array.length != values).isPresent()) {
      throw new EvenkeelException(
          "Data set %s: the array of its rows does not have their %,d values."
              .formatted(name, values));
    }
    InputLayout layout = InputLayout.plain(features.columns());
    return new Dataset(name, features, layout, targets, targetColumns, task, ALIKE).checked();
  }

  private static void requireRows(String name, float[] features, int columns) {
    if (columns < 1 || features.length == 0 || features.length % columns != 0) {
      throw new EvenkeelException(
          "Data set %s: %,d feature values do not make rows of %s. Give at least one whole row."
              .formatted(name, features.length, Words.counted(columns, "column")));
    }
  }

  /** Of row i what class it is, by its place among their names. */
  public static Dataset classification(
      String name, Rows features, int[] labels, List<String> classes) {
    requireThere(name, "labels", labels);
    requireThere(name, "names of the classes", classes);
    float[] targets = new float[labels.length];
    for (int row = 0; row < labels.length; row++) {
      if (labels[row] < 0 || labels[row] >= classes.size()) {
        throw new EvenkeelException(
            "Data set %s, row %d: label %d is not a class index; with %s, labels are 0 to %d."
                .formatted(
                    name,
                    row,
                    labels[row],
                    Words.counted(classes.size(), "class"),
                    classes.size() - 1));
      }
      targets[row] = labels[row];
    }
    return plain(name, features, targets, 1, new Task.Classification(classes));
  }

  public static Dataset classification(
      String name, float[] features, int columns, int[] labels, List<String> classes) {
    return classification(name, rows(name, features, columns), labels, classes);
  }

  public static Dataset classification(
      String name, float[][] features, int[] labels, List<String> classes) {
    return classification(name, NestedRows.of(name, "features", features), labels, classes);
  }

  /** The targets are [rows, targetNames.size()], row-major. */
  public static Dataset regression(
      String name, Rows features, float[] targets, List<String> targetNames) {
    requireThere(name, "names of the targets", targetNames);
    if (targetNames.isEmpty()) {
      throw new EvenkeelException(
          "Data set %s: a regression needs the name of at least one target.".formatted(name));
    }
    return plain(name, features, targets, targetNames.size(), new Task.Regression(targetNames));
  }

  public static Dataset regression(
      String name, float[] features, int columns, float[] targets, List<String> targetNames) {
    return regression(name, rows(name, features, columns), targets, targetNames);
  }

  public static Dataset regression(
      String name, float[][] features, float[] targets, String targetName) {
    return regression(
        name, NestedRows.of(name, "features", features), targets, List.of(targetName));
  }

  /** Several targets for each row, called "target 1" and on, or of one "target". */
  public static Dataset regression(String name, float[][] features, float[][] targets) {
    Rows values = NestedRows.of(name, "targets", targets);
    return regression(
        name,
        NestedRows.of(name, "features", features),
        values.array().orElse(new float[0]),
        ArrayTargets.names(Math.max(1, values.columns())));
  }

  /** Of each row what is true: 1 or 0, [rows, flagNames.size()], row-major. */
  public static Dataset flags(String name, Rows features, float[] flags, List<String> flagNames) {
    requireThere(name, "names of the flags", flagNames);
    return plain(name, features, flags, flagNames.size(), new Task.Flags(flagNames));
  }

  public static Dataset flags(
      String name, float[] features, int columns, float[] flags, List<String> flagNames) {
    return flags(name, rows(name, features, columns), flags, flagNames);
  }

  /** Rows without targets, to be predicted. */
  public static Dataset unlabelled(String name, float[] features, int columns) {
    return unlabelled(name, features, columns, new Task.Regression(List.of()));
  }

  /** Rows without targets, to be predicted by a model of the given task. */
  public static Dataset unlabelled(String name, float[] features, int columns, Task task) {
    return unlabelled(name, rows(name, features, columns), task);
  }

  public static Dataset unlabelled(String name, Rows features, Task task) {
    return plain(name, features, new float[0], 0, task);
  }

  public String name() {
    return name;
  }

  public int rows() {
    return rows;
  }

  /** How many inputs of a network a row has. */
  public int columns() {
    return layout.inputs();
  }

  /** The inputs of all rows: the array itself where they lie so in one, else made anew. */
  public float[] features() {
    if (layout.isPlain() && stored.array().isPresent()) {
      return stored.array().get();
    }
    long values = (long) rows * columns();
    if (values > Integer.MAX_VALUE) {
      throw new EvenkeelException(
          "Data set %s: its %,d inputs are more than an array of Java's may have. help: copyInputs, a row at a time"
              .formatted(name, values));
    }
    float[] features = new float[(int) values];
    for (int row = 0; row < rows; row++) {
      copyInputs(row, features, row * columns());
    }
    return features;
  }

  /** Writes the inputs of one row from {@code at} on. */
  public void copyInputs(int row, float[] inputs, int at) {
    if (layout.isPlain()) {
      stored.read(row, inputs, at);
      return;
    }
    float[] some = new float[layout.stored()];
    stored.read(row, some, 0);
    layout.expand(some, 0, inputs, at);
  }

  /** The features as they are stored, [rows, layout().stored()]. */
  public Rows stored() {
    return stored;
  }

  /** How what is stored becomes inputs. */
  public InputLayout layout() {
    return layout;
  }

  public int targetColumns() {
    return targetColumns;
  }

  public float[] targets() {
    return targets;
  }

  public Task task() {
    return task;
  }

  public boolean hasTargets() {
    return targetColumns > 0;
  }

  /** The same rows, of which row i counts {@code weights[i]}, 0 or more, in losses and metrics. */
  public Dataset withWeights(float[] weights) {
    requireThere(name, "weights", weights);
    if (weights.length != rows || rows == 0) {
      throw new EvenkeelException(
          "Data set %s: there are %,d weights for %s. Give one for each."
              .formatted(name, weights.length, Words.counted(rows, "row")));
    }
    for (int row = 0; row < rows; row++) {
      if (!(weights[row] >= 0 && weights[row] <= Float.MAX_VALUE)) {
        throw new EvenkeelException(
            "Data set %s: the weight of row %d (counted from 0) is %s. A row counts 0 or more."
                .formatted(name, row, weights[row]));
      }
    }
    return new Dataset(name, unchecked, layout, targets, targetColumns, task, weights);
  }

  /**
   * The same rows as a preparation scales them, and of its task: in place where they lie in an
   * array, else whenever they are read.
   */
  Dataset scaled(Preparation preparation, Task task) {
    Rows scaled = unchecked;
    if (unchecked.array().isPresent()) {
      float[] values = unchecked.array().get();
      for (int start = 0; start < values.length; start += columns()) {
        preparation.scale(values, start, columns());
      }
    } else {
      scaled = new OtherRows(unchecked, (row, to, at) -> preparation.scale(to, at, columns()));
    }
    return new Dataset(name, scaled, layout, targets, targetColumns, task, weights).checked();
  }

  /** The same rows, which count alike. */
  public Dataset unweighted() {
    return new Dataset(name, unchecked, layout, targets, targetColumns, task, ALIKE);
  }

  /** Whether rows count differently. */
  public boolean isWeighted() {
    return weights.length > 0;
  }

  /** What each row counts; empty where all count alike. */
  public float[] weights() {
    return weights;
  }

  /** Columns of {@link #weighedTargets}. */
  public int weighedColumns() {
    return targetColumns + (isWeighted() ? 1 : 0);
  }

  /**
   * Targets as a loss takes them: behind those of each row its weight, where rows have some, in
   * units of their mean, so that a weighted step is no larger than a plain one.
   */
  public float[] weighedTargets() {
    if (!isWeighted()) {
      return targets;
    }
    double mean = meanWeight();
    int width = weighedColumns();
    float[] all = new float[Math.multiplyExact(rows, width)];
    for (int row = 0; row < rows; row++) {
      System.arraycopy(targets, row * targetColumns, all, row * width, targetColumns);
      all[row * width + targetColumns] = (float) (weights[row] / mean);
    }
    return all;
  }

  private double meanWeight() {
    double sum = 0;
    for (float weight : weights) {
      sum += weight;
    }
    if (sum == 0) {
      throw new EvenkeelException(
          "Data set %s: the weights of all its %s are 0, so none counts. help: other weights, or another split"
              .formatted(name, Words.counted(rows, "row")));
    }
    return sum / rows;
  }

  /** The class index of every row of a classification. */
  public int[] labels() {
    if (!(task instanceof Task.Classification) || !hasTargets()) {
      throw new EvenkeelException(
          "Data set %s has no class labels: it is %s."
              .formatted(name, hasTargets() ? "of numbers or flags" : "without targets"));
    }
    return IntStream.range(0, rows).map(row -> (int) targets[row]).toArray();
  }

  /**
   * A weight for each class that makes all classes count alike, however rare: rows / (classes ·
   * rows of the class), and 0 where it has no row.
   */
  public List<Double> balancedWeights() {
    int classes = task.outputs();
    double[] count = new double[classes];
    for (int label : labels()) {
      count[label]++;
    }
    return DoubleStream.of(count).mapToObj(n -> n == 0 ? 0 : rows / (classes * n)).toList();
  }

  /** The class index of every row, 0 for numbers: what splits are stratified by. */
  public int[] strata() {
    return hasTargets() && task instanceof Task.Classification ? labels() : new int[rows];
  }

  /** Copies the given rows, in the given order; those that lie in no array stay where they are. */
  public Dataset select(int[] selected) {
    requireRows(selected);
    return new Dataset(
        name,
        some(selected),
        layout,
        gather(targets, targetColumns, selected),
        targetColumns,
        task,
        isWeighted() ? gather(weights, 1, selected) : ALIKE);
  }

  private Rows some(int[] selected) {
    int width = layout.stored();
    return stored.array().isPresent()
        ? Rows.of(gather(stored.array().get(), width, selected), width)
        : new SomeRows(unchecked, selected.clone());
  }

  private void requireRows(int[] selected) {
    for (int row : selected) {
      if (row < 0 || row >= rows) {
        throw new EvenkeelException(
            "Data set %s: row %d does not exist; it has %s, from 0 to %d."
                .formatted(name, row, Words.counted(rows, "row"), rows - 1));
      }
    }
  }

  static float[] gather(float[] values, int width, int[] selected) {
    float[] copy = new float[Math.multiplyExact(selected.length, width)];
    for (int i = 0; i < selected.length; i++) {
      System.arraycopy(values, selected[i] * width, copy, i * width, width);
    }
    return copy;
  }

  /**
   * SHA-256 over shape, features, targets and weights, in hexadecimal: equal data, equal
   * fingerprint.
   */
  public String fingerprint() {
    MessageDigest digest = Sha256.digest();
    ByteBuffer chunk = ByteBuffer.allocate(CHUNK * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    digest.update(chunk.putInt(rows).putInt(columns()).putInt(targetColumns).flip());
    RowWalk.over(
        stored, (first, count, values) -> update(digest, values, count * stored.columns(), chunk));
    update(digest, targets, targets.length, chunk);
    update(digest, weights, weights.length, chunk);
    return HexFormat.of().formatHex(digest.digest());
  }

  private static void update(MessageDigest digest, float[] values, int length, ByteBuffer chunk) {
    for (int start = 0; start < length; start += CHUNK) {
      int count = Math.min(CHUNK, length - start);
      chunk.clear().asFloatBuffer().put(values, start, count);
      digest.update(chunk.limit(count * Float.BYTES));
    }
  }

  private void requireFinite(String what, float[] values, int width) {
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite(values[i])) {
        throw notFinite(name, what, i / width, i % width, values[i]);
      }
    }
  }

  private static void requireFinite(String name, Rows rows, int row, float[] values, int at) {
    for (int c = 0; c < rows.columns(); c++) {
      if (!Float.isFinite(values[at + c])) {
        throw notFinite(name, "feature", rows.origin(row), c, values[at + c]);
      }
    }
  }

  private static EvenkeelException notFinite(
      String name, String what, int row, int column, float value) {
    return new EvenkeelException(
        "Data set %s: the %s in row %d, column %d (both counted from 0) is %s. Every value must be finite: fill or drop it first."
            .formatted(name, what, row, column, value));
  }

  /** For arrays that others hand in, of which a part may be lacking. */
  static void requireThere(String name, String what, Object values) {
    if (values == null) {
      throw new EvenkeelException(
          "Data set %s: the %s are null. Give an array with a value for each row."
              .formatted(name, what));
    }
  }

  @Override
  public String toString() {
    return "%s: %s × %s, %s"
        .formatted(name, Words.counted(rows, "row"), Words.counted(columns(), "column"), task);
  }
}
