package dev.evenkeel.data;

import dev.evenkeel.EvenkeelException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntToDoubleFunction;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/** What the training rows of a table teach: the {@link Preparation} of it. */
record TableFit(Table table, TrainRows train, Scaling scaling, int oneHot) {

  /** Of all texts of a column together; a model keeps them. */
  private static final int MOST_MEANS = 1_000_000;

  /**
   * @param drop columns, by name or number, that are no features
   */
  Preparation preparation(TargetChoice choice, List<String> drop) {
    var training =
        new LevelMeans.Training(
            train, () -> TargetRows.of(table, target(choice), name -> name).told());
    List<Feature> features = features(choice, drop, training);
    Target target = target(choice);
    TableEncoder encoder = new TableEncoder(table, features, Optional.of(training), note -> {});
    if (scaling == Scaling.STANDARD) {
      Standardize scale =
          Standardize.columns(encoder.floats(), train.rows())
              .orOf(encoder.values()::get, train.rows());
      return new Preparation(features, scale, 0, target, table.format());
    }
    List<int[]> present = present(features);
    Standardize scale = RobustScale.fit(encoder.values()::get, encoder.width(), present::get);
    return new Preparation(features, scale, SmoothClip.LIMIT, target, table.format());
  }

  private List<Feature> features(
      TargetChoice choice, List<String> drop, LevelMeans.Training training) {
    Set<String> left = new LinkedHashSet<>(table.columnNames());
    drop.forEach(name -> left.remove(table.column(name).name()));
    for (String target : choice.columns()) {
      if (!left.remove(target)) {
        throw new EvenkeelException(
            "%s: column \"%s\" is the target and cannot be dropped. Leave it out of --drop, or choose another --target."
                .formatted(table.name(), target));
      }
    }
    List<Feature> features =
        left.stream().map(name -> feature(table.column(name), training)).toList();
    if (features.stream().mapToInt(Feature::width).sum() == 0) {
      throw new EvenkeelException(
          "%s has no column to learn from beside the target \"%s\"%s."
              .formatted(
                  table.name(),
                  String.join(", ", choice.columns()),
                  drop.isEmpty() ? "" : "; dropped were: " + ColumnNames.listed(drop)));
    }
    return features;
  }

  private Feature feature(Column column, LevelMeans.Training training) {
    if (column instanceof Column.Numeric numeric) {
      double[] present = present(column, numeric.values());
      boolean amounts = table.format().amounts().containsKey(column.name());
      if (present.length < train.rows().length
          && !amounts
          && DoubleStream.of(present).allMatch(v -> v == present[0])) {
        return new Feature.Categorical(column.name(), List.of(Cells.text(present[0])));
      }
      double center = center(present);
      List<Double> edges = scaling == Scaling.PIECES ? edges(present) : List.of();
      return edges.size() < 2
          ? new Feature.Numeric(column.name(), center)
          : new Feature.Pieces(column.name(), edges, center);
    }
    if (column instanceof Column.Vector vectors) {
      return new Feature.Vector(
          column.name(),
          vectors.parts().stream().map(part -> center(present(column, part.values()))).toList());
    }
    Optional<DateForm> form = dates(table, (Column.Categorical) column);
    if (form.isPresent()) {
      boolean time = ((Column.Categorical) column).levels().stream().anyMatch(DateForm::hasTime);
      double center = center(present(column, TableEncoder.days(table, column, form.get())));
      return new Feature.Dates(column.name(), form.get(), time, center);
    }
    List<String> levels = TargetChoice.sortedTexts(column, train.rows());
    return levels.size() <= oneHot
        ? new Feature.Categorical(column.name(), levels)
        : means((Column.Categorical) column, levels, training);
  }

  private Feature means(Column.Categorical column, List<String> all, LevelMeans.Training training) {
    int width = training.targets().size();
    List<String> levels = mostFrequent(column, all, MOST_MEANS / width);
    Levels known = new Levels(levels);
    int[] ofCodes = column.levels().stream().mapToInt(known::place).toArray();
    int[] places =
        IntStream.of(column.codes()).map(code -> code < 0 ? -1 : ofCodes[code]).toArray();
    LevelMeans of = training.of(column.name(), places, levels.size());
    List<Double> means = new ArrayList<>();
    for (int level = 0; level < levels.size(); level++) {
      for (int k = 0; k < width; k++) {
        means.add(of.of(level, k));
      }
    }
    return new Feature.Means(column.name(), levels, width, means);
  }

  /** The texts that most rows have, in natural order. */
  private List<String> mostFrequent(Column.Categorical column, List<String> texts, int most) {
    if (texts.size() <= most) {
      return texts;
    }
    Map<String, Integer> rows = new HashMap<>();
    for (int row : train.rows()) {
      if (!column.missing(row)) {
        rows.merge(column.text(row), 1, Integer::sum);
      }
    }
    Comparator<String> byRows = Comparator.comparing(rows::get);
    return texts.stream()
        .sorted(byRows.reversed())
        .limit(most)
        .sorted(NaturalOrder.INSTANCE)
        .toList();
  }

  /** Values that part all of them equally, none twice; one alone where all are the same. */
  private static List<Double> edges(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return IntStream.rangeClosed(0, Scaling.MOST_PIECES)
        .mapToObj(k -> sorted[(int) ((long) k * (sorted.length - 1) / Scaling.MOST_PIECES)])
        .map(edge -> edge + 0.0) // of −0.0 and 0.0 one
        .distinct()
        .toList();
  }

  /** The values of training rows that are not NaN, at least one. */
  private double[] present(Column column, double[] values) {
    double[] present =
        IntStream.of(train.rows())
            .mapToDouble(row -> values[row])
            .filter(value -> !Double.isNaN(value))
            .toArray();
    if (present.length == 0) {
      throw new EvenkeelException(
          "%s: column \"%s\" has no value in any training row. Leave it out with --drop %s."
              .formatted(table.name(), column.name(), ColumnNames.word(column.name())));
    }
    return present;
  }

  private double center(double[] values) {
    return scaling == Scaling.STANDARD
        ? Standardize.column(values).mean()[0]
        : RobustScale.median(values);
  }

  /** How a column writes its dates, if it holds nothing else. */
  static Optional<DateForm> dates(Table table, Column.Categorical column) {
    if (table.options().categorical().contains(column.name())) {
      return Optional.empty();
    }
    MissingWords missing = new MissingWords(table.format());
    return DateForm.of(
        column.levels().stream().filter(level -> !missing.amongNumbers(level)).toList());
  }

  /**
   * For each input, the training rows whose value was there: what stands for the missing ones lies
   * at the median, and would draw the quartiles to it.
   */
  private List<int[]> present(List<Feature> features) {
    List<int[]> present = new ArrayList<>();
    for (Feature feature : features) {
      int[] rows = train.rows();
      if (feature instanceof Feature.Numeric || feature instanceof Feature.Vector) {
        Column column = table.column(feature.column().orElseThrow());
        rows = IntStream.of(train.rows()).filter(row -> !column.missing(row)).toArray();
      } else if (feature instanceof Feature.Dates dates) {
        double[] days = TableEncoder.days(table, table.column(dates.name()), dates.form());
        rows = IntStream.of(train.rows()).filter(row -> !Double.isNaN(days[row])).toArray();
      }
      present.addAll(Collections.nCopies(feature.width(), rows));
    }
    return present;
  }

  private Target target(TargetChoice choice) {
    List<String> names = choice.columns();
    if (choice.kind() == Task.Kind.CLASSIFICATION) {
      List<String> classes = choice.classes(table, train.rows());
      TargetChecks.requireSeveral(table.name(), names.get(0), classes);
      return new Target.Labels(names.get(0), classes);
    }
    if (choice.kind() == Task.Kind.FLAGS) {
      List<Column> columns = names.stream().map(table::column).toList();
      Target.Flags flags = new Target.Flags(columns.stream().map(FlagColumn::flag).toList());
      TargetChecks.requireChange(
          table.name(),
          names,
          train.rows(),
          (row, k) -> columns.get(k).text(row).equals(flags.flags().get(k).yes()) ? 1 : 0);
      return flags;
    }
    List<double[]> values =
        names.stream()
            .map(name -> TargetChoice.numbers(table, table.column(name), train.rows()))
            .toList();
    TargetChecks.requireChange(table.name(), names, train.rows(), (row, k) -> values.get(k)[row]);
    List<IntToDoubleFunction> columns =
        values.stream().map(of -> (IntToDoubleFunction) row -> of[row]).toList();
    Standardize scale = Standardize.columns(columns, train.rows()).orOf(columns::get, train.rows());
    for (int k = 0; k < names.size(); k++) {
      double[] own = values.get(k);
      if (IntStream.of(train.rows()).anyMatch(row -> own[row] != own[train.rows()[0]])) {
        TargetChecks.requireFine(table.name(), names.get(k), scale.mean()[k], scale.deviation()[k]);
      }
    }
    return new Target.Quantities(names, scale);
  }
}
