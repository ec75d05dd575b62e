package dev.evenkeel.cli;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.data.Table;
import dev.evenkeel.data.TableFormat;
import java.util.List;
import picocli.CommandLine.Option;

/** Options that say how a CSV file is read; a model keeps them for later files. */
final class TableOptions {

  @Option(
      names = "--header",
      description = "the first line of the CSV names the columns (default: found out)")
  private boolean header;

  @Option(names = "--no-header", description = "the first line of the CSV is data")
  private boolean noHeader;

  @Option(
      names = "--delimiter",
      paramLabel = "CHAR",
      description =
          "what is between the fields: a character, or tab or space (default: found out among , ; | tab and space)")
  private String delimiter;

  @Option(
      names = "--decimal",
      paramLabel = "CHAR",
      description =
          "what decimals follow: . or , (default: found out by column; a comma only where it is not the delimiter)")
  private String decimal;

  @Option(
      names = "--missing",
      paramLabel = "WORD",
      split = ",",
      description = "more words for a missing value, beside NA, N/A, nan, null, ? and others")
  private List<String> missing;

  @Option(
      names = "--encoding",
      paramLabel = "NAME",
      description = "of the CSV's characters, as latin1 (default: utf-8, or utf-16 with its mark)")
  private String encoding;

  /** What is given here, and the rest of another. */
  TableFormat over(TableFormat otherwise) {
    if (header && noHeader) {
      throw new EvenkeelException(
          "--header and --no-header can't both be right. help: leave one of them out");
    }
    TableFormat format = otherwise;
    if (header || noHeader) {
      format = format.withHeader(header ? Table.Header.PRESENT : Table.Header.ABSENT);
    }
    if (delimiter != null) {
      TableFormat before = format;
      format = Flag.of("--delimiter", () -> before.withDelimiter(delimiter));
    }
    if (decimal != null) {
      TableFormat before = format;
      format = Flag.of("--decimal", () -> before.withDecimal(decimal));
    }
    if (encoding != null) {
      TableFormat before = format;
      format = Flag.of("--encoding", () -> before.withEncoding(encoding));
    }
    if (missing != null && missing.stream().anyMatch(word -> word.startsWith("["))) {
      throw new EvenkeelException(
          "--missing %s: a list can't be a word for a missing value. help: leave the field empty, or write []"
              .formatted(String.join(",", missing)));
    }
    return missing == null ? format : format.withMissing(missing);
  }
}
