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
 * @param comments the lines above the records, blank ones apart
 */
record CsvFile(Path path, char delimiter, String encoding, List<String> comments)
    implements Records {

  private static final String MARK = "#";
  private static final int SAMPLE_LINES = 10;
  private static final int SAMPLE_CHARACTERS = 1 << 24;

  /** The reader's own limit, 16,384, is below the genes of a cell. */
  private static final int MOST_FIELDS = 1 << 24;

  private static final char[] CANDIDATES = {'\t', ';', ',', '|'};

  static CsvFile of(Path path, TableFormat format) {
    String encoding = format.encoding();
    List<String> sample = decoded(path, encoding, CsvFile::sample);
    if (sample.stream().anyMatch(line -> line.indexOf('\0') >= 0)) {
      throw new EvenkeelException(
          "%s holds bytes of 0, so it is no text in UTF-8: perhaps in UTF-16, or no table of text at all. help: --encoding utf-16le, or save it as CSV in UTF-8"
              .formatted(path));
    }
    int comments = comments(sample);
    List<String> lines = sample.subList(comments, sample.size());
    char used = format.delimiter().isEmpty() ? delimiter(lines) : format.delimiter().charAt(0);
    return new CsvFile(path, used, encoding, List.copyOf(sample.subList(0, comments)));
  }

  /** How many lines are comments: those that begin with # and have fewer fields than the data. */
  private static int comments(List<String> sample) {
    int marked = 0;
    while (marked < sample.size() && sample.get(marked).startsWith(MARK)) {
      marked++;
    }
    int comments = 0;
    while (marked < sample.size()
        && comments < marked
        && isNarrower(sample.get(comments), sample.get(marked))) {
      comments++;
    }
    return comments;
  }

  /** By some delimiter, where by no other one the two are equal, as a header is to its rows. */
  private static boolean isNarrower(String line, String below) {
    boolean narrower = false;
    boolean any = false;
    for (char candidate : CANDIDATES) {
      long count = count(below, candidate);
      if (count > 0 && count == count(line, candidate)) {
        return false;
      }
      any |= count > 0;
      narrower |= count > count(line, candidate);
    }
    return any ? narrower : isNarrower(spaced(line), spaced(below).size());
  }

  /** Also where a mark stands before the names of all columns, as NumPy's savetxt writes it. */
  private static boolean isNarrower(List<String> fields, int below) {
    return fields.size() < below || fields.size() == below + 1 && fields.get(0).equals(MARK);
  }

  /** The one that every one of the first lines has equally often. */
  private static char delimiter(List<String> sample) {
    for (char candidate : CANDIDATES) {
      long expected = sample.isEmpty() ? 0 : count(sample.get(0), candidate);
      if (expected > 0 && sample.stream().allMatch(line -> count(line, candidate) == expected)) {
        return candidate;
      }
    }
    String first = sample.isEmpty() ? "" : sample.get(0);
    char most = ' ';
    for (char candidate : CANDIDATES) {
      most = count(first, candidate) > (most == ' ' ? 0 : count(first, most)) ? candidate : most;
    }
    return most == ' ' && !first.strip().contains(" ") ? ',' : most;
  }

  /**
   * The first lines below those that may be comments, and these; of a line without end, its
   * beginning.
   */
  private static List<String> sample(Reader in) throws IOException {
    BufferedReader reader = new BufferedReader(in);
    List<String> lines = new ArrayList<>();
    int marked = 0;
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
      if (lines.size() == marked + 1 && lines.get(marked).startsWith(MARK)) {
        marked++;
      }
      if (lines.size() == SAMPLE_LINES + marked) {
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
          BufferedReader reader = new BufferedReader(in);
          int above = skipComments(reader);
          Receiver below = (line, fields) -> receiver.accept(above + line, fields);
          if (delimiter == ' ') {
            readSpaced(reader, below);
          } else {
            readDelimited(reader, below);
          }
          return true;
        });
  }

  /** Returns how many lines there are to the last of them. */
  private int skipComments(BufferedReader reader) throws IOException {
    int lines = 0;
    for (int left = comments.size(); left > 0; lines++) {
      String line = reader.readLine();
      left -= line == null || !line.isBlank() ? 1 : 0;
    }
    return lines;
  }

  private static List<String> spaced(String line) {
    return List.of(line.strip().split("\\s+"));
  }

  private static void readSpaced(BufferedReader reader, Receiver receiver) throws IOException {
    String text;
    for (int line = 1; (text = reader.readLine()) != null; line++) {
      if (!text.isBlank()) {
        receiver.accept(line, spaced(text));
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
