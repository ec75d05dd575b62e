package dev.evenkeel.data;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Names of columns as they are given and shown, which may have blanks and commas in them. */
public final class ColumnNames {

  /** What every shell takes as it is, and what parts no list. */
  private static final int MOST_LISTED = 100;

  private static final Pattern PLAIN = Pattern.compile("[\\p{L}\\p{N}_.:/@%+-]+");

  /** What a shell reads between double quotes. */
  private static final Pattern READ = Pattern.compile("[\"$`\\\\!]");

  private ColumnNames() {}

  /**
   * The names or numbers in texts of one or several, between commas. What is a name as a whole is
   * not parted.
   *
   * @param known the names that there are
   */
  public static List<String> parted(Collection<String> texts, Collection<String> known) {
    int most = known.stream().mapToInt(name -> name.split(",", -1).length).max().orElse(1);
    List<String> parted = new ArrayList<>();
    for (String text : texts) {
      List<String> pieces = List.of(text.split(",", -1));
      for (int i = 0, next; i < pieces.size(); i = next) {
        next = Math.min(pieces.size(), i + most);
        while (next > i + 1 && !known.contains(joined(pieces, i, next))) {
          next--;
        }
        parted.add(joined(pieces, i, next));
      }
    }
    return parted;
  }

  private static String joined(List<String> pieces, int start, int end) {
    return String.join(",", pieces.subList(start, end));
  }

  /** As a word of a command line that is shown to be typed. */
  static String word(String name) {
    if (PLAIN.matcher(name).matches()) {
      return name;
    }
    return READ.matcher(name).find() ? "'" + name.replace("'", "'\\''") + "'" : "\"" + name + "\"";
  }

  /** As a list in a sentence, not too long; those in quotes that would not be told apart. */
  public static String listed(Collection<String> names) {
    String some =
        names.stream()
            .limit(MOST_LISTED)
            .map(name -> PLAIN.matcher(name).matches() ? name : "\"" + name + "\"")
            .collect(Collectors.joining(", "));
    int more = names.size() - MOST_LISTED;
    return more <= 0 ? some : "%s and %,d more".formatted(some, more);
  }
}
