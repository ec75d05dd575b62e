package dev.evenkeel.data;

import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import de.siegmar.fastcsv.reader.FieldMismatchStrategy;
import dev.evenkeel.EvenkeelException;
import dev.evenkeel.io.Gzip;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The records of a delimited text file, in UTF-8, compressed by gzip or not. */
record CsvFile(Path path, char delimiter) {

  /** Receives each record, in order. */
  @FunctionalInterface
  interface Receiver {
    /**
     * @param line where the record starts, from 1
     */
    void accept(int line, List<String> fields);
  }

  private static final int SAMPLE_LINES = 10;
  private static final char[] CANDIDATES = {'\t', ';', ','};

  /** Finds the delimiter: the one that every one of the first lines has equally often. */
  static CsvFile detect(Path path) {
    List<String> sample = Gzip.read(path, CsvFile::sample);
    if (sample.stream().anyMatch(line -> line.indexOf('\0') >= 0)) {
      throw new EvenkeelException(
          "%s holds bytes of 0, so it is no text in UTF-8: perhaps in UTF-16, or no table of text at all. help: save it as CSV in UTF-8"
              .formatted(path));
    }
    for (char candidate : CANDIDATES) {
      long expected = sample.isEmpty() ? 0 : count(sample.get(0), candidate);
      if (expected > 0 && sample.stream().allMatch(line -> count(line, candidate) == expected)) {
        return new CsvFile(path, candidate);
      }
    }
    String first = sample.isEmpty() ? "" : sample.get(0);
    char most = ' ';
    for (char candidate : CANDIDATES) {
      most = count(first, candidate) > (most == ' ' ? 0 : count(first, most)) ? candidate : most;
    }
    return new CsvFile(path, most == ' ' && !first.strip().contains(" ") ? ',' : most);
  }

  private static List<String> sample(InputStream in) throws IOException {
    BufferedReader reader = new BufferedReader(decode(in));
    List<String> lines = new ArrayList<>();
    String line;
    while (lines.size() < SAMPLE_LINES && (line = reader.readLine()) != null) {
      if (!line.isBlank()) {
        lines.add(line);
      }
    }
    return lines;
  }

  private static long count(String line, char wanted) {
    long count = 0;
    boolean quoted = false;
    for (char c : line.toCharArray()) {
      quoted ^= c == '"';
      count += c == wanted && !quoted ? 1 : 0;
    }
    return count;
  }

  /** UTF-8, without the byte order mark that some spreadsheets put first. */
  private static Reader decode(InputStream in) throws IOException {
    in.mark(3);
    if (in.read() != 0xEF || in.read() != 0xBB || in.read() != 0xBF) {
      in.reset();
    }
    return new InputStreamReader(in, StandardCharsets.UTF_8);
  }

  void forEach(Receiver receiver) {
    Gzip.read(
        path,
        in -> {
          if (delimiter == ' ') {
            readSpaced(decode(in), receiver);
          } else {
            readDelimited(decode(in), receiver);
          }
          return null;
        });
  }

  private static void readSpaced(Reader in, Receiver receiver) throws IOException {
    BufferedReader reader = new BufferedReader(in);
    String text;
    for (int line = 1; (text = reader.readLine()) != null; line++) {
      if (!text.isBlank()) {
        receiver.accept(line, List.of(text.strip().split("\\s+")));
      }
    }
  }

  private void readDelimited(Reader in, Receiver receiver) throws IOException {
    try (CsvReader<CsvRecord> records =
        CsvReader.builder()
            .fieldSeparator(delimiter)
            .allowUnclosedQuote(false)
            .extraFieldStrategy(FieldMismatchStrategy.IGNORE)
            .missingFieldStrategy(FieldMismatchStrategy.IGNORE)
            .ofCsvRecord(in)) {
      for (CsvRecord record : records) {
        receiver.accept((int) record.getStartingLineNumber(), record.getFields());
      }
    } catch (CsvParseException e) {
      throw new EvenkeelException(
          "%s cannot be read as values separated by %s: %s. Check the quotes around its fields."
              .formatted(path, delimiter == '\t' ? "tabs" : "\"" + delimiter + "\"", innermost(e)),
          e);
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private static String innermost(Throwable e) {
    Throwable cause = e;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause.getMessage();
  }
}
