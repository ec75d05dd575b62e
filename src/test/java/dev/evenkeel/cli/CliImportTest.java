package dev.evenkeel.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.fasterxml.jackson.databind.JsonNode;
import dev.evenkeel.deploy.ForeignOnnx;
import dev.evenkeel.deploy.KerasFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code import} makes, and that the other commands take it. */
class CliImportTest {

  private static final String ROWS = "a,b,c,d,e,f,kind\n1,2,3,4,5,6,1\n0,-1,0.5,2,2,1,0\n";

  @TempDir Path folder;

  private Path onnx() {
    ForeignOnnx onnx = new ForeignOnnx("pytorch", 17);
    String x = onnx.node("Relu", onnx.batchNorm(onnx.linear(onnx.input("x", 6), 6, 8), 8));
    return onnx.write(folder.resolve("net.onnx"), onnx.linear(x, 8, 3), 3);
  }

  private Path run() {
    return folder.resolve("run");
  }

  private CommandLineRun imported(Object file, Object... more) {
    return CommandLineRun.of("import", file, "--out", run(), more);
  }

  @Test
  void everyCommandTakesWhatWasImported() throws IOException {
    Path keras = folder.resolve("net.keras");
    Files.write(keras, KerasFiles.read("keras3.keras"));
    imported(keras)
        .succeeded()
        .says("Layer \"bn_1\" has no gamma", "3 outputs: classes 0, 1, 2", "written: ");
    Path rows = Files.writeString(folder.resolve("rows.csv"), ROWS);
    JsonNode evaluated =
        CommandLineRun.of("evaluate --model", run(), "--data", rows, "--json").json();
    assertEquals(2, evaluated.get("rows").asInt());
    Path out = folder.resolve("p.csv");
    CommandLineRun.of("predict --model", run(), "--data", rows, "--out", out).succeeded();
    assertEquals("label,p(0),p(1),p(2)", Files.readAllLines(out).get(0));
    CommandLineRun.of("export --model", run(), "--format onnx").succeeded();
    JsonNode summary = CommandLineRun.of("summary --model", run(), "--json").json();
    assertEquals(6, summary.get("inputs").asInt());
    CommandLineRun.of("train --resume", run()).refused("There is no checkpoint to resume");
    CommandLineRun.of("evaluate --model", run())
        .refused("does not say which data it was trained on. help: --data NAME|FILE");
  }

  @Test
  void jsonSaysWhatWasRead() {
    JsonNode json = imported(onnx(), "--classes ant,bee,cat --json").json();
    assertEquals(6 * 8 + 8 + 16 + 27, json.get("parameters").asInt());
    assertEquals("bee", json.get("target").get("classes").get(1).asText());
    assertEquals(run().resolve("model.safetensors").toString(), json.get("model").asText());
    imported(onnx()).refused("holds a run already");
  }

  @Test
  void wrongInputsAreRefused() throws IOException {
    for (String name : List.of("no.onnx", "no.keras", "no.h5")) {
      Path missing = folder.resolve(name);
      imported(missing).refused("There is no file " + missing + ". help: check the path");
    }
    imported(Path.of("no.onnx")).refused("There is no file no.onnx (in the folder ");
    imported(folder.resolve("net.pt")).refused("is no .onnx, .keras or .h5 file. help: PyTorch");
    imported(onnx(), "--classes a,b").refused("has 3 outputs, so it needs the names of 3");
    imported(onnx(), "--output z").refused("has 1 output, [y], and none of them is z");
    Path keras = folder.resolve("net.h5");
    Files.write(keras, KerasFiles.read("keras2.h5"));
    imported(keras, "--output z").refused("--output is for ONNX files");
    Files.write(keras, new byte[10]);
    imported(keras).refused("is neither a .keras archive nor an HDF5 file");
    CommandLineRun.of("import", keras).refused("Missing required option: '--out=DIR'");
    assertFalse(Files.exists(run()), "a failed import leaves no folder");
  }

  @Test
  void aMissingLibraryIsNamed() throws IOException {
    Path keras = folder.resolve("net.h5");
    Files.write(keras, KerasFiles.read("keras2.h5"));
    CommandLineRun.without("jhdf", "import", keras, "--out", run())
        .refused("Keras' files can't be read: io.jhdf.", "help: add the dependency io.jhdf:jhdf");
    CommandLineRun.without("tribuo-util-onnx", "import", onnx(), "--out", run())
        .refused("ONNX can't be read: ", "help: add the dependency org.tribuo:tribuo-util-onnx");
  }
}
