package dev.evenkeel.deploy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.evenkeel.EvenkeelException;
import dev.evenkeel.io.Hdf5File;
import dev.evenkeel.io.Json;
import dev.evenkeel.io.Unreadable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Reads a multi-layer perceptron that Keras saved: a {@code .keras} archive of Keras 3, or an
 * {@code .h5} file of Keras 2 with the model in it; Sequential, or Functional without branches.
 * Batch norms keep Keras' conventions.
 *
 * <p>Needs {@code io.jhdf:jhdf}, an optional dependency.
 */
public final class KerasImport {

  private KerasImport() {}

  public static Imported read(Path path) {
    try {
      byte[] bytes = Files.readAllBytes(path);
      if (startsWith(bytes, "PK")) {
        Map<String, byte[]> parts = KerasArchive.read(path);
        try (Hdf5File weights =
            new Hdf5File(parts.get(KerasArchive.WEIGHTS), path + ", " + KerasArchive.WEIGHTS)) {
          String json = new String(parts.get(KerasArchive.CONFIG), StandardCharsets.UTF_8);
          return model(path, json, KerasWeights.ofArchive(weights));
        }
      }
      if (startsWith(bytes, "\u0089HDF")) {
        try (Hdf5File file = new Hdf5File(bytes, path.toString())) {
          return legacy(path, file);
        }
      }
      throw new EvenkeelException(
          "%s is neither a .keras archive nor an HDF5 file. help: in Python, model.save('model.keras')"
              .formatted(path));
    } catch (NoClassDefFoundError e) {
      throw new EvenkeelException(
          "Keras' files can't be read: %s is not on the class path. help: add the dependency io.jhdf:jhdf, which Evenkeel leaves out unless asked"
              .formatted(e.getMessage().replace('/', '.')),
          e);
    } catch (IOException e) {
      throw Unreadable.because(path, e);
    } catch (OutOfMemoryError e) {
      throw new EvenkeelException("%s is too large for Java's memory".formatted(path), e);
    }
  }

  private static boolean startsWith(byte[] bytes, String text) {
    byte[] start = text.getBytes(StandardCharsets.ISO_8859_1);
    return bytes.length >= start.length
        && new String(bytes, 0, start.length, StandardCharsets.ISO_8859_1).equals(text);
  }

  private static Imported legacy(Path path, Hdf5File file) {
    List<String> config =
        file.texts("", "model_config")
            .orElseThrow(
                () ->
                    new EvenkeelException(
                        "%s has no model_config: it holds weights alone. help: in Python, model.save('model.keras') keeps the layers too"
                            .formatted(path)));
    return model(path, String.join("", config), KerasWeights.ofLegacy(file));
  }

  private static Imported model(Path path, String json, KerasWeights weights) {
    JsonNode config = Json.read(json, JsonNode.class, path + ", the model's configuration");
    KerasConfig chain = KerasConfig.of(config, path.toString());
    return ImportedModel.of(
        path.toString(), new KerasLayers(path, chain, weights).read(), List.of());
  }
}
