package dev.evenkeel.gpu;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.cli.Main;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the command line reaches on a real GPU, on data that everybody knows. */
class GpuAccuracyTest {

  @TempDir Path folder;

  @BeforeEach
  void aGpuIsThere() {
    Gpu.require();
  }

  /** The recipe of docs/measurements; 98.5 % is what it reaches on the CPU. */
  @ParameterizedTest
  @CsvSource({"tf32, 0.985", "bf16, 0.985"})
  void mnist(String precision, double least) throws Exception {
    String data = System.getenv().getOrDefault("EVENKEEL_DATA", "data");
    Assumptions.assumeTrue(
        Files.isDirectory(Path.of(data, "mnist")),
        "MNIST is not in %s: scripts/gpu-bundle --with-data mnist packs it".formatted(data));
    assertTrue(accuracy("mnist", precision) >= least);
  }

  @ParameterizedTest
  @CsvSource({"tf32, 0.97", "bf16, 0.97"})
  void digits(String precision, double least) throws Exception {
    assertTrue(accuracy("digits", precision) >= least);
  }

  /** In a process of its own, as a user would run it. */
  private double accuracy(String data, String precision) throws Exception {
    String command =
        "train --data %s --hidden 512,512,512 --epochs 20 --batch 256 --optimizer adamw --lr 1e-3 --schedule cosine --dropout 0.1 --seed 1 --json --device %s --precision %s --out"
            .formatted(data, Gpu.name(), precision);
    ProcessBuilder builder = new ProcessBuilder(Gpu.java());
    builder.command().add(Main.class.getName());
    builder.command().addAll(List.of(command.split(" ")));
    builder.command().add(folder.resolve("run").toString());
    builder.redirectError(ProcessBuilder.Redirect.INHERIT);
    Process process = builder.start();
    String json = new String(process.getInputStream().readAllBytes());
    assertTrue(process.waitFor(10, TimeUnit.MINUTES) && process.exitValue() == 0, json);
    System.out.println(json.strip());
    return Double.parseDouble(
        json.replaceAll("(?s).*\"(?:test_accuracy|valid_accuracy)\":([0-9.]+).*", "$1"));
  }
}
