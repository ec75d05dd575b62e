package dev.evenkeel.data;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Reads a {@link Table}: one pass takes every column for numbers until a text turns up in it; a
 * second pass, only where there are such columns, codes their texts. So memory holds arrays alone.
 */
final class TableReader {

  /** A column with at least this share of numbers is one of numbers: texts in it are mistakes. */
  private static final double MOSTLY = 0.95;

  private static final Set<String> MISSING = Set.of("", "?", "na", "nan", "null");

  private final Path path;
  private final Table.Options options;
  private final CsvFile file;
  private final List<Draft> drafts = new ArrayList<>();
  private int headerLine;
  private int firstLine;
  private List<String> firstFields = List.of();
  private Optional<String> remark = Optional.empty();
  private int[] lines = new int[1024];
  private int rows;

  TableReader(Path path, Table.Options options) {
    this.path = path;
    this.options = options;
    this.file =
        options.delimiter().map(d -> new CsvFile(path, d)).orElseGet(() -> CsvFile.detect(path));
  }

  Table read() {
    file.forEach(this::readNumbers);
    if (firstLine == 0) {
      throw new EvenkeelException("%s is empty: give a file with rows.".formatted(path));
    }
    if (rows == 0) {
      throw new EvenkeelException(
          "%s has a header but no rows. If its first line is data, say so with --no-header."
              .formatted(path));
    }
    for (String name : options.categorical()) {
      if (drafts.stream().noneMatch(draft -> draft.name.equals(name))) {
        throw new EvenkeelException(
            "%s has no column \"%s\" to take for categories. Its columns are: %s."
                .formatted(
                    path, name, String.join(", ", drafts.stream().map(d -> d.name).toList())));
      }
    }
    drafts.forEach(this::requireClean);
    if (drafts.stream().anyMatch(draft -> draft.textual)) {
      rows = 0;
      file.forEach(this::readTexts);
    }
    return new Table(
        path.toString(),
        drafts.stream().map(draft -> draft.finish(rows)).toList(),
        Arrays.copyOf(lines, rows),
        remark);
  }

  private void readNumbers(int line, List<String> fields) {
    if (firstLine == 0) {
      firstLine = line;
      firstFields = fields;
      if (isHeader(fields)) {
        headerLine = line;
      }
      nameColumns(fields);
      if (headerLine == line) {
        return;
      }
    }
    if (rows == 1 && isCountLine(firstFields, fields.size())) {
      skipCountLine(fields.size());
    }
    if (fields.size() != drafts.size()) {
      throw new EvenkeelException(
          "%s, line %d: it has %s, but line %d has %,d. Every line needs the same number; quote a field that holds the delimiter."
              .formatted(
                  path, line, Words.counted(fields.size(), "field"), firstLine, drafts.size()));
    }
    if (rows == lines.length) {
      lines = Arrays.copyOf(lines, rows * 2);
    }
    lines[rows] = line;
    for (int c = 0; c < drafts.size(); c++) {
      drafts.get(c).addNumber(rows, line, fields.get(c).strip());
    }
    rows++;
  }

  private boolean isHeader(List<String> fields) {
    if (options.header() != Table.Header.AUTO) {
      return options.header() == Table.Header.PRESENT;
    }
    boolean anyText = false;
    for (String field : fields) {
      String text = field.strip();
      if (!Double.isNaN(parse(text)) || (isMissing(text) && !text.isEmpty())) {
        return false;
      }
      anyText |= !text.isEmpty();
    }
    return anyText;
  }

  /**
   * Whether the first line says how many rows and features follow, and then perhaps the names of
   * the classes, as scikit-learn's files do: it is unlike the lines after it, which have as many
   * fields as it says, and the target.
   */
  private boolean isCountLine(List<String> first, int width) {
    return options.header() == Table.Header.AUTO
        && headerLine == 0
        && first.size() >= 2
        && first.size() != width
        && parse(first.get(0).strip()) >= 1
        && parse(first.get(1).strip()) == width - 1;
  }

  private void skipCountLine(int width) {
    remark =
        Optional.of(
            "%s, line %d: taken for a count of rows and columns, not for data: %s."
                .formatted(path, firstLine, String.join(",", firstFields)));
    headerLine = firstLine;
    rows = 0;
    drafts.clear();
    for (int c = 1; c <= width; c++) {
      String name = Integer.toString(c);
      drafts.add(new Draft(name, options.categorical().contains(name)));
    }
  }

  private void nameColumns(List<String> fields) {
    Map<String, Integer> numbers = new HashMap<>();
    for (int c = 0; c < fields.size(); c++) {
      String text = fields.get(c).strip();
      String name = headerLine == 0 || text.isEmpty() ? Integer.toString(c + 1) : text;
      Integer earlier = numbers.put(name, c + 1);
      if (earlier != null) {
        throw new EvenkeelException(
            "%s, line %d: columns %d and %d are both called \"%s\". Rename one or, if the first line is data, say so with --no-header."
                .formatted(path, headerLine, earlier, c + 1, name));
      }
      drafts.add(new Draft(name, options.categorical().contains(name)));
    }
  }

  private void requireClean(Draft draft) {
    long filled = draft.numbers + draft.texts;
    if (draft.texts > 0 && draft.numbers >= MOSTLY * filled && !draft.forced) {
      throw new EvenkeelException(
          "%s, line %d, column \"%s\": \"%s\" is not a finite number, but %d of the column's %d values are numbers. Correct it, leave it empty if it is missing, or train with --categorical %s, which takes the column for categories."
              .formatted(
                  path,
                  draft.textLine,
                  draft.name,
                  draft.firstText,
                  draft.numbers,
                  filled,
                  draft.name));
    }
  }

  private void readTexts(int line, List<String> fields) {
    if (line == headerLine) {
      return;
    }
    for (int c = 0; c < drafts.size(); c++) {
      drafts.get(c).addText(rows, lines.length, fields.get(c).strip());
    }
    rows++;
  }

  static boolean isMissing(String text) {
    return text.length() <= 4 && MISSING.contains(text.toLowerCase(Locale.ROOT));
  }

  /** The finite number that a text is, or NaN. */
  static double parse(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if ((c < '0' || c > '9') && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E') {
        return Double.NaN;
      }
    }
    try {
      double value = text.isEmpty() ? Double.NaN : Double.parseDouble(text);
      return Double.isInfinite(value) ? Double.NaN : value;
    } catch (NumberFormatException e) {
      return Double.NaN;
    }
  }

  /** A column while it is read. */
  private static final class Draft {
    private final String name;
    private final boolean forced;
    private boolean textual;
    private long numbers;
    private long texts;
    private String firstText = "";
    private int textLine;
    private double[] values = new double[1024];
    private int[] codes = {};
    private final Map<String, Integer> levels = new HashMap<>();
    private final List<String> levelsInOrder = new ArrayList<>();

    Draft(String name, boolean forced) {
      this.name = name;
      this.forced = forced;
      this.textual = forced;
    }

    void addNumber(int row, int line, String text) {
      double value = parse(text);
      if (!Double.isNaN(value)) {
        numbers++;
      } else if (!isMissing(text)) {
        if (texts++ == 0) {
          firstText = text;
          textLine = line;
        }
        textual = true;
      }
      if (textual) {
        values = new double[0];
        return;
      }
      if (row == values.length) {
        values = Arrays.copyOf(values, row * 2);
      }
      values[row] = value;
    }

    void addText(int row, int rows, String text) {
      if (!textual) {
        return;
      }
      if (codes.length == 0) {
        codes = new int[rows];
      }
      Integer code = isMissing(text) ? Integer.valueOf(-1) : levels.get(text);
      if (code == null) {
        code = levels.size();
        levels.put(text, code);
        levelsInOrder.add(text);
      }
      codes[row] = code;
    }

    Column finish(int rows) {
      return textual
          ? new Column.Categorical(name, Arrays.copyOf(codes, rows), List.copyOf(levelsInOrder))
          : new Column.Numeric(name, Arrays.copyOf(values, rows));
    }
  }
}
