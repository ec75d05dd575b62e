package dev.evenkeel.train;

import de.siegmar.fastcsv.writer.CsvWriter;
import dev.evenkeel.Probabilities;
import dev.evenkeel.data.InputColumns;
import dev.evenkeel.data.Preparation;
import dev.evenkeel.data.Target;
import dev.evenkeel.io.AtomicFile;
import dev.evenkeel.io.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;

/**
 * Predictions, a row for each row of the data, in its order, behind columns of the data where they
 * are wanted.
 *
 * @param outputs [rows, columns]: logits, or a regression's values in their own units
 * @param inputs what stands in front of the answers
 */
public record PredictionFile(
    Preparation preparation, float[] outputs, int columns, Optional<InputColumns> inputs) {

  /** What a file of them holds. */
  public enum Form {
    CSV,
    /** An object in each line. */
    JSONL;

    /** By a file's name. */
    public static Form of(Path file) {
      return file.toString().matches("(?i).*\\.(jsonl|ndjson|json)") ? JSONL : CSV;
    }
  }

  public void write(Path file, Form form) {
    AtomicFile.write(
        file, channel -> write(Channels.newWriter(channel, StandardCharsets.UTF_8), form));
  }

  /** Flushes the writer, and leaves it open. */
  public void write(Writer out, Form form) throws IOException {
    try {
      if (form == Form.CSV) {
        CsvWriter csv = CsvWriter.builder().build(out);
        write(() -> csv.writeRecord(header()));
        forEachRow((texts, answers) -> write(() -> csv.writeRecord(fields(texts, answers))));
        csv.flush();
      } else {
        List<String> names = header();
        forEachRow(
            (texts, answers) ->
                write(() -> out.write(Json.write(values(names, texts, answers)) + "\n")));
        out.flush();
      }
    } catch (Unwritten e) {
      throw e.reason;
    }
  }

  /** Of each row what is copied and what is answered. */
  private void forEachRow(BiConsumer<List<String>, List<Object>> receiver) {
    if (inputs.isEmpty()) {
      for (int row = 0; row < outputs.length / columns; row++) {
        receiver.accept(List.of(), answers(row));
      }
    } else {
      int[] row = new int[1];
      inputs.get().forEachRow(texts -> receiver.accept(texts, answers(row[0]++)));
    }
  }

  private static List<String> fields(List<String> texts, List<Object> answers) {
    List<String> fields = new ArrayList<>(texts);
    answers.forEach(answer -> fields.add(answer.toString()));
    return fields;
  }

  private Map<String, Object> values(List<String> names, List<String> texts, List<Object> answers) {
    Map<String, Object> values = new LinkedHashMap<>();
    for (int i = 0; i < texts.size(); i++) {
      values.put(names.get(i), inputs.orElseThrow().value(i, texts.get(i)));
    }
    for (int i = 0; i < answers.size(); i++) {
      values.put(names.get(texts.size() + i), answers.get(i));
    }
    return values;
  }

  private interface Writing {
    void run() throws IOException;
  }

  private static void write(Writing row) {
    try {
      row.run();
    } catch (UncheckedIOException e) {
      throw new Unwritten(e.getCause());
    } catch (IOException e) {
      throw new Unwritten(e);
    }
  }

  /** Passes by those who read the columns, who would blame the file that they read. */
  private static final class Unwritten extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final IOException reason;

    Unwritten(IOException reason) {
      super(reason);
      this.reason = reason;
    }
  }

  /** An input may be called as the target is, above all the target itself. */
  private List<String> header() {
    List<String> header = new ArrayList<>(inputs.map(InputColumns::names).orElse(List.of()));
    List<String> answers = new ArrayList<>(preparation.target().names());
    if (preparation.target() instanceof Target.Labels labels) {
      labels.classes().forEach(name -> answers.add("p(" + name + ")"));
    }
    if (preparation.target() instanceof Target.Flags flags) {
      flags.labels().forEach(name -> answers.add("p(" + name + ")"));
    }
    for (String name : answers) {
      String free = name;
      while (header.contains(free)) {
        free = "predicted " + free;
      }
      header.add(free);
    }
    return header;
  }

  /** What is answered to a row: texts and numbers. */
  private List<Object> answers(int row) {
    List<Object> fields = new ArrayList<>();
    if (preparation.target() instanceof Target.Labels labels) {
      double[] probabilities = new double[labels.classes().size()];
      Probabilities.ofClasses(outputs, row * columns, columns, probabilities);
      int best = 0;
      for (int k = 1; k < probabilities.length; k++) {
        best = probabilities[k] > probabilities[best] ? k : best;
      }
      fields.add(labels.classes().get(best));
      for (double p : probabilities) {
        fields.add((float) p);
      }
    } else if (preparation.target() instanceof Target.Flags flags) {
      for (int k = 0; k < columns; k++) {
        Target.Flag flag = flags.flags().get(k);
        fields.add(outputs[row * columns + k] > 0 ? flag.yes() : flag.no());
      }
      for (int k = 0; k < columns; k++) {
        fields.add((float) Probabilities.sigmoid(outputs[row * columns + k]));
      }
    } else {
      for (int k = 0; k < columns; k++) {
        fields.add(outputs[row * columns + k]);
      }
    }
    return fields;
  }
}
