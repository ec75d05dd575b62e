package dev.evenkeel.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.evenkeel.data.InputColumns;
import dev.evenkeel.data.Preparation;
import dev.evenkeel.data.Scaling;
import dev.evenkeel.data.Table;
import dev.evenkeel.data.TargetChoice;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PredictionFileTest {

  /** A file on a disk that is full. */
  private static final class Full extends Writer {
    @Override
    public void write(char[] text, int from, int length) throws IOException {
      throw new IOException("No space left on device");
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }

  @Test
  void aFullDiskIsNoFaultOfTheFileWhoseColumnsAreCopied(@TempDir Path folder) throws IOException {
    StringBuilder rows = new StringBuilder("x,y\n");
    for (int i = 0; i < 5000; i++) {
      rows.append(i).append(',').append(i * 0.5).append('\n');
    }
    Table table = Table.read(Files.writeString(folder.resolve("in.csv"), rows));
    TargetChoice choice = TargetChoice.of(table, List.of("y"), Optional.empty());
    Preparation preparation =
        Preparation.fit(table, choice, List.of(), new int[] {0, 1, 2}, Scaling.STANDARD);
    for (boolean copied : new boolean[] {true, false}) {
      Optional<InputColumns> inputs =
          copied ? Optional.of(InputColumns.of(table, List.of())) : Optional.empty();
      PredictionFile file = new PredictionFile(preparation, new float[5000], 1, inputs);
      for (PredictionFile.Form form : PredictionFile.Form.values()) {
        IOException thrown = assertThrows(IOException.class, () -> file.write(new Full(), form));
        assertEquals("No space left on device", thrown.getMessage());
      }
    }
  }

  /** A number keeps its digits, a code its zeros; what is missing is null. */
  @Test
  void jsonHasTheValuesOfTheFile(@TempDir Path folder) throws IOException {
    String csv =
        """
        id,zip,note,vec,price,y
        12345678901234567890,01067,"a ""b\"\"","[1, 2.5]",1.50,3
        2,12345,,,NA,4
        3,00010,NA,"[3, 4]",+7,5
        """;
    Table table = Table.read(Files.writeString(folder.resolve("in.csv"), csv));
    TargetChoice choice = TargetChoice.of(table, List.of("y"), Optional.empty());
    Preparation preparation =
        Preparation.fit(table, choice, List.of(), new int[] {0, 1, 2}, Scaling.STANDARD);
    InputColumns inputs = InputColumns.of(table, List.of());
    Path out = folder.resolve("out.jsonl");
    new PredictionFile(preparation, new float[] {1.5f, -2, 1e-7f}, 1, Optional.of(inputs))
        .write(out, PredictionFile.Form.of(out));
    assertEquals(
        """
        {"id":12345678901234567890,"zip":"01067","note":"a \\"b\\"","vec":[1.0,2.5],"price":1.50,"y":3,"predicted y":1.5}
        {"id":2,"zip":"12345","note":null,"vec":null,"price":null,"y":4,"predicted y":-2.0}
        {"id":3,"zip":"00010","note":"NA","vec":[3.0,4.0],"price":"+7","y":5,"predicted y":1.0E-7}
        """,
        Files.readString(out));
    Table again = Table.read(out);
    assertEquals("1.0E-7", again.column("predicted y").text(2));
  }

  @Test
  void classesStandBeforeTheirProbabilities(@TempDir Path folder) throws IOException {
    Table table = Table.read(Files.writeString(folder.resolve("k.csv"), "x,kind\n1,a\n2,b\n"));
    TargetChoice choice = TargetChoice.of(table, List.of("kind"), Optional.empty());
    Preparation preparation =
        Preparation.fit(table, choice, List.of(), new int[] {0, 1}, Scaling.STANDARD);
    Path out = folder.resolve("k.NDJSON");
    new PredictionFile(preparation, new float[] {0, 0, 0, 50}, 2, Optional.empty())
        .write(out, PredictionFile.Form.of(out));
    assertEquals(
        """
        {"kind":"a","p(a)":0.5,"p(b)":0.5}
        {"kind":"b","p(a)":1.9287499E-22,"p(b)":1.0}
        """,
        Files.readString(out));
  }
}
