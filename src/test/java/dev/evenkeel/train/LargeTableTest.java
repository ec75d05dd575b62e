package dev.evenkeel.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.evenkeel.Expect;
import dev.evenkeel.OwnJvm;
import dev.evenkeel.data.Column;
import dev.evenkeel.data.Table;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tables of many rows: every cell comes out, and memory holds the table and its rows once. */
class LargeTableTest {

  private static final int ROWS = 120_000;
  private static final int NUMBERS = 20;

  @TempDir Path folder;

  /** What a process does that has little memory; prints how many rows it has. */
  static final class Load {
    public static void main(String[] args) {
      Parts parts = DataPlan.of(args[0]).withTarget("y").load(note -> {});
      System.out.println(
          parts.train().rows()
              + parts.valid().orElseThrow().rows()
              + parts.test().orElseThrow().rows());
    }
  }

  /** 21 columns of doubles are 20 MB, and the floats for the network are 11 MB. */
  @Test
  void itIsHeldOnce() throws IOException, InterruptedException {
    Path file = folder.resolve("large.csv");
    Random random = new Random(1);
    try (BufferedWriter out = Files.newBufferedWriter(file)) {
      for (int c = 0; c < NUMBERS; c++) {
        out.write("x" + c + ",");
      }
      out.write("y\n");
      for (int row = 0; row < ROWS; row++) {
        for (int c = 0; c <= NUMBERS; c++) {
          out.write((c == 0 ? "" : ",") + random.nextInt(1000));
        }
        out.write('\n');
      }
    }
    String said =
        OwnJvm.said("-XX:+UseSerialGC -Xmn4m -Xmx44m", Load.class, file.toString()).strip();
    assertEquals(Integer.toString(ROWS), said);
  }

  @Test
  void itIsNamedBeforeItIsRead() throws IOException {
    Path file = folder.resolve("hollow.csv");
    try (RandomAccessFile hollow = new RandomAccessFile(file.toFile(), "rw")) {
      hollow.setLength(340_000_000); // takes no room on disk
    }
    List<String> notes = new ArrayList<>();
    Expect.failure(() -> DataPlan.of(file.toString()).load(notes::add), "hollow.csv is damaged");
    assertEquals(List.of("Reading %s, 0.3 GB.".formatted(file)), notes);
  }

  /** Texts from the first row on, below missing ones, and below numbers, over many pieces. */
  @Test
  void everyCellComesOut() throws IOException {
    int rows = 20_000;
    Path file = folder.resolve("mixed.csv");
    try (BufferedWriter out = Files.newBufferedWriter(file)) {
      out.write("early,late,below,number\n");
      for (int row = 0; row < rows; row++) {
        String late = row < 9_000 ? "" : "l" + row % 7;
        String below = row % 3 == 0 ? "b" + row % 11 : Integer.toString(row % 5);
        String first = row < 3 ? "9" : below;
        out.write("e" + row % 13 + "," + late + "," + first + "," + row / 8.0 + "\n");
      }
    }
    Table table = Table.read(file);
    assertEquals(rows, table.rows());
    List<Column> columns = table.columns();
    for (int row = 0; row < rows; row++) {
      assertEquals("e" + row % 13, columns.get(0).text(row));
      assertEquals(row < 9_000, columns.get(1).missing(row));
      if (row >= 9_000) {
        assertEquals("l" + row % 7, columns.get(1).text(row));
      }
      String below = row % 3 == 0 ? "b" + row % 11 : Integer.toString(row % 5);
      assertEquals(row < 3 ? "9" : below, columns.get(2).text(row));
      assertEquals(row / 8.0, ((Column.Numeric) columns.get(3)).values()[row]);
      assertEquals(row + 2, table.line(row));
    }
  }

  /** What a process does that has little memory; prints how many columns there are. */
  static final class Read {
    public static void main(String[] args) {
      System.out.println(Table.read(Path.of(args[0])).columns().size());
    }
  }

  /** As of a few cells with all their genes: 20,000 columns of 4 rows hold less than a megabyte. */
  @Test
  void manyColumnsOfFewRowsTakeLittle() throws IOException, InterruptedException {
    int columns = 20_000;
    Path file = folder.resolve("wide.csv");
    try (BufferedWriter out = Files.newBufferedWriter(file)) {
      for (int row = -1; row < 4; row++) {
        for (int c = 0; c < columns; c++) {
          out.write((c == 0 ? "" : ",") + (row < 0 ? "g" + c : Integer.toString(row + c)));
        }
        out.write('\n');
      }
    }
    String said = OwnJvm.said("-XX:+UseSerialGC -Xmx80m", Read.class, file.toString()).strip();
    assertEquals(Integer.toString(columns), said);
  }
}
