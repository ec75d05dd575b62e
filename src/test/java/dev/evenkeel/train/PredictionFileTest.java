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
      IOException thrown = assertThrows(IOException.class, () -> file.write(new Full()));
      assertEquals("No space left on device", thrown.getMessage());
    }
  }
}
