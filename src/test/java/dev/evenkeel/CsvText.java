package dev.evenkeel;

import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Tables as their files have them. */
public final class CsvText {

  private CsvText() {}

  /**
   * @param row the line of a row, from 0 on
   */
  public static String of(String header, int rows, IntFunction<String> row) {
    return IntStream.range(0, rows)
        .mapToObj(i -> row.apply(i) + "\n")
        .collect(Collectors.joining("", header + "\n", ""));
  }
}
