package dev.evenkeel.data;

import java.util.Comparator;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** Sorts texts as people do: numbers by value, also inside a text ("class 2" before "class 10"). */
final class NaturalOrder implements Comparator<String> {

  static final NaturalOrder INSTANCE = new NaturalOrder();

  private static final Pattern NUMBER = Pattern.compile("-?\\d+(\\.\\d+)?");
  private static final Pattern PIECE = Pattern.compile("\\d+|\\D+");

  private NaturalOrder() {}

  @Override
  public int compare(String a, String b) {
    boolean aNumber = NUMBER.matcher(a).matches();
    boolean bNumber = NUMBER.matcher(b).matches();
    int order = 0;
    if (aNumber != bNumber) {
      order = aNumber ? -1 : 1;
    } else if (aNumber) {
      order = Double.compare(Double.parseDouble(a), Double.parseDouble(b));
    } else {
      order = comparePieces(pieces(a), pieces(b));
    }
    return order != 0 ? order : a.compareTo(b);
  }

  private static int comparePieces(List<String> a, List<String> b) {
    for (int i = 0; i < Math.min(a.size(), b.size()); i++) {
      String left = a.get(i);
      String right = b.get(i);
      boolean numbers = isDigit(left.charAt(0)) && isDigit(right.charAt(0));
      int order =
          numbers
              ? Double.compare(Double.parseDouble(left), Double.parseDouble(right))
              : left.compareTo(right);
      if (order != 0) {
        return order;
      }
    }
    return Integer.compare(a.size(), b.size());
  }

  /** As the patterns have it: the digits of other scripts are letters here. */
  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private static List<String> pieces(String text) {
    return PIECE.matcher(text).results().map(MatchResult::group).toList();
  }
}
