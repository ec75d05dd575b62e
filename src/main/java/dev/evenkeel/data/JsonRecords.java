package dev.evenkeel.data;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.io.JsonObjects;
import dev.evenkeel.io.Spool;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The objects of a JSON file as records. Above them stand, as a header, the names that any of them
 * has, as they come; what an object lacks is missing.
 *
 * @param options tell in which columns it matters what values are
 */
record JsonRecords(Path path, List<String> columns, Table.Options options) implements Records {

  /** Of the header: before all rows. */
  private static final int ABOVE = -1;

  private static final char NOTHING = '\0';

  static JsonRecords of(Path path, Table.Options options) {
    Set<String> names = new LinkedHashSet<>();
    JsonObjects.read(path, (line, values) -> names.addAll(values.keySet()));
    if (names.isEmpty()) {
      throw new EvenkeelException("%s has no values: give objects with some.".formatted(path));
    }
    return new JsonRecords(path, List.copyOf(names), options);
  }

  @Override
  public void forEach(Receiver receiver) {
    receiver.accept(ABOVE, columns);
    JsonObjects.read(
        path,
        (line, values) -> {
          List<String> texts = new ArrayList<>(columns.size());
          for (String column : columns) {
            String text = values.getOrDefault(column, "");
            if (text == null && options.checks(column, columns)) {
              throw new EvenkeelException(
                  "%s: \"%s\" is an array, but a column has one value. help: --drop %s, or a value of its own for each"
                      .formatted(at(line), column, column));
            }
            texts.add(text == null ? "" : text);
          }
          receiver.accept(line, texts);
        });
  }

  @Override
  public Records as(TableFormat format) {
    return this;
  }

  @Override
  public char delimiter() {
    return NOTHING;
  }

  @Override
  public String name() {
    return path.toString();
  }

  @Override
  public String at(int line) {
    return line == ABOVE ? name() : "%s, line %d".formatted(path, line);
  }

  @Override
  public boolean canReopen() {
    return Spool.canReopen(path);
  }
}
