package dev.evenkeel.data;

import dev.evenkeel.EvenkeelException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/** Turns a table's columns, found by name, into [rows, width] features not yet standardised. */
final class TableEncoder {

  private static final int EXAMPLES = 5;

  private final Table table;
  private final List<Feature> features;
  private final Consumer<String> notes;
  private final int width;

  TableEncoder(Table table, List<Feature> features, Consumer<String> notes) {
    this.table = table;
    this.features = features;
    this.notes = notes;
    this.width = features.stream().mapToInt(Feature::width).sum();
  }

  int width() {
    return width;
  }

  float[] encode() {
    if ((long) table.rows() * width > Integer.MAX_VALUE - 8) {
      throw new EvenkeelException(
          "%s: %d rows of %d features do not fit into one array of %d values. Use fewer rows, or drop columns of many categories."
              .formatted(table.name(), table.rows(), width, Integer.MAX_VALUE - 8));
    }
    float[] out = new float[table.rows() * width];
    int start = 0;
    for (Feature feature : features) {
      if (feature instanceof Feature.Numeric f) {
        encodeNumbers(required(f.name()), f.center(), out, start);
      } else if (feature instanceof Feature.Categorical f) {
        encodeCategories(required(f.name()), f.levels(), out, start);
      } else if (feature instanceof Feature.Columns f) {
        encodeAll(f.count(), out, start);
      }
      start += feature.width();
    }
    return out;
  }

  /** Says which columns the model knows nothing of. */
  void noteIgnored(Set<String> targets) {
    List<String> extra = new ArrayList<>(table.columnNames());
    extra.removeAll(targets);
    for (Feature feature : features) {
      if (feature instanceof Feature.Numeric f) {
        extra.remove(f.name());
      } else if (feature instanceof Feature.Categorical f) {
        extra.remove(f.name());
      } else if (feature instanceof Feature.Columns f) {
        extra.subList(0, Math.min(extra.size(), f.count() + 1)).clear();
      }
    }
    if (!extra.isEmpty()) {
      notes.accept(
          "%s: ignored what the model was not trained on: %s."
              .formatted(table.name(), quoted(extra)));
    }
  }

  private Column required(String name) {
    return table
        .find(name)
        .orElseThrow(
            () ->
                new EvenkeelException(
                    "%s has no column \"%s\", which the model was trained on. Its columns are: %s."
                        .formatted(table.name(), name, String.join(", ", table.columnNames()))));
  }

  private void encodeNumbers(Column column, double center, float[] out, int start) {
    if (column instanceof Column.Categorical texts && !texts.levels().isEmpty()) {
      throw new EvenkeelException(
          "%s: column \"%s\" holds texts, such as \"%s\", but the model was trained on numbers there."
              .formatted(table.name(), column.name(), texts.levels().get(0)));
    }
    for (int row = 0; row < table.rows(); row++) {
      out[row * width + start] =
          column instanceof Column.Numeric numeric && !column.missing(row)
              ? (float) (numeric.values()[row] - center)
              : 0;
    }
  }

  private void encodeCategories(Column column, List<String> levels, float[] out, int start) {
    Map<String, Integer> indexes = new HashMap<>();
    levels.forEach(level -> indexes.put(level, indexes.size()));
    Map<String, Integer> unseen = new LinkedHashMap<>();
    for (int row = 0; row < table.rows(); row++) {
      if (column.missing(row)) {
        continue;
      }
      String level = column.text(row);
      Integer index = indexes.get(level);
      if (index == null) {
        unseen.merge(level, 1, Integer::sum);
      } else {
        out[row * width + start + index] = 1;
      }
    }
    if (!unseen.isEmpty()) {
      notes.accept(
          "%s: column \"%s\" has %d value(s) that the training rows did not have, taken as missing: %s."
              .formatted(
                  table.name(),
                  column.name(),
                  unseen.values().stream().mapToInt(Integer::intValue).sum(),
                  quoted(List.copyOf(unseen.keySet()))));
    }
  }

  private void encodeAll(int count, float[] out, int start) {
    int columns = table.columns().size();
    if (columns != count && columns != count + 1) {
      throw new EvenkeelException(
          "%s has %d columns, but the model takes %d, and after them at most the target."
              .formatted(table.name(), columns, count));
    }
    for (int c = 0; c < count; c++) {
      Column column = table.columns().get(c);
      for (int row = 0; row < table.rows(); row++) {
        if (column.missing(row)) {
          throw new EvenkeelException(
              "%s, line %d, column \"%s\": the value is missing, and the model has nothing to put in its place. Fill it in."
                  .formatted(table.name(), table.line(row), column.name()));
        }
      }
      encodeNumbers(column, 0, out, start + c);
    }
  }

  private static String quoted(List<String> names) {
    List<String> shown = names.subList(0, Math.min(EXAMPLES, names.size()));
    String text = "\"" + String.join("\", \"", shown) + "\"";
    return shown.size() < names.size()
        ? text + " and %d more".formatted(names.size() - shown.size())
        : text;
  }
}
