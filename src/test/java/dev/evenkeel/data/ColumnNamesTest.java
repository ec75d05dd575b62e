package dev.evenkeel.data;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class ColumnNamesTest {

  private static List<String> parted(String text, String... known) {
    return ColumnNames.parted(List.of(text), List.of(known));
  }

  @Test
  void theLongestNameThatThereIsIsTakenFirst() {
    assertEquals(List.of("a", "b"), parted("a,b", "a", "b"));
    assertEquals(List.of("a,b"), parted("a,b", "a", "b", "a,b"));
    assertEquals(List.of("id, nr", "x", "-1"), parted("id, nr,x,-1", "id, nr", "x"));
    assertEquals(List.of("id", " nx"), parted("id, nx", "id, nr", "x"), "of which none is there");
    assertEquals(List.of("a", ""), parted("a,", "a"));
    assertEquals(List.of(",", "a"), parted(",,a", ",", "a"));
  }

  @Test
  void aShellReadsAWordAsOne() {
    assertEquals("price_1.5", ColumnNames.word("price_1.5"));
    assertEquals("größe", ColumnNames.word("größe"));
    assertEquals("\"id, nr\"", ColumnNames.word("id, nr"));
    assertEquals("\"it's (m²)\"", ColumnNames.word("it's (m²)"));
    assertEquals("'US$, \"net\"'", ColumnNames.word("US$, \"net\""));
    assertEquals("'it'\\''s $'", ColumnNames.word("it's $"));
    assertEquals("a, \"b c\"", ColumnNames.listed(List.of("a", "b c")));
  }
}
