package dev.evenkeel.train;

import de.siegmar.fastcsv.writer.CsvWriter;
import dev.evenkeel.data.Preparation;
import dev.evenkeel.data.Target;
import dev.evenkeel.io.AtomicFile;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Predictions as CSV, a row for each row of the data, in its order. */
public final class PredictionFile {

  private PredictionFile() {}

  /**
   * @param outputs [rows, columns]: logits, or a regression's values in their own units
   */
  public static void write(Path file, Preparation preparation, float[] outputs, int columns) {
    AtomicFile.write(
        file,
        channel -> {
          CsvWriter csv =
              CsvWriter.builder().build(Channels.newWriter(channel, StandardCharsets.UTF_8));
          if (preparation.target() instanceof Target.Labels labels) {
            classes(csv, labels, outputs, columns);
          } else {
            quantities(csv, (Target.Quantities) preparation.target(), outputs, columns);
          }
          csv.flush();
        });
  }

  private static void classes(CsvWriter csv, Target.Labels labels, float[] logits, int columns) {
    List<String> header = new ArrayList<>(List.of(labels.name()));
    labels.classes().forEach(name -> header.add("p(" + name + ")"));
    csv.writeRecord(header);
    double[] probabilities = new double[labels.classes().size()];
    for (int row = 0; row < logits.length / columns; row++) {
      probabilities(logits, columns, row, probabilities);
      int best = 0;
      for (int k = 1; k < probabilities.length; k++) {
        best = probabilities[k] > probabilities[best] ? k : best;
      }
      List<String> fields = new ArrayList<>(List.of(labels.classes().get(best)));
      for (double p : probabilities) {
        fields.add(Float.toString((float) p));
      }
      csv.writeRecord(fields);
    }
  }

  /** Softmax of the row's logits; of a single logit, the sigmoid and what it leaves. */
  private static void probabilities(float[] logits, int columns, int row, double[] out) {
    if (columns == 1) {
      out[1] = 1 / (1 + Math.exp(-logits[row]));
      out[0] = 1 - out[1];
      return;
    }
    double top = Double.NEGATIVE_INFINITY;
    for (int k = 0; k < columns; k++) {
      top = Math.max(top, logits[row * columns + k]);
    }
    double sum = 0;
    for (int k = 0; k < columns; k++) {
      out[k] = Math.exp(logits[row * columns + k] - top);
      sum += out[k];
    }
    for (int k = 0; k < columns; k++) {
      out[k] /= sum;
    }
  }

  private static void quantities(
      CsvWriter csv, Target.Quantities target, float[] values, int columns) {
    csv.writeRecord(target.names());
    for (int row = 0; row < values.length / columns; row++) {
      List<String> fields = new ArrayList<>();
      for (int k = 0; k < columns; k++) {
        fields.add(Float.toString(values[row * columns + k]));
      }
      csv.writeRecord(fields);
    }
  }
}
