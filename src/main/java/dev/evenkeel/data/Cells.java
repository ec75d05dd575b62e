package dev.evenkeel.data;

import dev.evenkeel.Words;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** What the text of a single cell is as a number. */
final class Cells {

  private static final int LONGEST = 40;
  private static final int EXAMPLES = 5;

  /** Powers of ten that a double holds exactly. */
  private static final double[] TENS = new double[23];

  static {
    TENS[0] = 1;
    for (int i = 1; i < TENS.length; i++) {
      TENS[i] = TENS[i - 1] * 10;
    }
  }

  private Cells() {}

  /** The finite number that a text is, or NaN. */
  static double number(String text) {
    int length = text.length();
    int start = length > 0 && (text.charAt(0) == '-' || text.charAt(0) == '+') ? 1 : 0;
    long digits = 0;
    int count = 0;
    int point = -1;
    for (int i = start; i < length; i++) {
      char c = text.charAt(i);
      if (c >= '0' && c <= '9') {
        digits = digits * 10 + (c - '0');
        count++;
      } else if (c == '.' && point < 0) {
        point = i;
      } else {
        return (c == 'e' || c == 'E') && count > 0 ? parsed(text) : Double.NaN;
      }
      if (count > 15) {
        return parsed(text); // more than a double holds exactly, so rounded with care
      }
    }
    if (count == 0) {
      return Double.NaN;
    }
    double value = point < 0 ? digits : digits / TENS[length - 1 - point];
    return text.charAt(0) == '-' ? -value : value;
  }

  private static double parsed(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if ((c < '0' || c > '9') && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E') {
        return Double.NaN;
      }
    }
    try {
      double value = Double.parseDouble(text);
      return Double.isInfinite(value) ? Double.NaN : value;
    } catch (NumberFormatException e) {
      return Double.NaN;
    }
  }

  /** The same for a text with a comma where others have the decimal point. */
  static double commaNumber(String text) {
    int comma = text.indexOf(',');
    return comma < 0 || text.indexOf('.') >= 0 || text.indexOf(',', comma + 1) >= 0
        ? Double.NaN
        : number(text.replace(',', '.'));
  }

  /**
   * The finite numbers of a list such as "[0.5, -1e3]", between commas or blanks, at least one;
   * null of any other text.
   */
  static double[] vector(String text) {
    int end = text.length() - 1;
    if (end < 1 || text.charAt(0) != '[' || text.charAt(end) != ']') {
      return null;
    }
    double[] numbers = new double[8];
    int count = 0;
    int commas = 0;
    for (int i = 1; i < end; i++) {
      char c = text.charAt(i);
      if (c == ',') {
        commas++;
        if (commas != count) {
          return null;
        }
      } else if (!Character.isWhitespace(c)) {
        int start = i;
        while (i + 1 < end && isInside(text.charAt(i + 1))) {
          i++;
        }
        double number = number(text.substring(start, i + 1));
        if (Double.isNaN(number)) {
          return null;
        }
        if (count == numbers.length) {
          numbers = Arrays.copyOf(numbers, 2 * count);
        }
        numbers[count++] = number;
      }
    }
    boolean wellParted = count > 0 && (commas == 0 || commas == count - 1);
    return wellParted ? Arrays.copyOf(numbers, count) : null;
  }

  private static boolean isInside(char c) {
    return c != ',' && !Character.isWhitespace(c);
  }

  /** For messages: of a vector how long it is, of any other text itself. */
  static String shown(String text) {
    double[] vector = vector(text);
    return vector == null ? quoted(text) : "a vector of " + Words.counted(vector.length, "number");
  }

  /** A whole number as we write it ourselves: no zeros in front, no plus, no decimal point. */
  static boolean isPlain(String text) {
    int start = text.startsWith("-") ? 1 : 0;
    int length = text.length();
    if (length - start > 15 || length == start || text.charAt(start) == '0' && length > 1) {
      return false;
    }
    for (int i = start; i < length; i++) {
      if (text.charAt(i) < '0' || text.charAt(i) > '9') {
        return false;
      }
    }
    return true;
  }

  /** A number's text, whole ones without a decimal point. */
  static String text(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e15
        ? Long.toString((long) value)
        : Double.toString(value);
  }

  /** In quotes and on one line, however long and broken a cell is. */
  static String quoted(String text) {
    String line = text.replaceAll("\\s+", " ");
    int end = Math.min(LONGEST, line.length());
    if (end < line.length() && Character.isHighSurrogate(line.charAt(end - 1))) {
      end--;
    }
    return "\"" + (end < line.length() ? line.substring(0, end) + "…" : line) + "\"";
  }

  /** Each in quotes; of many, the first. */
  static String quoted(List<String> texts) {
    List<String> shown = texts.subList(0, Math.min(EXAMPLES, texts.size()));
    String all = shown.stream().map(Cells::quoted).collect(Collectors.joining(", "));
    return shown.size() < texts.size()
        ? all + " and %,d more".formatted(texts.size() - shown.size())
        : all;
  }
}
