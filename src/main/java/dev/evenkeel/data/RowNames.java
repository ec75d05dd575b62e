package dev.evenkeel.data;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * Columns whose texts name their rows, such as numbers of customers or a title: more different ones
 * than half of the rows. As a category each is seen about once, so that a network learns the rows
 * by heart from them, and nothing about others.
 */
public final class RowNames {

  /** Of fewer rows each may well have a text of its own. */
  private static final int FEWEST_ROWS = 20;

  private RowNames() {}

  /**
   * Their names.
   *
   * @param others columns that are not asked about, by name or number
   */
  public static List<String> in(Table table, List<String> others) {
    Set<String> spared =
        others.stream().map(name -> table.column(name).name()).collect(Collectors.toSet());
    return table.columns().stream()
        .flatMap(column -> column instanceof Column.Categorical c ? Stream.of(c) : Stream.empty())
        .filter(column -> !spared.contains(column.name()) && nameRows(table, column))
        .map(Column::name)
        .toList();
  }

  private static boolean nameRows(Table table, Column.Categorical texts) {
    TableRemarks.Counts counts = TableRemarks.Counts.of(texts);
    long different = LongStream.of(counts.rows()).filter(rows -> rows > 0).count();
    return counts.filled() >= FEWEST_ROWS
        && 2 * different > counts.filled()
        && TableFit.dates(table, texts).isEmpty();
  }
}
