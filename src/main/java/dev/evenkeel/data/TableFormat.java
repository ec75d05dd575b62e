package dev.evenkeel.data;

import dev.evenkeel.EvenkeelException;
import java.nio.charset.Charset;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * How a text file is read as a table. Plain data, stored with the model, so that later files are
 * read as those were that trained it.
 *
 * @param delimiter one character, a space for a run of spaces; "" is detected
 * @param decimal "." or ","; "" finds it out for each column, and is kept as ",." where some had
 *     commas
 * @param missing words for a missing value beside those that always are
 * @param encoding the name of a character set; "" is UTF-8, or UTF-16 with a byte order mark
 * @param amounts columns whose numbers have units or thousands apart; found out
 */
public record TableFormat(
    Table.Header header,
    String delimiter,
    String decimal,
    List<String> missing,
    String encoding,
    Map<String, AmountForm> amounts) {

  public static final TableFormat DETECT =
      new TableFormat(Table.Header.AUTO, "", "", List.of(), "", Map.of());

  public TableFormat {
    missing = List.copyOf(missing);
    amounts = Collections.unmodifiableMap(new TreeMap<>(amounts)); // the same text each time
    boolean broken = delimiter.equals("\n") || delimiter.equals("\r") || delimiter.equals("\"");
    if (delimiter.length() > 1 || broken) {
      throw new EvenkeelException(
          "Fields are separated by one character, neither a quote nor a line's end, not by %s. help: ',' ';' '|' tab or space"
              .formatted(Cells.quoted(delimiter)));
    }
    if (!List.of("", ".", ",", ",.").contains(decimal)) {
      throw new EvenkeelException(
          "Decimals follow a point or a comma, not %s. help: '.' or ','"
              .formatted(Cells.quoted(decimal)));
    }
    if (!encoding.isEmpty() && !isKnown(encoding)) {
      throw new EvenkeelException(
          "%s is no encoding that this Java knows. help: utf-8, latin1, windows-1252, utf-16"
              .formatted(Cells.quoted(encoding)));
    }
  }

  private static boolean isKnown(String encoding) {
    try {
      return Charset.isSupported(encoding);
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  /** For JSON: names and encoding are as they are, and its numbers have points. */
  TableFormat ofJson() {
    String both = decimal.equals(",") ? ",." : decimal;
    return new TableFormat(Table.Header.PRESENT, "", both, missing, "", amounts);
  }

  public TableFormat withHeader(Table.Header header) {
    return new TableFormat(header, delimiter, decimal, missing, encoding, amounts);
  }

  /** Also takes the words tab, space, comma, semicolon and pipe. */
  public TableFormat withDelimiter(String delimiter) {
    String one =
        switch (delimiter) {
          case "tab", "\\t" -> "\t";
          case "space" -> " ";
          case "comma" -> ",";
          case "semicolon" -> ";";
          case "pipe" -> "|";
          default -> delimiter;
        };
    return new TableFormat(header, one, decimal, missing, encoding, amounts);
  }

  /** Of amounts, too, where it is one of the two. */
  public TableFormat withDecimal(String decimal) {
    Map<String, AmountForm> forms = new TreeMap<>(amounts);
    if (decimal.equals(".") || decimal.equals(",")) {
      forms.replaceAll((name, form) -> form.withComma(decimal.equals(",")));
    }
    return new TableFormat(header, delimiter, decimal, missing, encoding, forms);
  }

  public TableFormat withMissing(List<String> missing) {
    return new TableFormat(header, delimiter, decimal, missing, encoding, amounts);
  }

  public TableFormat withEncoding(String encoding) {
    return new TableFormat(header, delimiter, decimal, missing, encoding, amounts);
  }

  TableFormat withAmounts(Map<String, AmountForm> amounts) {
    return new TableFormat(header, delimiter, decimal, missing, encoding, amounts);
  }

  /** Whether a comma may stand for the decimal point in a file with this delimiter. */
  boolean takesCommas(char used) {
    return decimal.equals(",") || !decimal.equals(".") && used != ',';
  }
}
