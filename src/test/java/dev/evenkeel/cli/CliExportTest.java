package dev.evenkeel.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import com.fasterxml.jackson.databind.JsonNode;
import dev.evenkeel.io.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code export} writes where; that it is right, the tests of its package show. */
class CliExportTest {

  @TempDir static Path shared;
  @TempDir Path folder;

  private static Path run;

  @BeforeAll
  static void train() {
    run = shared.resolve("run");
    CommandLineRun.of("train --steps 2 --hidden 4 --norm batch --out", run).succeeded();
  }

  private static CommandLineRun export(Object... more) {
    return CommandLineRun.of("export --model", run, more);
  }

  private static Set<String> operators(Path file) throws IOException {
    return ModelProto.parseFrom(Files.readAllBytes(file)).getGraph().getNodeList().stream()
        .map(NodeProto::getOpType)
        .collect(Collectors.toSet());
  }

  @Test
  void onnxLiesBesideTheModelUnlessToldOtherwise() throws IOException {
    JsonNode result = export("--format onnx --json").json();
    assertEquals("onnx", result.get("format").asText());
    assertEquals(run.resolve("model.onnx").toString(), result.get("files").get(0).asText());
    assertEquals(
        Set.of("Sub", "Div", "Gemm", "Relu", "Softmax"), operators(run.resolve("model.onnx")));
    Path kept = folder.resolve("kept.onnx");
    export("--format onnx --keep-norms --out", kept).succeeded().says("written: " + kept);
    assertTrue(operators(kept).contains("BatchNormalization"));
  }

  @Test
  void weightsAreFoldedOrAsTrained() {
    Path file = folder.resolve("w.safetensors");
    export("--format safetensors --out", file).succeeded();
    assertEquals(
        Set.of("0.weight", "0.bias", "2.weight", "2.bias"),
        Safetensors.read(file).tensors().keySet());
    export("--format safetensors --keep-norms --out", file).succeeded();
    Safetensors.Content kept = Safetensors.read(file);
    Safetensors.Content model = Safetensors.read(run.resolve("model.safetensors"));
    assertEquals(model.tensors().keySet(), kept.tensors().keySet());
    assertArrayEquals(model.floats("1.running_var"), kept.floats("1.running_var"));
  }

  @Test
  void aModuleHasItsWeightsBesideIt() throws IOException {
    Path python = folder.resolve("digits.py");
    export("--format torch --out", python)
        .succeeded()
        .says("written: " + python, folder.resolve("digits.safetensors").toString());
    assertTrue(Files.readString(python).contains("with_name(\"digits.safetensors\")"));
    assertTrue(Files.exists(folder.resolve("digits.safetensors")));
  }

  @Test
  void theRunsOwnFilesAreNeverReplaced() throws IOException {
    byte[] before = Files.readAllBytes(run.resolve("model.safetensors"));
    export("--format torch --out", run.resolve("model.py"))
        .refused("would replace the run's own file", "help: another --out");
    export("--format safetensors --out", run.resolve("checkpoint.safetensors"))
        .refused("would replace the run's own file");
    assertArrayEquals(before, Files.readAllBytes(run.resolve("model.safetensors")));
    assertFalse(Files.exists(run.resolve("model.py")));
  }

  @Test
  void wrongOptionsAreRefused() {
    export("--format pickle").refused("'pickle' is not onnx or safetensors or torch");
    export().refused("Missing required option: '--format=FORMAT'");
    export("--format torch --out", folder.resolve("net.txt"))
        .refused("--out must end in .py; it is ");
    export("--format torch --out /").refused("--out must end in .py; it is " + Path.of("/"));
    export("--format onnx --out -").refused("--out - stands for stdout", "help: --out FILE");
    assertFalse(Files.exists(Path.of("-")));
    CommandLineRun.of("export --model", folder, "--format onnx")
        .refused("There is no model at " + folder);
  }

  @Test
  void withoutTheProtobufLibraryItIsNamed() {
    CommandLineRun.without(
            "tribuo-util-onnx",
            "export --model",
            run,
            "--format onnx --out",
            folder.resolve("m.onnx"))
        .refused("help: add the dependency org.tribuo:tribuo-util-onnx");
  }

  @Test
  void singleRowsAreTimed() {
    JsonNode result = CommandLineRun.of("bench --single --hidden 8 --steps 100 --json").json();
    assertTrue(result.get("row_us_median").asDouble() > 0);
    assertEquals(784 * 8 + 16 + 80 + 10, result.get("parameters").asInt());
  }
}
