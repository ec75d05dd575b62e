package dev.evenkeel.deploy;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import dev.evenkeel.io.Json;
import dev.evenkeel.io.OnnxModel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Reads a multi-layer perceptron from an ONNX file, as PyTorch, tf2onnx, skl2onnx and {@link
 * OnnxFile} write them: a chain of layers from one input to one output. Batch norms keep their
 * writer's conventions.
 *
 * <p>Needs {@code org.tribuo:tribuo-util-onnx}, an optional dependency.
 */
public final class OnnxImport {

  private OnnxImport() {}

  /** A file with one output. */
  public static Imported read(Path path) {
    return read(path, Optional.empty());
  }

  /**
   * @param output its name, where a file has several
   */
  public static Imported read(Path path, Optional<String> output) {
    try {
      OnnxModel file = OnnxModel.read(path);
      OnnxChain chain = new OnnxChain(file, output(file, output));
      ImportedLayers layers = chain.walk();
      List<String> classes = chain.classes();
      if (classes.isEmpty() && file.metadata().containsKey("classes")) {
        String where = path + ", metadata \"classes\"";
        classes = Arrays.asList(Json.read(file.metadata().get("classes"), String[].class, where));
      }
      return ImportedModel.of(path.toString(), layers, classes);
    } catch (NoClassDefFoundError e) {
      throw new EvenkeelException(
          "ONNX can't be read: %s is not on the class path. help: add the dependency org.tribuo:tribuo-util-onnx, which Evenkeel leaves out unless asked"
              .formatted(e.getMessage().replace('/', '.')),
          e);
    }
  }

  private static String output(OnnxModel file, Optional<String> wish) {
    List<String> outputs = file.outputs();
    if (wish.isPresent() && outputs.contains(wish.get())) {
      return wish.get();
    }
    if (wish.isPresent() || outputs.size() != 1) {
      throw new EvenkeelException(
          "%s has %s, %s, and %s. help: --output NAME chooses one"
              .formatted(
                  file.path(),
                  Words.counted(outputs.size(), "output"),
                  outputs,
                  wish.map(name -> "none of them is " + name).orElse("a model has one")));
    }
    return outputs.get(0);
  }
}
