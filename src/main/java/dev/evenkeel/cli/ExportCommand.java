package dev.evenkeel.cli;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.data.Feature;
import dev.evenkeel.data.Preparation;
import dev.evenkeel.deploy.Inference;
import dev.evenkeel.deploy.OnnxFile;
import dev.evenkeel.deploy.TorchModule;
import dev.evenkeel.deploy.WeightFile;
import dev.evenkeel.train.SavedModel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "export",
    description =
        "Writes a trained model for other programs: ONNX with the data's preparation inside, plain weights, or a PyTorch module. Dropout goes, and norms are folded into linear layers where they can be.",
    customSynopsis = "evenkeel export --model=DIR|FILE --format=FORMAT [OPTIONS]",
    sortOptions = false)
final class ExportCommand implements Runnable {

  /** What can be written. */
  enum Format {
    ONNX("model.onnx"),
    SAFETENSORS("weights.safetensors"),
    TORCH("network.py");

    private final String file;

    Format(String file) {
      this.file = file;
    }
  }

  @Option(
      names = "--model",
      paramLabel = "DIR|FILE",
      required = true,
      description = "the run folder, or a model file")
  private Path model;

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      required = true,
      description =
          "onnx; safetensors (weights by PyTorch's names); torch (a Python file that rebuilds the module, and its weights beside it)")
  private Format format;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description =
          "where to (default: beside the model, as model.onnx, weights.safetensors or network.py)")
  private Path out;

  @Option(
      names = "--keep-norms",
      description =
          "fold nothing: norms as ONNX operators; for the other formats, every layer as it was trained")
  private boolean keepNorms;

  @Mixin private OutputOptions common;

  @Override
  public void run() {
    if (out != null && out.toString().equals("-")) {
      throw new EvenkeelException(
          "--out - stands for stdout, which takes no model: export writes files. help: --out FILE");
    }
    SavedModel saved = SavedModel.load(model);
    Path target = out != null ? out : saved.file().resolveSibling(format.file);
    Inference inference = Inference.of(saved, form());
    List<Path> written = new ArrayList<>(List.of(target));
    switch (format) {
      case ONNX -> OnnxFile.write(requireOther(target, saved), inference);
      case SAFETENSORS -> WeightFile.write(requireOther(target, saved), inference);
      case TORCH -> {
        Path weights = requireOther(target.resolveSibling(weightsOf(target)), saved);
        WeightFile.write(weights, inference);
        TorchModule.write(target, weights, inference);
        written.add(weights);
      }
    }
    report(written, saved);
  }

  private Inference.Form form() {
    if (!keepNorms) {
      return Inference.Form.FOLDED;
    }
    return format == Format.ONNX ? Inference.Form.WITH_NORMS : Inference.Form.AS_TRAINED;
  }

  private static String weightsOf(Path python) {
    String name = python.toString(); // a root has no name
    if (!name.endsWith(".py")) {
      throw new EvenkeelException(
          "--format torch writes Python, so --out must end in .py; it is %s".formatted(python));
    }
    String own = python.getFileName().toString();
    return own.substring(0, own.length() - 3) + ".safetensors";
  }

  /** The run's own files have what an export leaves out. */
  private static Path requireOther(Path target, SavedModel saved) {
    Path file = saved.file().toAbsolutePath().normalize();
    List<Path> own =
        List.of(
            file,
            file.resolveSibling(SavedModel.MODEL_FILE),
            file.resolveSibling(SavedModel.CHECKPOINT_FILE));
    if (own.contains(target.toAbsolutePath().normalize())) {
      throw new EvenkeelException(
          "Exporting to %s would replace the run's own file. help: another --out"
              .formatted(target));
    }
    return target;
  }

  private void sayDates(Preparation preparation) {
    List<String> dates =
        preparation.features().stream()
            .filter(Feature.Dates.class::isInstance)
            .map(feature -> "\"" + ((Feature.Dates) feature).name() + "\"")
            .toList();
    if (!dates.isEmpty()) {
      System.out.println(
          "ONNX can't read dates: the file takes %s as days since 1970-01-01, the time as a fraction, NaN where missing"
              .formatted(String.join(", ", dates)));
    }
  }

  private void report(List<Path> written, SavedModel saved) {
    if (common.json) {
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("format", format.name().toLowerCase(Locale.ROOT));
      result.put("files", written.stream().map(Path::toString).toList());
      common.result(result);
    } else {
      written.forEach(path -> System.out.println("written: " + path));
      if (format == Format.ONNX) {
        saved.preparation().ifPresent(this::sayDates);
      }
    }
  }
}
