package dev.evenkeel.data;

import dev.evenkeel.EvenkeelException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Turns single rows into a network's inputs, by a preparation: what {@link Preparation#apply} does
 * with tables, without a table. Any number of threads may use one.
 */
public final class RowEncoder {

  private final Preparation preparation;
  private final int width;

  /** For each feature: the places of the levels, empty where it is no category. */
  private final List<Map<String, Integer>> places = new ArrayList<>();

  public RowEncoder(Preparation preparation) {
    this.preparation = preparation;
    this.width = preparation.width();
    for (Feature feature : preparation.features()) {
      Map<String, Integer> indexes = new HashMap<>();
      if (feature instanceof Feature.Categorical texts) {
        texts.levels().forEach(level -> indexes.put(level, indexes.size()));
      }
      places.add(indexes);
    }
  }

  /**
   * @param values of the columns, as in an array
   * @param from where the row begins
   * @param out takes the inputs from 0 on
   */
  public void encode(float[] values, int from, float[] out) {
    if (!(preparation.features().get(0) instanceof Feature.Columns)) {
      throw new EvenkeelException(
          "The model takes rows with named columns, not numbers without names. help: a Map from names to texts");
    }
    System.arraycopy(values, from, out, 0, width);
    standardise(out);
  }

  /**
   * @param row the columns' texts by their names, as in a CSV file: all that the model was trained
   *     on, "" where one is missing. More are ignored
   * @param out takes the inputs from 0 on
   */
  public void encode(Map<String, String> row, float[] out) {
    int place = 0;
    for (int i = 0; i < places.size(); i++) {
      Feature feature = preparation.features().get(i);
      if (feature instanceof Feature.Numeric number) {
        String text = text(row, number.name());
        out[place] =
            TableReader.isMissing(text)
                ? 0
                : (float) (number(number.name(), text) - number.center());
      } else if (feature instanceof Feature.Categorical texts) {
        Arrays.fill(out, place, place + texts.width(), 0);
        Integer level = places.get(i).get(text(row, texts.name()));
        if (level != null) {
          out[place + level] = 1;
        }
      } else {
        throw new EvenkeelException(
            "The model takes %d numbers without names, not a row with named columns"
                .formatted(width));
      }
      place += feature.width();
    }
    standardise(out);
  }

  private static String text(Map<String, String> row, String name) {
    String text = row.get(name);
    if (text == null) {
      throw new EvenkeelException(
          "The row has no column \"%s\", which the model was trained on; it has %s. help: give \"\" where the value is missing"
              .formatted(name, row.keySet()));
    }
    return text.strip();
  }

  private static double number(String name, String text) {
    double value = TableReader.parse(text);
    if (Double.isNaN(value)) {
      throw new EvenkeelException(
          "Column \"%s\": \"%s\" is not a finite number, but the model was trained on numbers there"
              .formatted(name, text));
    }
    return value;
  }

  private void standardise(float[] row) {
    double[] mean = preparation.standardize().mean();
    double[] deviation = preparation.standardize().deviation();
    for (int j = 0; j < width; j++) {
      int group = mean.length == 1 ? 0 : j;
      float scaled = (float) ((row[j] - mean[group]) / deviation[group]);
      row[j] = SmoothClip.of(scaled, preparation.clip());
    }
  }
}
