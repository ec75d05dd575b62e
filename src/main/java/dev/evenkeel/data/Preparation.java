package dev.evenkeel.data;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import dev.evenkeel.io.Json;
import dev.evenkeel.tensor.Rows;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * Everything learned from the training rows that whatever the model sees later must go through: how
 * columns become features, how features are standardised, what the outputs mean. Plain data, stored
 * with the model as JSON.
 *
 * <p>First {@code fit} on training rows, then {@code apply} to all rows and to every later table.
 *
 * @param standardize each feature's centre and size; by ranks where the scaling is robust
 * @param reading how files are read for it
 * @param clip what no feature gets beyond then, by a smooth clip; 0 clips nothing
 */
public record Preparation(
    List<Feature> features,
    Standardize standardize,
    double clip,
    Target target,
    TableFormat reading) {

  /** Of more texts the rows of each are mostly too few for weights of its own. */
  public static final int ONE_HOT = 20;

  /** Money and percents were texts. */
  private static final Map<String, Object> OLDER = Map.of("reading/amounts", Map.of());

  public Preparation {
    features = List.copyOf(features);
    if (!(clip >= 0 && clip < Double.POSITIVE_INFINITY)) {
      throw new EvenkeelException(
          "A preparation clips at a limit above 0, or at 0 not at all, not at " + clip);
    }
    long width = features.stream().mapToLong(Feature::width).sum();
    boolean unnamed = features.stream().anyMatch(Feature.Columns.class::isInstance);
    if (width < 1 || width > Integer.MAX_VALUE || unnamed && features.size() > 1) {
      throw new EvenkeelException(
          "A preparation makes features of named columns or of one group without names, but %s of %s can't be"
              .formatted(Words.counted(width, "feature"), Words.counted(features.size(), "kind")));
    }
    standardize.requireWidth((int) width);
  }

  /** Without clipping. */
  public Preparation(List<Feature> features, Standardize standardize, Target target) {
    this(features, standardize, 0, target, TableFormat.DETECT);
  }

  /**
   * As a model keeps it, one of an older version too.
   *
   * @param source named in the error
   */
  public static Preparation read(String json, String source) {
    return Json.read(json, Preparation.class, source, OLDER);
  }

  /** For a table; every column but the targets and those dropped becomes a feature. */
  public static Preparation fit(
      Table read, TargetChoice choice, List<String> drop, int[] trainRows, Scaling scaling) {
    return fit(read, choice, drop, TrainRows.of(trainRows), scaling, ONE_HOT);
  }

  /**
   * The same.
   *
   * @param oneHot the most texts of a column that make an input each; of more, each stands for the
   *     mean target of its rows
   */
  public static Preparation fit(
      Table read,
      TargetChoice choice,
      List<String> drop,
      TrainRows train,
      Scaling scaling,
      int oneHot) {
    requireRows(read.name(), train.rows());
    return new TableFit(choice.spelled(read), train, scaling, oneHot).preparation(choice, drop);
  }

  /**
   * For an array of numbers.
   *
   * @param shared whether one mean and deviation serves all columns, as pixels want it
   */
  public static Preparation fit(Dataset data, int[] trainRows, boolean shared) {
    requireRows(data.name(), trainRows);
    return new Preparation(
        List.of(new Feature.Columns(data.columns())),
        shared
            ? Standardize.shared(data.stored(), trainRows)
            : Standardize.perColumn(data.stored(), trainRows),
        fitTarget(data, trainRows));
  }

  /** For an array of numbers: robust scale of each column, then the smooth clip. */
  public static Preparation fitRobust(Dataset data, int[] trainRows) {
    requireRows(data.name(), trainRows);
    return new Preparation(
        List.of(new Feature.Columns(data.columns())),
        RobustScale.fit(data.stored(), trainRows),
        SmoothClip.LIMIT,
        fitTarget(data, trainRows),
        TableFormat.DETECT);
  }

  private static Target fitTarget(Dataset data, int[] trainRows) {
    if (data.task() instanceof Task.Classification c) {
      TargetChecks.requireSeveral(data.name(), "label", c.classes());
      return new Target.Labels("label", c.classes());
    }
    if (data.task() instanceof Task.Flags flags && data.hasTargets()) {
      float[] values = data.targets();
      int count = flags.targets().size();
      TargetChecks.requireChange(
          data.name(), flags.targets(), trainRows, (row, k) -> values[row * count + k]);
      return new Target.Flags(flags.targets().stream().map(Target.Flag::of).toList());
    }
    if (data.hasTargets()) {
      List<String> names = ((Task.Regression) data.task()).targets();
      float[] values = data.targets();
      TargetChecks.requireChange(
          data.name(), names, trainRows, (row, k) -> values[row * names.size() + k]);
      return new Target.Quantities(
          ((Task.Regression) data.task()).targets(),
          Standardize.perColumn(Rows.of(data.targets(), data.targetColumns()), trainRows));
    }
    throw new EvenkeelException(
        "Data set %s has no targets to learn from. Give labels or target values."
            .formatted(data.name()));
  }

  private static void requireRows(String name, int[] trainRows) {
    if (trainRows.length == 0) {
      throw new EvenkeelException(
          "%s: there are 0 training rows to learn from. Give at least one.".formatted(name));
    }
  }

  /** The same with another way to read files. */
  public Preparation withReading(TableFormat reading) {
    return new Preparation(features, standardize, clip, target, reading);
  }

  /**
   * How to read a file whose rows the model is to answer: as those that trained it, and the columns
   * that were texts then as texts, whatever the file has in them. Mistakes in others don't matter.
   */
  public Table.Options options() {
    return Table.Options.DETECT.withFormat(reading).withTexts(texts()).withUsed(used());
  }

  /** Whether a column is a feature or a target. */
  public boolean uses(String column) {
    return used().contains(column) || target.names().contains(column);
  }

  private Set<String> used() {
    Set<String> names = new LinkedHashSet<>();
    if (!(target instanceof Target.Labels)) {
      names.addAll(target.names());
    }
    features.forEach(feature -> feature.column().ifPresent(names::add));
    return names;
  }

  /**
   * Columns of which some text looks like numbers, but not as we write them: "01067", "[1,5]", "5
   * %".
   */
  private Set<String> codes() {
    Set<String> names = new LinkedHashSet<>();
    for (Feature feature : features) {
      if (hasCode(feature.levels())) {
        names.add(feature.column().orElseThrow());
      }
    }
    if (target instanceof Target.Labels labels && hasCode(labels.classes())) {
      names.add(labels.name());
    }
    return names;
  }

  private static boolean hasCode(List<String> texts) {
    return texts.stream()
        .anyMatch(
            text ->
                !Double.isNaN(Cells.commaNumber(text))
                    || Cells.vector(text) != null
                    || AmountText.isLike(text)
                    || !Double.isNaN(Cells.number(text))
                        && !Cells.text(Cells.number(text)).equals(text));
  }

  private Set<String> texts() {
    Set<String> names = new LinkedHashSet<>();
    features.stream()
        .filter(feature -> !feature.holdsNumbers() && !(feature instanceof Feature.Vector))
        .forEach(feature -> feature.column().ifPresent(names::add));
    if (target instanceof Target.Labels labels
        && unnamed().isEmpty()
        && !reading.amounts().containsKey(labels.name())) {
      names.add(labels.name());
    }
    if (target instanceof Target.Flags flags) {
      flags.flags().stream()
          .filter(flag -> !flag.ofNumbers())
          .map(Target.Flag::name)
          .forEach(names::add);
    }
    return names;
  }

  /** The columns of an array, where it is made for one. */
  public Optional<Feature.Columns> unnamed() {
    return features.get(0) instanceof Feature.Columns columns
        ? Optional.of(columns)
        : Optional.empty();
  }

  /** How many inputs the network has. */
  public int width() {
    return features.stream().mapToInt(Feature::width).sum();
  }

  /**
   * All rows of a table, as the network wants them.
   *
   * @param withTarget whether the table must have the target, too
   * @param notes receives what was ignored or replaced, a sentence each
   */
  public Dataset apply(Table table, boolean withTarget, Consumer<String> notes) {
    return prepare(table, withTarget, notes).all();
  }

  /**
   * Only the rows of a table that have a target.
   *
   * @param notes receives how many have none, if any
   */
  public Table withTargets(Table read, Consumer<String> notes) {
    List<String> there =
        target.names().stream()
            .map(name -> targetColumn(read, name))
            .filter(name -> read.find(name).isPresent()) // of others prepare tells
            .toList();
    return read.whereKnown(there, notes);
  }

  /** The same, to be asked for a part of the rows at a time. */
  public PreparedTable prepare(Table read, boolean withTarget, Consumer<String> notes) {
    Table table = read.spelled(codes());
    requireForms(table);
    TableEncoder encoder = new TableEncoder(table, features, Optional.empty(), notes);
    encoder.noteIgnored(target.names());
    TableEncoder.Inputs inputs = encoder.inputs(this);
    TargetRows targets =
        withTarget
            ? TargetRows.of(table, target, name -> targetColumn(table, name))
            : TargetRows.none(table, target);
    Function<int[], Dataset> select = rows -> dataset(table, inputs, rows, targets);
    return new PreparedTable(
        targets.classes(),
        select,
        features.stream().noneMatch(Feature.Means.class::isInstance)
            ? (chosen, hears) -> select.apply(chosen.rows())
            : (chosen, hears) ->
                dataset(table, told(table, targets, chosen, hears), chosen.rows(), targets));
  }

  /**
   * What a file by itself was taken for may be another number: 1.200 € by thousands or decimals.
   */
  private void requireForms(Table table) {
    table
        .format()
        .amounts()
        .forEach(
            (name, form) -> {
              boolean number =
                  features.stream()
                      .filter(Feature::holdsNumbers)
                      .anyMatch(feature -> feature.column().equals(Optional.of(name)));
              if (number && !form.equals(reading.amounts().get(name))) {
                throw new EvenkeelException(
                    "%s, column \"%s\": its numbers are written as %s, those that trained the model are not. help: Table.read with Preparation.options() reads them as the model knows them"
                        .formatted(table.name(), name, Cells.quoted(form.example())));
              }
            });
  }

  private TableEncoder.Inputs told(
      Table table, TargetRows targets, TrainRows chosen, Consumer<String> notes) {
    var training = new LevelMeans.Training(chosen, targets::told);
    TableEncoder encoder = new TableEncoder(table, features, Optional.of(training), note -> {});
    TableEncoder.Inputs inputs = encoder.inputs(this);
    encoder.noteKept(notes);
    return inputs;
  }

  private Dataset dataset(Table table, TableEncoder.Inputs inputs, int[] rows, TargetRows targets) {
    return Dataset.prepared(
        table.name(),
        inputs.rows().apply(rows),
        inputs.layout(),
        targets.prepared(rows),
        target.task());
  }

  /**
   * What the network gets. In double to the end: before the clip no number is too large. What is
   * infinite is none, and stays so for others to refuse.
   */
  float scaled(double value, int feature) {
    if (Double.isInfinite(value)) {
      return (float) value;
    }
    return (float) SmoothClip.of(standardize.of(value, feature), clip);
  }

  /** The same of an input of a piece, which is of one size already. */
  float piece(double value, int feature) {
    return (float) standardize.of(value, feature);
  }

  /** A model of unnamed columns finds its one target after them, whatever it is called. */
  private String targetColumn(Table table, String name) {
    List<String> names = table.columnNames();
    return unnamed().isPresent() && !names.contains(name) && names.size() == width() + 1
        ? names.get(width())
        : name;
  }

  /** All rows of an array, as the network wants them; the array itself stays as it is. */
  public Dataset apply(Dataset data) {
    return apply(data, IntStream.range(0, data.rows()).toArray());
  }

  /** The given rows of an array, in one copy. */
  public Dataset apply(Dataset data, int[] rows) {
    if (unnamed().isEmpty() || data.columns() != width()) {
      throw new EvenkeelException(
          "Data set %s has %s without names, but the model takes %s. Give data of that form."
              .formatted(
                  data.name(),
                  Words.counted(data.columns(), "column"),
                  unnamed()
                      .map(columns -> Words.counted(columns.count(), "column"))
                      .orElse("a table with named columns")));
    }
    if (data.hasTargets()
        && data.task() instanceof Task.Classification c
        && target instanceof Target.Labels labels
        && !suits(c)) {
      List<String> unknown = unknown(c.classes(), labels.classes());
      throw new EvenkeelException(
          "Data set %s has %s of which training had no rows: %s. Those of training are %s. help: leave such rows out"
              .formatted(
                  data.name(),
                  Words.counted(unknown.size(), "class"),
                  Cells.quoted(unknown),
                  Cells.quoted(labels.classes())));
    }
    if (data.hasTargets() && !suits(data.task())) {
      throw new EvenkeelException(
          "Data set %s is %s, but the model was trained for %s. Give targets of that kind."
              .formatted(data.name(), describe(data.task()), describe(target.task())));
    }
    Dataset selected = data.select(rows);
    if (data.hasTargets() && target instanceof Target.Labels labels) {
      rename(selected.targets(), ((Task.Classification) data.task()).classes(), labels.classes());
    }
    if (data.hasTargets() && target instanceof Target.Quantities quantities) {
      quantities.scale().apply(selected.targets(), selected.targetColumns());
    }
    return selected.scaled(this, target.task());
  }

  /** What the network gets for the row of an array that begins at {@code start}, in place. */
  void scale(float[] values, int start, int columns) {
    if (clip == 0) {
      standardize.apply(values, start, columns);
      return;
    }
    for (int c = 0; c < columns; c++) {
      values[start + c] = scaled(values[start + c], c);
    }
  }

  /** A file need not have a row of every class. */
  private boolean suits(Task task) {
    return task instanceof Task.Classification c && target instanceof Target.Labels labels
        ? unknown(c.classes(), labels.classes()).isEmpty()
        : task.equals(target.task());
  }

  private static boolean begin(List<String> all, List<String> some) {
    return some.size() <= all.size() && some.equals(all.subList(0, some.size()));
  }

  private static List<String> unknown(List<String> some, List<String> all) {
    if (begin(all, some)) {
      return List.of();
    }
    Set<String> known = Set.copyOf(all);
    return some.stream().filter(name -> !known.contains(name)).toList();
  }

  /** Indexes of some of the classes become those of all. */
  private static void rename(float[] indexes, List<String> some, List<String> all) {
    if (begin(all, some)) {
      return;
    }
    Map<String, Integer> known = new HashMap<>();
    all.forEach(name -> known.put(name, known.size()));
    int[] places = some.stream().mapToInt(known::get).toArray();
    for (int row = 0; row < indexes.length; row++) {
      indexes[row] = places[(int) indexes[row]];
    }
  }

  private static String describe(Task task) {
    return task instanceof Task.Classification c
        ? "a classification of %d classes, %s to %s"
            .formatted(
                c.classes().size(), c.classes().get(0), c.classes().get(c.classes().size() - 1))
        : task instanceof Task.Flags
            ? Words.counted(task.outputs(), "flag")
            : "a regression of " + Words.counted(task.outputs(), "value");
  }

  /**
   * Takes a regression's outputs or targets, [rows, targets], back to their own units, in place.
   */
  public void restoreTargets(float[] outputs) {
    if (target instanceof Target.Quantities quantities) {
      quantities.scale().restore(outputs, quantities.names().size());
    }
  }
}
