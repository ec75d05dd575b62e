package dev.evenkeel.data;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import dev.evenkeel.tensor.InputLayout;
import dev.evenkeel.tensor.InputLayout.Stored;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntToDoubleFunction;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Turns a table's columns, found by name, into the features of a data set. */
final class TableEncoder {

  /** Rows that are encoded column by column while they are in the cache. */
  private static final int BLOCK = 256;

  private final Table table;
  private final List<Feature> features;
  private final Consumer<String> notes;
  private final Optional<LevelMeans.Training> training;
  private final MissingWords missing;
  private final Set<String> kept = new LinkedHashSet<>();
  private final int width;

  TableEncoder(
      Table table,
      List<Feature> features,
      Optional<LevelMeans.Training> training,
      Consumer<String> notes) {
    this.training = training;
    this.missing = new MissingWords(table.format());
    this.table = table;
    this.features = features;
    this.notes = notes;
    this.width = features.stream().mapToInt(Feature::width).sum();
  }

  int width() {
    return width;
  }

  /** For each feature its values by row, centred but not scaled. */
  List<IntToDoubleFunction> values() {
    List<IntToDoubleFunction> values = new ArrayList<>();
    for (Feature feature : features) {
      if (feature instanceof Feature.Numeric f) {
        values.add(numbers(required(f.name()), f.center()));
      } else if (feature instanceof Feature.Pieces f) {
        Piece.Line line = new Piece.Line(places(required(f.name()), f), f.width());
        for (int piece = 0; piece < f.width(); piece++) {
          values.add(new Piece(line, piece));
        }
      } else if (feature instanceof Feature.Categorical f) {
        OneHot.Category category =
            new OneHot.Category(levels(required(f.name()), f.levels()), f.width());
        for (int level = 0; level < f.width(); level++) {
          values.add(new OneHot(category, level));
        }
      } else if (feature instanceof Feature.Means f) {
        int[] places = levels(required(f.name()), f.levels());
        for (int k = 0; k < f.width(); k++) {
          values.add(mean(f, places, k));
        }
      } else if (feature instanceof Feature.Dates f) {
        double[] days = days(table, required(f.name()), f.form());
        for (int input = 0; input < f.width(); input++) {
          int own = input;
          values.add(row -> f.value(days[row], own));
        }
      } else if (feature instanceof Feature.Vector f) {
        List<Column.Numeric> parts = parts(required(f.name()), f.width());
        for (int k = 0; k < f.width(); k++) {
          values.add(numbers(parts.get(k), f.centers().get(k)));
        }
      } else if (feature instanceof Feature.Columns f) {
        requireNumbers(f.count());
        table.columns().subList(0, f.count()).forEach(column -> values.add(numbers(column, 0)));
      }
    }
    return values;
  }

  /** The same, none beyond what a float can hold. */
  List<IntToDoubleFunction> floats() {
    List<IntToDoubleFunction> values = values();
    List<IntToDoubleFunction> floats = new ArrayList<>();
    for (int j = 0; j < width; j++) {
      int input = j;
      IntToDoubleFunction value = values.get(j);
      floats.add(
          value instanceof OneHot
              ? value
              : row -> finite((float) value.applyAsDouble(row), input, values));
    }
    return floats;
  }

  private float finite(float value, int input, List<IntToDoubleFunction> values) {
    if (Float.isInfinite(value)) {
      throw tooLarge(input, values.get(input));
    }
    return value;
  }

  /** Rows as they are stored, and how they become inputs. */
  record Inputs(InputLayout layout, Function<int[], float[]> rows) {}

  /** Looks for the columns now and encodes rows when it is asked to. */
  Inputs inputs(Preparation by) {
    List<IntToDoubleFunction> values = values();
    InputLayout layout = layout(values, by);
    return new Inputs(layout, rows -> encode(values, layout, by, rows));
  }

  private InputLayout layout(List<IntToDoubleFunction> values, Preparation by) {
    List<Stored> stored = new ArrayList<>();
    float[] cold = new float[width];
    float[] hot = new float[width];
    for (int j = 0; j < width; j++) {
      if (values.get(j) instanceof OneHot input) {
        cold[j] = finite(by.scaled(0, j), j, values);
        hot[j] = finite(by.scaled(1, j), j, values);
        if (input.level() == 0) {
          stored.add(Stored.category(input.category().count()));
        }
      } else if (values.get(j) instanceof Piece input) {
        cold[j] = by.piece(0, j);
        hot[j] = by.piece(1, j);
        if (input.piece() == 0) {
          stored.add(Stored.pieces(input.line().count()));
        }
      } else {
        stored.add(Stored.NUMBER);
      }
    }
    return new InputLayout(stored, cold, hot);
  }

  private float[] encode(
      List<IntToDoubleFunction> values, InputLayout layout, Preparation by, int[] rows) {
    int stored = layout.stored();
    if ((long) rows.length * stored > Integer.MAX_VALUE - 8) {
      throw new EvenkeelException(
          "%s: %s of %s do not fit into one array of %s. Use fewer rows, or drop columns."
              .formatted(
                  table.name(),
                  Words.counted(rows.length, "row"),
                  Words.counted(stored, "value"),
                  Words.counted(Integer.MAX_VALUE - 8, "value")));
    }
    float[] out = new float[rows.length * stored];
    for (int start = 0; start < rows.length; start += BLOCK) {
      int end = Math.min(start + BLOCK, rows.length);
      for (int c = 0, j = 0; c < stored; c++) {
        int input = j;
        IntToDoubleFunction value = values.get(input);
        if (value instanceof OneHot any) {
          for (int i = start; i < end; i++) {
            out[i * stored + c] = any.category().of(rows[i]);
          }
        } else if (value instanceof Piece any) {
          for (int i = start; i < end; i++) {
            out[i * stored + c] = any.line().place(rows[i]);
          }
        } else {
          for (int i = start; i < end; i++) {
            float scaled = by.scaled(value.applyAsDouble(rows[i]), input);
            out[i * stored + c] = finite(scaled, input, values);
          }
        }
        j += layout.column(c).inputs();
      }
    }
    return out;
  }

  /** Says which columns the model knows nothing of. */
  void noteIgnored(List<String> targets) {
    List<String> extra = new ArrayList<>(table.columnNames());
    extra.removeAll(targets);
    for (Feature feature : features) {
      feature.column().ifPresent(extra::remove);
      if (feature instanceof Feature.Columns f) {
        extra.subList(0, Math.min(extra.size(), f.count() + 1)).clear();
      }
    }
    if (!extra.isEmpty()) {
      notes.accept(
          "%s: ignored what the model was not trained on: %s."
              .formatted(table.name(), Cells.quoted(extra)));
    }
  }

  /** Says of which columns the rows that train are told what the model knows from others. */
  void noteKept(Consumer<String> hears) {
    if (!kept.isEmpty()) {
      hears.accept(
          "%s: the mean targets of texts in %s stay as the model learned them. Rows that it learned them of are told their own target, so that measures of them flatter"
              .formatted(table.name(), Cells.quoted(List.copyOf(kept))));
    }
  }

  /** One value that is too large moves the mean beyond floats, and so all others. */
  private EvenkeelException tooLarge(int input, IntToDoubleFunction value) {
    int farthest = 0;
    for (int row = 1; row < table.rows(); row++) {
      if (Math.abs(value.applyAsDouble(row)) > Math.abs(value.applyAsDouble(farthest))) {
        farthest = row;
      }
    }
    return new EvenkeelException(
        "%s, column \"%s\": the value is more than a float can hold, which ends at 3.4e38. Correct it, or train with --scale robust, which clips it."
            .formatted(table.at(farthest), nameOf(input)));
  }

  private String nameOf(int input) {
    int start = 0;
    for (Feature feature : features) {
      start += feature.width();
      if (input < start && feature.column().isPresent()) {
        return feature.column().get();
      }
    }
    return table.columnNames().get(input); // of an array
  }

  private Column required(String name) {
    return table
        .find(name)
        .orElseThrow(
            () ->
                new EvenkeelException(
                    "%s has no column \"%s\", which the model was trained on. Its columns are: %s."
                        .formatted(table.name(), name, ColumnNames.listed(table.columnNames()))));
  }

  private IntToDoubleFunction numbers(Column column, double center) {
    requireNumbers(column);
    return row ->
        column instanceof Column.Numeric numeric && !column.missing(row)
            ? numeric.values()[row] - center
            : 0;
  }

  private float[] places(Column column, Feature.Pieces pieces) {
    requireNumbers(column);
    float[] places = new float[table.rows()];
    PieceLine line = pieces.line();
    for (int row = 0; row < places.length; row++) {
      places[row] =
          column instanceof Column.Numeric numeric && !column.missing(row)
              ? line.place(numeric.values()[row])
              : line.place(Double.NaN);
    }
    return places;
  }

  /** Of each place in a column's vectors the numbers by row, NaN where the vector is missing. */
  private List<Column.Numeric> parts(Column column, int width) {
    if (column instanceof Column.Vector vectors && vectors.parts().size() == width) {
      return vectors.parts();
    }
    double[][] parts = new double[width][table.rows()];
    for (int row = 0; row < table.rows(); row++) {
      boolean none = column.missing(row) || missing.amongNumbers(column.text(row));
      double[] vector = none ? null : Cells.vector(column.text(row));
      if (!none && (vector == null || vector.length != width)) {
        throw new EvenkeelException(
            "%s, column \"%s\": %s is not a vector of %s, which the model was trained on there. help: correct it, or leave it empty if it is missing"
                .formatted(
                    table.at(row),
                    column.name(),
                    Cells.shown(column.text(row)),
                    Words.counted(width, "finite number")));
      }
      for (int k = 0; k < width; k++) {
        parts[k][row] = vector == null ? Double.NaN : vector[k];
      }
    }
    return Stream.of(parts).map(part -> new Column.Numeric(column.name(), part)).toList();
  }

  /** Where its own rows train, each is told by others; else what the model knows stays. */
  private IntToDoubleFunction mean(Feature.Means feature, int[] places, int input) {
    if (training.isPresent()) {
      int levels = feature.levels().size();
      LevelMeans means = training.get().of(feature.name(), places, levels);
      if (IntStream.range(0, levels)
          .allMatch(level -> means.of(level, input) == feature.mean(level, input))) {
        return row -> places[row] < 0 ? 0 : means.of(places[row], row, input);
      }
      kept.add(feature.name());
    }
    return row -> feature.mean(places[row], input);
  }

  private void requireNumbers(Column column) {
    int wrong = firstNumberless(column);
    if (wrong >= 0) {
      throw new EvenkeelException(
          "%s, column \"%s\": %s is not %s, but the model was trained on numbers there. help: correct it, leave it empty if it is missing, or name it with --missing"
              .formatted(
                  table.at(wrong),
                  column.name(),
                  Cells.shown(column.text(wrong)),
                  SeenCells.wanted(table.format().amounts().get(column.name()))));
    }
  }

  /** The row to blame in a column of no numbers; −1 where there is none. */
  private int firstNumberless(Column column) {
    if (column instanceof Column.Categorical texts) {
      return firstNumberless(texts);
    }
    return column instanceof Column.Vector
        ? IntStream.range(0, table.rows())
            .filter(row -> !column.missing(row))
            .findFirst()
            .orElse(-1)
        : -1;
  }

  /** The row to blame for a column of texts; −1 where all it holds are words for missing. */
  private int firstNumberless(Column.Categorical texts) {
    boolean[] number = new boolean[texts.levels().size()];
    AmountForm amounts = table.format().amounts().get(texts.name());
    int any = -1;
    for (int k = 0; k < number.length; k++) {
      String text = texts.levels().get(k);
      number[k] = !Double.isNaN(amounts == null ? Cells.number(text) : amounts.value(text));
    }
    for (int row = 0; row < table.rows(); row++) {
      if (texts.missing(row) || missing.amongNumbers(texts.text(row))) {
        continue;
      }
      if (!number[texts.codes()[row]]) {
        return row;
      }
      any = any < 0 ? row : any;
    }
    return any;
  }

  /** Of each row; NaN where the date is missing. */
  static double[] days(Table table, Column column, DateForm form) {
    MissingWords missing = new MissingWords(table.format());
    double[] days = new double[table.rows()];
    IntToDoubleFunction day = row -> Double.NaN;
    if (column instanceof Column.Categorical texts) {
      double[] ofLevels = texts.levels().stream().mapToDouble(form::days).toArray();
      day = row -> ofLevels[texts.codes()[row]];
    }
    for (int row = 0; row < days.length; row++) {
      days[row] = column.missing(row) ? Double.NaN : day.applyAsDouble(row);
      if (Double.isNaN(days[row])
          && !column.missing(row)
          && !missing.amongNumbers(column.text(row))) {
        throw new EvenkeelException(
            "%s, column \"%s\": %s is not a date such as %s, but the model was trained on dates there. help: correct it, or leave it empty if it is missing"
                .formatted(
                    table.at(row), column.name(), Cells.quoted(column.text(row)), form.example()));
      }
    }
    return days;
  }

  /** The place of each row's text among those that training knew; −1 where it isn't. */
  private int[] levels(Column column, List<String> levels) {
    Levels known = new Levels(levels);
    int[] places = new int[table.rows()];
    IntUnaryOperator place = row -> known.place(column.text(row));
    if (column instanceof Column.Categorical texts) {
      int[] ofCodes = texts.levels().stream().mapToInt(known::place).toArray();
      place = row -> ofCodes[texts.codes()[row]];
    }
    Set<String> unseen = new LinkedHashSet<>();
    int count = 0;
    for (int row = 0; row < places.length; row++) {
      places[row] = column.missing(row) ? -1 : place.applyAsInt(row);
      if (places[row] < 0 && !column.missing(row)) {
        unseen.add(column.text(row));
        count++;
      }
    }
    if (count > 0) {
      notes.accept(
          "%s: column \"%s\" has %s unknown to the model, in %s, taken as missing: %s."
              .formatted(
                  table.name(),
                  column.name(),
                  Words.counted(unseen.size(), "text"),
                  Words.counted(count, "row"),
                  Cells.quoted(List.copyOf(unseen))));
    }
    return places;
  }

  private void requireNumbers(int count) {
    int columns = table.columns().size();
    if (columns != count && columns != count + 1) {
      throw new EvenkeelException(
          "%s has %s, but the model takes %,d, and after them at most the target."
              .formatted(table.name(), Words.counted(columns, "column"), count));
    }
    for (int c = 0; c < count; c++) {
      Column column = table.columns().get(c);
      for (int row = 0; row < table.rows(); row++) {
        if (column.missing(row)) {
          throw new EvenkeelException(
              "%s, column \"%s\": the value is missing, and the model has nothing to put in its place. Fill it in."
                  .formatted(table.at(row), column.name()));
        }
      }
    }
  }
}
