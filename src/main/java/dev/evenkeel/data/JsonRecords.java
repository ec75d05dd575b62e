package dev.evenkeel.data;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.io.JsonObjects;
import dev.evenkeel.io.Spool;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * The objects of a JSON file as records, by their numbers. Above them stand, as a header, the names
 * that any of them has, as they come; what an object lacks is missing.
 *
 * @param lacking those that a model uses, but no object has
 * @param options tell in which columns it matters what values are
 */
record JsonRecords(Path path, List<String> columns, List<String> lacking, Table.Options options)
    implements Records {

  /** Of the header: before all rows. */
  private static final int ABOVE = -1;

  /** Of an array, not of numbers, in a column that nobody uses. */
  private static final String ARRAY = "[...]";

  static JsonRecords of(Path path, Table.Options options) {
    Set<String> names = new LinkedHashSet<>();
    JsonObjects.read(path, (values, numbers) -> names.addAll(values.keySet()));
    if (names.isEmpty()) {
      throw new EvenkeelException("%s has no values: give objects with some.".formatted(path));
    }
    Set<String> lacking = new TreeSet<>(options.used());
    lacking.removeAll(names);
    if (lacking.size() == options.used().size()) {
      lacking.clear(); // it is another file altogether, and refused as that
    }
    names.addAll(lacking);
    return new JsonRecords(path, List.copyOf(names), List.copyOf(lacking), options);
  }

  @Override
  public void forEach(Receiver receiver) {
    boolean[] checked = new boolean[columns.size()];
    for (int c = 0; c < checked.length; c++) {
      checked[c] = options.checks(columns.get(c), columns);
    }
    receiver.accept(ABOVE, columns);
    WrittenNumbers written = new WrittenNumbers(options.format());
    int[] number = new int[1];
    JsonObjects.read(
        path,
        (values, numbers) -> {
          number[0]++;
          List<String> texts = new ArrayList<>(checked.length);
          for (int c = 0; c < checked.length; c++) {
            String column = columns.get(c);
            String text = values.getOrDefault(column, "");
            if (text == null && checked[c]) {
              throw new EvenkeelException(
                  "%s: \"%s\" is an array of other things than numbers. help: --drop %s, or a value of its own for each"
                      .formatted(at(number[0]), column, ColumnNames.word(column)));
            }
            boolean typed = numbers.contains(column);
            texts.add(text == null ? ARRAY : typed ? written.text(column, text) : text);
          }
          receiver.accept(number[0], texts);
        });
  }

  @Override
  public List<String> remarks() {
    return lacking.isEmpty()
        ? List.of()
        : List.of(
            "%s: no object has %s, taken as missing.".formatted(path, ColumnNames.listed(lacking)));
  }

  @Override
  public String name() {
    return path.toString();
  }

  @Override
  public String at(int number) {
    return number == ABOVE ? name() : "%s, object %d".formatted(path, number);
  }

  @Override
  public boolean canReopen() {
    return Spool.canReopen(path);
  }
}
