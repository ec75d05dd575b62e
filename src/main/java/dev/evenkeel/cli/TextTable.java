package dev.evenkeel.cli;

import java.util.ArrayList;
import java.util.List;

/**
 * Rows of texts under a heading, each column as wide as its widest cell: names to the left, then
 * numbers to the right.
 */
final class TextTable {

  private static final String GAP = "  ";

  private final int names;
  private final List<List<String>> rows = new ArrayList<>();

  /**
   * @param names how many columns, from the first on, hold names
   */
  TextTable(int names, List<String> heading) {
    this.names = names;
    rows.add(List.copyOf(heading));
  }

  void row(List<String> cells) {
    rows.add(List.copyOf(cells));
  }

  List<String> lines() {
    int[] widths = new int[rows.get(0).size()];
    for (List<String> row : rows) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], length(row.get(i)));
      }
    }
    return rows.stream().map(row -> line(row, widths)).toList();
  }

  private String line(List<String> row, int[] widths) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < widths.length; i++) {
      String space = " ".repeat(widths[i] - length(row.get(i)));
      line.append(i == 0 ? "" : GAP);
      line.append(i < names ? row.get(i) + space : space + row.get(i));
    }
    return line.toString().stripTrailing();
  }

  /**
   * A name in one line of at most so many characters, cut in the middle: names that are alike
   * mostly differ at an end, "house-12" and "house-13".
   */
  static String cut(String name, int most) {
    String line = name.replaceAll("\\p{Cntrl}", " ");
    if (length(line) <= most) {
      return line;
    }
    int end = (most - 1) / 2;
    return line.substring(0, line.offsetByCodePoints(0, most - 1 - end))
        + "…"
        + line.substring(line.offsetByCodePoints(line.length(), -end));
  }

  private static int length(String text) {
    return text.codePointCount(0, text.length());
  }
}
