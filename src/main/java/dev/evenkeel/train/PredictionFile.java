package dev.evenkeel.train;

import de.siegmar.fastcsv.writer.CsvWriter;
import dev.evenkeel.Probabilities;
import dev.evenkeel.data.InputColumns;
import dev.evenkeel.data.Preparation;
import dev.evenkeel.data.Target;
import dev.evenkeel.io.AtomicFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Predictions as CSV, a row for each row of the data, in its order, behind columns of the data
 * where they are wanted.
 */
public final class PredictionFile {

  private final Preparation preparation;
  private final float[] outputs;
  private final int columns;
  private final Optional<InputColumns> inputs;

  /**
   * @param outputs [rows, columns]: logits, or a regression's values in their own units
   * @param inputs what stands in front of the answers
   */
  public PredictionFile(
      Preparation preparation, float[] outputs, int columns, Optional<InputColumns> inputs) {
    this.preparation = preparation;
    this.outputs = outputs;
    this.columns = columns;
    this.inputs = inputs;
  }

  public void write(Path file) {
    AtomicFile.write(file, channel -> write(Channels.newWriter(channel, StandardCharsets.UTF_8)));
  }

  /** Flushes the writer, and leaves it open. */
  public void write(Writer out) throws IOException {
    CsvWriter csv = CsvWriter.builder().build(out);
    try {
      write(csv, header());
      if (inputs.isEmpty()) {
        for (int row = 0; row < outputs.length / columns; row++) {
          write(csv, answers(row, new ArrayList<>()));
        }
      } else {
        int[] row = new int[1];
        inputs.get().forEachRow(texts -> write(csv, answers(row[0]++, new ArrayList<>(texts))));
      }
      csv.flush();
    } catch (Unwritten e) {
      throw e.reason;
    }
  }

  private static void write(CsvWriter csv, List<String> fields) {
    try {
      csv.writeRecord(fields);
    } catch (UncheckedIOException e) {
      throw new Unwritten(e.getCause());
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

  /** Appends what is answered to a row. */
  private List<String> answers(int row, List<String> fields) {
    if (preparation.target() instanceof Target.Labels labels) {
      double[] probabilities = new double[labels.classes().size()];
      Probabilities.ofClasses(outputs, row * columns, columns, probabilities);
      int best = 0;
      for (int k = 1; k < probabilities.length; k++) {
        best = probabilities[k] > probabilities[best] ? k : best;
      }
      fields.add(labels.classes().get(best));
      for (double p : probabilities) {
        fields.add(Float.toString((float) p));
      }
    } else if (preparation.target() instanceof Target.Flags flags) {
      for (int k = 0; k < columns; k++) {
        Target.Flag flag = flags.flags().get(k);
        fields.add(outputs[row * columns + k] > 0 ? flag.yes() : flag.no());
      }
      for (int k = 0; k < columns; k++) {
        fields.add(Float.toString((float) Probabilities.sigmoid(outputs[row * columns + k])));
      }
    } else {
      for (int k = 0; k < columns; k++) {
        fields.add(Float.toString(outputs[row * columns + k]));
      }
    }
    return fields;
  }
}
