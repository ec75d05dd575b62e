package dev.evenkeel.report;

import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.NamedCsvRecord;
import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import dev.evenkeel.io.Unreadable;
import dev.evenkeel.train.Observations;
import dev.evenkeel.train.RunFolder;
import dev.evenkeel.train.StepFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a run's folder holds in numbers, as columns to be drawn: history.csv, steps.csv and
 * layers.csv.
 */
public final class RunTables {

  private RunTables() {}

  /** The columns of history.csv by their names; empty where there is no epoch yet. */
  public static Map<String, List<Double>> history(Path folder) {
    return columns(folder.resolve(RunFolder.HistoryFile.FILE));
  }

  /**
   * The columns of steps.csv by their names, thinned out to some hundred points; empty where there
   * are none yet.
   */
  public static Map<String, List<Double>> steps(Path folder) {
    return Thinning.byStep(columns(folder.resolve(StepFile.FILE)));
  }

  private static Map<String, List<Double>> columns(Path file) {
    Map<String, List<Double>> columns = new LinkedHashMap<>();
    for (NamedCsvRecord row : rows(file)) {
      if (row.getFieldCount() != row.getHeader().size()) {
        throw new EvenkeelException(
            "%s holds a line of %s where %,d belong"
                .formatted(
                    file, Words.counted(row.getFieldCount(), "field"), row.getHeader().size()));
      }
      row.getFieldsAsMap()
          .forEach(
              (name, value) ->
                  columns.computeIfAbsent(name, n -> new ArrayList<>()).add(number(file, value)));
    }
    return columns;
  }

  /** What layers.csv says, by layer and name over the epochs; empty where there is none. */
  static Map<String, Map<String, SortedMap<Double, Double>>> layers(Path folder) {
    Path file = folder.resolve(Observations.FILE);
    Map<String, Map<String, SortedMap<Double, Double>>> layers = new LinkedHashMap<>();
    for (NamedCsvRecord row : rows(file)) {
      layers
          .computeIfAbsent(row.getField("layer"), l -> new LinkedHashMap<>())
          .computeIfAbsent(row.getField("what"), w -> new TreeMap<>())
          .put(number(file, row.getField("epoch")), number(file, row.getField("value")));
    }
    return layers;
  }

  private static List<NamedCsvRecord> rows(Path file) {
    if (!Files.exists(file)) {
      return List.of();
    }
    try {
      String text = Files.readString(file);
      String whole =
          text.substring(0, text.lastIndexOf('\n') + 1); // else it is still being written
      try (CsvReader<NamedCsvRecord> reader = CsvReader.builder().ofNamedCsvRecord(whole)) {
        return reader.stream().toList();
      }
    } catch (IOException e) {
      throw Unreadable.because(file, e);
    } catch (CsvParseException e) {
      throw new EvenkeelException("Cannot read %s: %s".formatted(file, e.getMessage()), e);
    }
  }

  private static Double number(Path file, String text) {
    try {
      return Plot.Line.orNull(Double.parseDouble(text));
    } catch (NumberFormatException e) {
      throw new EvenkeelException(
          "%s holds \"%s\" where a number belongs".formatted(file, text), e);
    }
  }
}
