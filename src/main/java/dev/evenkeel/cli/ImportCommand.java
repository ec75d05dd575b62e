package dev.evenkeel.cli;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import dev.evenkeel.data.Task;
import dev.evenkeel.deploy.Imported;
import dev.evenkeel.deploy.KerasImport;
import dev.evenkeel.deploy.OnnxImport;
import dev.evenkeel.nn.Outline;
import dev.evenkeel.train.RunFolder;
import dev.evenkeel.train.SavedModel;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "import",
    description =
        "Takes a multi-layer perceptron over from another library: an ONNX file (of PyTorch, tf2onnx, skl2onnx, Evenkeel), or what Keras saves. Batch norms keep their conventions.",
    customSynopsis = "evenkeel import FILE --out=DIR [OPTIONS]",
    sortOptions = false)
final class ImportCommand implements Runnable {

  @Parameters(paramLabel = "FILE", description = "a .onnx, .keras or .h5 file")
  private Path file;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      required = true,
      description = "folder for model.safetensors")
  private Path out;

  @Option(
      names = "--output",
      paramLabel = "NAME",
      description = "the output to take, where an ONNX file has several")
  private String output;

  @Option(
      names = "--classes",
      paramLabel = "CLASS",
      split = ",",
      description =
          "names of the classes that the outputs are logits of (default: as the file ends: with softmax, or sigmoid of one output, classes 0, 1, …; else values)")
  private List<String> classes = List.of();

  @Mixin private OutputOptions common;

  @Override
  public void run() {
    System.setProperty("org.slf4j.simpleLogger.log.io.jhdf", "warn"); // it tells of each array
    Imported read = read();
    Imported imported = classes.isEmpty() ? read : read.withClasses(classes);
    RunFolder.fillWithModel(out, () -> report(imported, imported.save(out)));
  }

  private Imported read() {
    String name = file.getFileName() == null ? "" : file.getFileName().toString();
    String ending = name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
    if (!List.of("onnx", "keras", "h5", "hdf5").contains(ending)) {
      throw new EvenkeelException(
          "%s is no .onnx, .keras or .h5 file. help: PyTorch writes ONNX by torch.onnx.export; its safetensors are read by WeightFile"
              .formatted(file));
    }
    if (ending.equals("onnx")) {
      return OnnxImport.read(file, Optional.ofNullable(output));
    }
    if (output != null) {
      throw new EvenkeelException("--output is for ONNX files, not for %s".formatted(file));
    }
    return KerasImport.read(file);
  }

  private void report(Imported imported, SavedModel saved) {
    List<Outline.Line> layers = Outline.of(saved.network());
    long parameters = layers.stream().mapToLong(Outline.Line::parameters).sum();
    if (common.json) {
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("model", saved.file().toString());
      result.put("inputs", saved.network().inputs());
      result.put("outputs", saved.network().outputs());
      result.put("layers", layers.stream().map(Outline.Line::layer).toList());
      result.put("parameters", parameters);
      result.put("target", saved.preparation().orElseThrow().target());
      result.put("notes", imported.notes());
      common.result(result);
      return;
    }
    imported.notes().forEach(System.out::println);
    System.out.println(
        "%s, %s, %s, %s: %s"
            .formatted(
                Words.counted(saved.network().inputs(), "input"),
                Words.counted(layers.size(), "layer"),
                Words.counted(parameters, "parameter"),
                Words.counted(saved.network().outputs(), "output"),
                meaning(saved)));
    System.out.println("written: " + saved.file());
  }

  private static String meaning(SavedModel saved) {
    var task = saved.preparation().orElseThrow().target().task();
    return task instanceof Task.Classification c
        ? "classes " + String.join(", ", c.classes())
        : "values; --classes names them if they are logits of classes";
  }
}
