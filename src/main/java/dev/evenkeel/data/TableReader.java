package dev.evenkeel.data;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;

/**
 * Reads a {@link Table}: one pass takes every column for what its first row is, numbers or texts; a
 * second pass, only where a text turned up below numbers, codes the texts of such columns. So
 * memory holds arrays alone.
 */
final class TableReader {

  private Table.Options options;
  private final TableFormat format;
  private final MissingWords missing;
  private final Records records;
  private final List<ColumnDraft> drafts = new ArrayList<>();
  private final List<String> remarks = new ArrayList<>();
  private final List<Line> sample = new ArrayList<>();
  private int headerLine;
  private int firstLine;
  private Table.Header header;
  private int[] lines = new int[1024];
  private int rows;

  private record Line(int number, List<String> fields) {}

  TableReader(Records records, Table.Options options) {
    this.records = records;
    this.options = options;
    this.format = options.format();
    this.missing = new MissingWords(format);
    this.header = format.header();
  }

  Table read() {
    if (!records.comments().isEmpty()) {
      remarks.add(
          "%s: taken for comments, not for data: %s."
              .formatted(records.name(), Cells.quoted(records.comments())));
    }
    remarks.addAll(records.remarks());
    records.forEach(this::readFirst);
    start();
    if (firstLine == 0) {
      throw new EvenkeelException("%s is empty: give a file with rows.".formatted(records.name()));
    }
    if (rows == 0) {
      throw new EvenkeelException(
          "%s has a header but no rows. If its first line is data, say so with --no-header."
              .formatted(records.name()));
    }
    for (String name : options.categorical()) {
      if (drafts.stream().noneMatch(draft -> draft.name.equals(name))) {
        throw new EvenkeelException(
            "%s has no column \"%s\" to take for categories. Its columns are: %s."
                .formatted(
                    records.name(),
                    name,
                    ColumnNames.listed(drafts.stream().map(d -> d.name).toList())));
      }
    }
    List<ColumnDraft> amounts = drafts.stream().filter(ColumnDraft::mayHoldAmounts).toList();
    drafts.stream().filter(draft -> !amounts.contains(draft)).forEach(this::requireClean);
    noteCommas();
    if (!amounts.isEmpty()) {
      readAgain(amounts, ColumnDraft::addAmount);
      AmountTrial.Decimals told =
          drafts.stream()
              .map(ColumnDraft::tells)
              .reduce(new AmountTrial.Decimals(false, false), AmountTrial.Decimals::and);
      amounts.forEach(draft -> draft.settle(told));
      amounts.stream().filter(ColumnDraft::isTextual).forEach(this::requireClean);
    }
    List<ColumnDraft> texts = drafts.stream().filter(ColumnDraft::wantsTexts).toList();
    if (!texts.isEmpty()) {
      texts.forEach(ColumnDraft::startTexts);
      readAgain(texts, ColumnDraft::addText);
    }
    noteAmounts();
    drafts.stream().filter(ColumnDraft::mayMeanNa).forEach(this::noteNa);
    return new Table(
        records,
        options,
        format.withHeader(header).withDecimal(decimal()).withAmounts(amounts()),
        drafts.stream().map(ColumnDraft::finish).toList(),
        respelled(),
        padded(),
        Arrays.copyOf(lines, rows),
        remarks);
  }

  private void requireClean(ColumnDraft draft) {
    draft.requireClean(records, firstLine, !options.used().isEmpty());
  }

  private String decimal() {
    boolean found =
        format.decimal().isEmpty()
            && drafts.stream().anyMatch(draft -> draft.firstComma().isPresent());
    return found ? ",." : format.decimal();
  }

  private Set<String> respelled() {
    return drafts.stream()
        .filter(ColumnDraft::isRespelled)
        .map(draft -> draft.name)
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  private Map<String, String> padded() {
    return drafts.stream()
        .filter(draft -> !draft.padded().isEmpty())
        .collect(Collectors.toMap(draft -> draft.name, ColumnDraft::padded));
  }

  private void noteCommas() {
    List<ColumnDraft> read =
        drafts.stream().filter(draft -> draft.firstComma().isPresent()).toList();
    if (!read.isEmpty() && format.decimal().isEmpty()) {
      String first = read.get(0).firstComma().orElseThrow();
      remarks.add(
          "%s: decimal commas in column%s %s: %s is read as %s. If that is wrong, say --decimal ."
              .formatted(
                  records.name(),
                  read.size() == 1 ? "" : "s",
                  Cells.quoted(read.stream().map(draft -> draft.name).toList()),
                  Cells.quoted(first),
                  first.replace(',', '.')));
    }
  }

  private void noteNa(ColumnDraft draft) {
    remarks.add(
        "%s: NA in column \"%s\" is taken for missing, as everywhere. If it is one of these codes, Namibia, say, write it otherwise."
            .formatted(records.name(), draft.name));
  }

  private Map<String, AmountForm> amounts() {
    Map<String, AmountForm> amounts = new HashMap<>(format.amounts());
    amounts.keySet().removeAll(options.categorical());
    amounts.keySet().removeAll(options.texts());
    drafts.forEach(draft -> draft.amounts().ifPresent(form -> amounts.put(draft.name, form)));
    return amounts;
  }

  private void noteAmounts() {
    List<ColumnDraft> found = drafts.stream().filter(draft -> draft.amounts().isPresent()).toList();
    if (!found.isEmpty()) {
      remarks.add(
          "%s: read as numbers: column%s %s. If they are categories, say --categorical %s."
              .formatted(
                  records.name(),
                  found.size() == 1 ? "" : "s",
                  found.stream()
                      .map(draft -> "\"%s\" (%s)".formatted(draft.name, draft.amountShown()))
                      .collect(Collectors.joining(", ")),
                  found.stream()
                      .map(draft -> ColumnNames.word(draft.name))
                      .collect(Collectors.joining(","))));
    }
  }

  /** Keeps the first lines until they have told whether there is a header. */
  private void readFirst(int line, List<String> fields) {
    if (drafts.isEmpty()) {
      sample.add(new Line(line, fields));
      if (sample.size() == HeaderRule.SAMPLE) {
        start();
      }
    } else {
      readRow(line, fields);
    }
  }

  private void start() {
    if (sample.isEmpty()) {
      return;
    }
    List<String> first = sample.get(0).fields;
    firstLine = sample.get(0).number;
    boolean named = isHeader();
    if (!named && sample.size() > 1 && isCountLine(first, sample.get(1).fields.size())) {
      remarks.add(
          "%s: taken for a count of rows and columns, not for data: %s."
              .formatted(records.at(firstLine), Cells.quoted(String.join(",", first))));
      headerLine = firstLine;
      header = Table.Header.AUTO; // found in the same way again
      nameColumns(sample.get(1).fields, false);
    } else {
      headerLine = named ? firstLine : 0;
      nameColumns(first, named);
      if (!named && format.header() == Table.Header.AUTO && headerRule().isPossible()) {
        remarks.add(
            "%s: taken for data, not for the names of the columns, which are called by number. If it names them, say --header."
                .formatted(records.at(firstLine)));
      }
    }
    sample.stream()
        .skip(headerLine == 0 ? 0 : 1)
        .forEach(kept -> readRow(kept.number, kept.fields));
    sample.clear();
  }

  private void readRow(int line, List<String> fields) {
    if (fields.size() != drafts.size()) {
      boolean unnamed = headerLine > 0 && rows == 0 && fields.size() == drafts.size() + 1;
      throw new EvenkeelException(
          "%s: it has %s, but line %d has %,d. Every line needs the same number; %s."
              .formatted(
                  records.at(line),
                  Words.counted(fields.size(), "field"),
                  firstLine,
                  drafts.size(),
                  unnamed
                      ? "name the column of row names, too, which R's write.table does not, or quote a field that holds the delimiter"
                      : "quote a field that holds the delimiter"));
    }
    if (rows == lines.length) {
      lines = Arrays.copyOf(lines, rows * 2);
    }
    lines[rows] = line;
    for (int c = 0; c < drafts.size(); c++) {
      drafts.get(c).add(rows, line, fields.get(c).strip());
    }
    rows++;
  }

  private boolean isHeader() {
    if (header == Table.Header.AUTO) {
      header = foundHeader() ? Table.Header.PRESENT : Table.Header.ABSENT;
    }
    return header == Table.Header.PRESENT;
  }

  private boolean foundHeader() {
    HeaderRule rule = headerRule();
    if (rule.isPlain()) {
      return true;
    }
    if (rule.isLikely()) {
      remarks.add(
          "%s: taken for the names of the columns, because it is unlike the lines below: %s. If it is data, say --no-header."
              .formatted(
                  records.at(firstLine), Cells.quoted(String.join(",", sample.get(0).fields))));
      return true;
    }
    return false;
  }

  private HeaderRule headerRule() {
    return new HeaderRule(
        sample.stream().map(Line::fields).toList(),
        missing,
        format.takesCommas(records.delimiter()));
  }

  /**
   * Whether the first line says how many rows and features follow, and then perhaps the names of
   * the classes, as scikit-learn's files do: it is unlike the lines after it, which have as many
   * fields as it says, and the target.
   */
  private boolean isCountLine(List<String> first, int width) {
    return format.header() == Table.Header.AUTO
        && first.size() >= 2
        && first.size() != width
        && Cells.number(first.get(0).strip()) >= 1
        && Cells.number(first.get(1).strip()) == width - 1;
  }

  /**
   * @param named whether these fields are the names of their columns, which else have numbers
   */
  private void nameColumns(List<String> fields, boolean named) {
    Map<String, Integer> numbers = new HashMap<>();
    Set<String> given = new HashSet<>(fields);
    List<String> names = new ArrayList<>();
    for (int c = 0; c < fields.size(); c++) {
      String text = named ? fields.get(c).strip() : "";
      String number = Integer.toString(c + 1);
      String unnamed = named && given.contains(number) ? "unnamed " + number : number;
      String name = text.isEmpty() ? unnamed : text;
      Integer earlier = numbers.put(name, c + 1);
      if (earlier != null) {
        throw new EvenkeelException(
            "%s: columns %d and %d are both called %s. Rename one or, if the first line is data, say so with --no-header."
                .formatted(records.at(headerLine), earlier, c + 1, Cells.quoted(name)));
      }
      names.add(name);
    }
    options =
        options
            .withCategorical(parted(options.categorical(), names))
            .withDropped(parted(options.dropped(), names));
    for (int c = 0; c < names.size(); c++) {
      String name = names.get(c);
      drafts.add(
          new ColumnDraft(
              name,
              format,
              missing,
              format.takesCommas(records.delimiter()),
              amounts(name),
              options.categorical().contains(name) || options.texts().contains(name),
              options.checks(name, c + 1, fields.size())));
    }
  }

  /**
   * Of a column whose numbers may have more to them; none where that is decided, as of all columns
   * of a file for a model. In JSON and in a program's rows plain numbers are what they are, and so
   * points are in front of decimals, unless the user says otherwise.
   */
  private Optional<AmountTrial> amounts(String name) {
    if (!options.used().isEmpty() || format.amounts().containsKey(name) || !records.canReopen()) {
      return Optional.empty();
    }
    boolean typed = records.delimiter() == '\0';
    String decimal = typed && format.decimal().isEmpty() ? "." : format.decimal();
    return Optional.of(new AmountTrial(decimal, typed));
  }

  private static Set<String> parted(Set<String> texts, List<String> names) {
    return Set.copyOf(ColumnNames.parted(texts, Set.copyOf(names)));
  }

  /** Hands the cells of some columns over once more. */
  private void readAgain(List<ColumnDraft> some, BiConsumer<ColumnDraft, String> take) {
    int[] places = some.stream().mapToInt(drafts::indexOf).toArray();
    int[] seen = new int[1];
    records.forEach(
        (line, fields) -> {
          if (line != headerLine) {
            int row = seen[0]++;
            requireSame(row < rows && line == lines[row] && fields.size() == drafts.size());
            for (int c : places) {
              take.accept(drafts.get(c), fields.get(c).strip());
            }
          }
        });
    requireSame(seen[0] == rows);
  }

  private void requireSame(boolean same) {
    if (!same) {
      throw new EvenkeelException(
          "%s changed while it was read. help: start again when it no longer changes"
              .formatted(records.name()));
    }
  }
}
