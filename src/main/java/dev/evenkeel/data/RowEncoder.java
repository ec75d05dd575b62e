package dev.evenkeel.data;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Required;
import dev.evenkeel.Words;
import dev.evenkeel.tensor.InputLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.DoubleStream;

/**
 * Turns single rows into a network's inputs, by a preparation: what {@link Preparation#apply} does
 * with tables, without a table. Any number of threads may use one.
 */
public final class RowEncoder {

  private final Preparation preparation;
  private final int width;
  private final boolean named;
  private final MissingWords missing;
  private final boolean commas;

  /** For each feature, without any where it is no category. */
  private final List<Levels> levels;

  /** For each feature, null where it is not in pieces. */
  private final List<PieceLine> lines = new ArrayList<>();

  /** What inputs of categories and pieces are at the least and at the most. */
  private final float[] cold;

  private final float[] hot;

  public RowEncoder(Preparation preparation) {
    this.missing = new MissingWords(preparation.reading());
    this.commas = preparation.reading().decimal().startsWith(",");
    this.preparation = preparation;
    this.width = preparation.width();
    this.named = preparation.unnamed().isEmpty();
    this.levels = preparation.features().stream().map(f -> new Levels(f.levels())).toList();
    preparation
        .features()
        .forEach(f -> lines.add(f instanceof Feature.Pieces pieces ? pieces.line() : null));
    this.cold = ends(0);
    this.hot = ends(1);
  }

  private float[] ends(int value) {
    float[] ends = new float[width];
    int place = 0;
    for (Feature feature : preparation.features()) {
      for (int j = 0; j < feature.width(); j++, place++) {
        ends[place] =
            feature instanceof Feature.Pieces
                ? preparation.piece(value, place)
                : preparation.scaled(value, place);
      }
    }
    return ends;
  }

  /** Refuses a model whose rows have names for their values. */
  public void requireUnnamed() {
    if (named) {
      throw new EvenkeelException(
          "The model takes rows with named columns, not numbers without names. help: a Map from names to texts");
    }
  }

  /**
   * Of a model of unnamed columns, which {@link #requireUnnamed} tells.
   *
   * @param values of the columns, as in an array
   * @param from where the row begins
   * @param out takes the inputs from 0 on
   */
  public void encode(float[] values, int from, float[] out) {
    for (int j = 0; j < width; j++) {
      out[j] = preparation.scaled(values[from + j], j);
    }
  }

  /**
   * @param row the columns' values by their names: all that the model was trained on. Texts as in a
   *     CSV file, numbers, dates, or whatever its toString says; "", null or an empty Optional
   *     where one is missing. More are ignored
   * @param out takes the inputs from 0 on
   */
  public void encode(Map<String, ?> row, float[] out) {
    requireThere(row);
    int place = 0;
    for (int i = 0; i < levels.size(); i++) {
      Feature feature = preparation.features().get(i);
      if (feature instanceof Feature.Numeric number) {
        double value = number(row, number.name());
        double centred = Double.isNaN(value) ? 0 : value - number.center();
        out[place] = finite(preparation.scaled(centred, place), value, number.name());
      } else if (feature instanceof Feature.Pieces pieces) {
        float where = lines.get(i).place(number(row, pieces.name()));
        for (int j = 0; j < pieces.width(); j++) {
          out[place + j] = InputLayout.piece(cold[place + j], hot[place + j], where - j);
        }
      } else if (feature instanceof Feature.Categorical texts) {
        int level = level(row, i);
        System.arraycopy(cold, place, out, place, texts.width());
        if (level >= 0) {
          out[place + level] = hot[place + level];
        }
      } else if (feature instanceof Feature.Means means) {
        int level = level(row, i);
        for (int j = 0; j < means.width(); j++) {
          out[place + j] = preparation.scaled(means.mean(level, j), place + j);
        }
      } else if (feature instanceof Feature.Dates date) {
        String text = text(row, date.name());
        double days = missing.amongNumbers(text) ? Double.NaN : days(date, text);
        for (int j = 0; j < date.width(); j++) {
          out[place + j] = preparation.scaled(date.value(days, j), place + j);
        }
      } else if (feature instanceof Feature.Vector vector) {
        double[] values = vector(row, vector);
        for (int j = 0; j < vector.width(); j++) {
          double value = values.length == 0 ? Double.NaN : values[j];
          double centred = values.length == 0 ? 0 : value - vector.centers().get(j);
          out[place + j] = finite(preparation.scaled(centred, place + j), value, vector.name());
        }
      } else {
        throw notNamed();
      }
      place += feature.width();
    }
  }

  /** −1 where a category is missing or unknown. */
  private int level(Map<String, ?> row, int feature) {
    String text = text(row, preparation.features().get(feature).column().orElseThrow());
    return missing.anywhere(text) ? -1 : levels.get(feature).place(text);
  }

  private static float finite(float input, double value, String column) {
    if (Float.isInfinite(input)) {
      throw new EvenkeelException(
          "Column \"%s\": %s is more than a float can hold, which ends at 3.4e38. help: correct it, or train with --scale robust, which clips it"
              .formatted(column, value));
    }
    return input;
  }

  private static void requireThere(Map<String, ?> row) {
    Required.there(row, "The row", "the values of its columns by their names");
  }

  private EvenkeelException notNamed() {
    return new EvenkeelException(
        "The model takes %s without names, not a row with named columns"
            .formatted(Words.counted(width, "number")));
  }

  /**
   * The columns in which a row has a category unknown to the model: {@link #encode} takes it as
   * missing.
   */
  public List<String> unseen(Map<String, ?> row) {
    requireThere(row);
    List<String> columns = new ArrayList<>();
    for (int i = 0; i < levels.size(); i++) {
      String column = preparation.features().get(i).column().orElseThrow(this::notNamed);
      Feature feature = preparation.features().get(i);
      if ((feature instanceof Feature.Categorical || feature instanceof Feature.Means)
          && !missing.anywhere(text(row, column))
          && level(row, i) < 0) {
        columns.add(column);
      }
    }
    return columns;
  }

  private static String text(Map<String, ?> row, String name) {
    Object value = row.get(name);
    if (value == null && !row.containsKey(name)) {
      throw new EvenkeelException(
          "The row has no column \"%s\", which the model was trained on; it has %s. help: give \"\" or null where the value is missing"
              .formatted(name, row.keySet()));
    }
    String text = ValueText.of(value);
    if (text == null) {
      throw ValueText.refusal("Column \"%s\"".formatted(name), value);
    }
    return text.strip();
  }

  private static double days(Feature.Dates date, String text) {
    double days = date.form().days(text);
    if (Double.isNaN(days)) {
      throw new EvenkeelException(
          "Column \"%s\": %s is not a date such as %s, but the model was trained on dates there"
              .formatted(date.name(), Cells.quoted(text), date.form().example()));
    }
    return days;
  }

  /** None where it is missing. */
  private double[] vector(Map<String, ?> row, Feature.Vector feature) {
    Object value = row.get(feature.name());
    double[] vector;
    if (value instanceof float[] floats) {
      vector = new double[floats.length];
      Arrays.setAll(vector, j -> floats[j]);
    } else if (value instanceof double[] doubles) {
      vector = doubles;
    } else {
      String text = text(row, feature.name());
      if (missing.amongNumbers(text)) {
        return new double[0];
      }
      vector = Cells.vector(text);
    }
    if (vector != null && vector.length == 0) {
      return vector;
    }
    if (vector == null
        || vector.length != feature.width()
        || !DoubleStream.of(vector).allMatch(Double::isFinite)) {
      throw new EvenkeelException(
          "Column \"%s\": %s is not a vector of %s, which the model was trained on there"
              .formatted(
                  feature.name(),
                  Cells.shown(ValueText.of(value)),
                  Words.counted(feature.width(), "finite number")));
    }
    return vector;
  }

  /** NaN where it is missing. */
  private double number(Map<String, ?> row, String name) {
    Optional<Number> typed = ValueText.number(row.get(name));
    if (typed.isPresent() && Double.isFinite(typed.get().doubleValue())) {
      double value = typed.get().doubleValue();
      return missing.haveNumbers() && missing.amongNumbers(Cells.text(value)) ? Double.NaN : value;
    }
    String text = text(row, name);
    if (missing.amongNumbers(text)) {
      return Double.NaN;
    }
    AmountForm amounts = preparation.reading().amounts().get(name);
    double value = amounts == null ? Cells.number(text) : amounts.value(text);
    if (commas && amounts == null && Double.isNaN(value)) {
      value = Cells.commaNumber(text);
    }
    if (Double.isNaN(value)) {
      throw new EvenkeelException(
          "Column \"%s\": %s is not %s, but the model was trained on numbers there"
              .formatted(name, Cells.shown(text), SeenCells.wanted(amounts)));
    }
    return value;
  }
}
