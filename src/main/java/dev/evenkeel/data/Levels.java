package dev.evenkeel.data;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The places of the texts that training knew. They are looked for as they are written; then, where
 * they are numbers, as we write numbers, since a later file may write 1 as 1.0.
 */
final class Levels {

  private final Map<String, Integer> places = new HashMap<>();

  Levels(List<String> texts) {
    texts.forEach(text -> places.put(text, places.size()));
  }

  /** −1 where training knew no such text. */
  int place(String text) {
    Integer place = places.get(text);
    if (place == null) {
      double number = Cells.number(text);
      place = Double.isNaN(number) ? null : places.get(Cells.text(number));
    }
    return place == null ? -1 : place;
  }
}
