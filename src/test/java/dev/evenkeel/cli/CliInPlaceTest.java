package dev.evenkeel.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.OwnJvm;
import dev.evenkeel.io.NpyFiles;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Commands in processes whose memory is smaller than their data: 8 million numbers. */
@Timeout(120)
class CliInPlaceTest {

  private static final int ROWS = 160_000;
  private static final int COLUMNS = 50;
  private static final String LITTLE = "-XX:+UseSerialGC -Xmn4m -Xmx40m";

  @TempDir Path folder;
  private Path x;
  private Path y;

  @BeforeEach
  void write() {
    byte[] bytes = new byte[ROWS * COLUMNS];
    new Random(1).nextBytes(bytes);
    byte[] labels = new byte[ROWS];
    for (int row = 0; row < ROWS; row++) {
      labels[row] = (byte) (bytes[row * COLUMNS] > 0 ? 1 : 0);
    }
    x = folder.resolve("x.npy");
    y = folder.resolve("y.npy");
    NpyFiles.write(x, 1, "|i1", false, "%d, %d".formatted(ROWS, COLUMNS), bytes);
    NpyFiles.write(y, 1, "|u1", false, ROWS + ",", labels);
  }

  private static String said(String options, Object... words)
      throws IOException, InterruptedException {
    String[] texts = new String[words.length];
    for (int i = 0; i < words.length; i++) {
      texts[i] = words[i].toString();
    }
    return OwnJvm.said(options, Main.class, texts);
  }

  @Test
  void everyCommandTakesThem() throws IOException, InterruptedException {
    Path run = folder.resolve("run");
    String trained =
        said(
            LITTLE,
            "train",
            "--data",
            x,
            "--target",
            y,
            "--hidden",
            8,
            "--epochs",
            1,
            "--batch",
            512,
            "--out",
            run);
    assertTrue(trained.contains("x.npy is read where it lies, row by row"), trained);
    byte[][] answers = new byte[2][];
    for (int i = 0; i < 2; i++) {
      String options = i == 0 ? LITTLE : "-Xmx600m";
      Path answer = folder.resolve(i + ".csv");
      said(options, "predict", "--model", run, "--data", x, "--out", answer);
      answers[i] = Files.readAllBytes(answer);
    }
    assertArrayEquals(answers[1], answers[0]);
    String measured = said(LITTLE, "evaluate", "--model", run, "--data", x, "--target", y);
    assertTrue(measured.contains("32,000 test rows that training never saw"), measured);
    String more =
        said(
            LITTLE,
            "train",
            "--from",
            run,
            "--data",
            x,
            "--target",
            y,
            "--epochs",
            1,
            "--out",
            folder.resolve("more"));
    assertTrue(more.contains("epoch 1/1"), more);
  }

  @ParameterizedTest
  @CsvSource({"|i1, 50", "<f2, 25"})
  void aFileThatIsCutIsOneSentence(String type, int columns)
      throws IOException, InterruptedException {
    byte[] bytes = new byte[ROWS * COLUMNS];
    new Random(1).nextBytes(bytes);
    for (int i = 1; i < bytes.length; i += 2) {
      bytes[i] &= (byte) 0xBF; // of 16-bit floats none infinite
    }
    NpyFiles.write(x, 1, type, false, "%d, %d".formatted(ROWS, columns), bytes);
    Path run = folder.resolve("run");
    Process process =
        OwnJvm.start(
            LITTLE,
            Main.class,
            "train",
            "--data=" + x,
            "--target=" + y,
            "--hidden=8",
            "--epochs=100000",
            "--out=" + run);
    StringBuilder said = new StringBuilder();
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      boolean cut = false;
      for (String line; (line = lines.readLine()) != null; ) {
        said.append(line).append('\n');
        if (!cut && line.startsWith("epoch")) {
          cut = true;
          try (RandomAccessFile file = new RandomAccessFile(x.toFile(), "rw")) {
            file.setLength(5_000);
          }
        }
      }
    }
    assertEquals(2, process.waitFor(), said::toString);
    assertTrue(
        said.toString()
            .matches(
                "(?s).*evenkeel: \\S+x.npy has no row [\\d,]+ any more: it became shorter. help: .*"),
        said::toString);
    assertTrue(Files.exists(run.resolve("checkpoint.safetensors")), "what was learned is kept");
  }
}
