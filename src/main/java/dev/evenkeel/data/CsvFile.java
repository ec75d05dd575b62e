package dev.evenkeel.data;

import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import de.siegmar.fastcsv.reader.CsvRecordHandler;
import de.siegmar.fastcsv.reader.FieldMismatchStrategy;
import dev.evenkeel.EvenkeelException;
import dev.evenkeel.io.Gzip;
import dev.evenkeel.io.Spool;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The records of a delimited text file, compressed by gzip or not.
 *
 * @param encoding as {@link TableFormat} has it
 */
record CsvFile(Path path, char delimiter, String encoding) implements Records {

  private static final int SAMPLE_LINES = 10;
  private static final int SAMPLE_CHARACTERS = 1 << 24;

  /** The reader's own limit, 16,384, is below the genes of a cell. */
  private static final int MOST_FIELDS = 1 << 24;

  private static final char[] CANDIDATES = {'\t', ';', ',', '|'};

  static CsvFile of(Path path, TableFormat format) {
    return format.delimiter().isEmpty()
        ? detect(path, format.encoding())
        : new CsvFile(path, format.delimiter().charAt(0), format.encoding());
  }

  /** Finds the delimiter: the one that every one of the first lines has equally often. */
  private static CsvFile detect(Path path, String encoding) {
    List<String> sample = decoded(path, encoding, CsvFile::sample);
    if (sample.stream().anyMatch(line -> line.indexOf('\0') >= 0)) {
      throw new EvenkeelException(
          "%s holds bytes of 0, so it is no text in UTF-8: perhaps in UTF-16, or no table of text at all. help: --encoding utf-16le, or save it as CSV in UTF-8"
              .formatted(path));
    }
    for (char candidate : CANDIDATES) {
      long expected = sample.isEmpty() ? 0 : count(sample.get(0), candidate);
      if (expected > 0 && sample.stream().allMatch(line -> count(line, candidate) == expected)) {
        return new CsvFile(path, candidate, encoding);
      }
    }
    String first = sample.isEmpty() ? "" : sample.get(0);
    char most = ' ';
    for (char candidate : CANDIDATES) {
      most = count(first, candidate) > (most == ' ' ? 0 : count(first, most)) ? candidate : most;
    }
    char used = most == ' ' && !first.strip().contains(" ") ? ',' : most;
    return new CsvFile(path, used, encoding);
  }

  /** The first lines; of a line without end, its beginning. */
  private static List<String> sample(Reader in) throws IOException {
    BufferedReader reader = new BufferedReader(in);
    List<String> lines = new ArrayList<>();
    StringBuilder line = new StringBuilder();
    for (int c = 0, count = 0; c >= 0 && count < SAMPLE_CHARACTERS; count++) {
      c = reader.read();
      if (c >= 0 && c != '\n' && c != '\r') {
        line.append((char) c);
        continue;
      }
      if (!line.toString().isBlank()) {
        lines.add(line.toString());
      }
      if (lines.size() == SAMPLE_LINES) {
        return lines;
      }
      line.setLength(0);
    }
    if (lines.isEmpty()) {
      lines.add(line.toString());
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

  /** Reads characters. */
  @FunctionalInterface
  private interface Decoded<T> {
    T read(Reader in) throws IOException;
  }

  private static <T> T decoded(Path path, String encoding, Decoded<T> reader) {
    Optional<T> read =
        Gzip.read(
            path,
            in -> {
              try {
                return Optional.of(reader.read(TextEncoding.open(in, encoding)));
              } catch (CharacterCodingException e) {
                return Optional.empty();
              }
            });
    return read.orElseThrow(() -> TextEncoding.refusal(path, encoding));
  }

  @Override
  public Records as(TableFormat format) {
    return of(path, format);
  }

  @Override
  public String name() {
    return path.toString();
  }

  @Override
  public String at(int line) {
    return "%s, line %d".formatted(path, line);
  }

  @Override
  public boolean canReopen() {
    return Spool.canReopen(path);
  }

  @Override
  public void forEach(Receiver receiver) {
    decoded(
        path,
        encoding,
        in -> {
          if (delimiter == ' ') {
            readSpaced(in, receiver);
          } else {
            readDelimited(in, receiver);
          }
          return true;
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
            .build(CsvRecordHandler.builder().maxFields(MOST_FIELDS).build(), in)) {
      for (CsvRecord record : records) {
        receiver.accept((int) record.getStartingLineNumber(), record.getFields());
      }
    } catch (CsvParseException e) {
      if (cause(e) instanceof CharacterCodingException undecoded) {
        throw undecoded;
      }
      throw new EvenkeelException(
          "%s cannot be read as values separated by %s: %s. Check the quotes around its fields."
              .formatted(
                  path,
                  delimiter == '\t' ? "tabs" : "\"" + delimiter + "\"",
                  cause(e).getMessage()),
          e);
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private static Throwable cause(Throwable e) {
    Throwable cause = e;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause;
  }
}
