package dev.evenkeel.deploy;

import dev.evenkeel.deploy.KerasConfig.Entry;
import dev.evenkeel.io.Hdf5File;
import dev.evenkeel.io.Hdf5File.Floats;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Finds a layer's arrays in the HDF5 files of either Keras. */
@FunctionalInterface
interface KerasWeights {

  /**
   * @param listed all layers of the model, in the file's order
   * @param names what the layer has, in Keras' order: "kernel", "bias"
   */
  Map<String, Floats> of(Entry layer, List<Entry> listed, List<String> names);

  /** Keras 2: model_weights/dense, whose attribute lists paths that end in the arrays' names. */
  static KerasWeights ofLegacy(Hdf5File file) {
    return (layer, listed, names) -> {
      String group = "model_weights/" + layer.name();
      List<String> paths =
          file.has(group) ? file.texts(group, "weight_names").orElse(List.of()) : List.of();
      Map<String, Floats> found = new LinkedHashMap<>();
      for (String path : paths) {
        String name = path.substring(path.lastIndexOf('/') + 1).replaceFirst(":\\d+$", "");
        if (names.contains(name)) {
          found.put(name, file.floats(group + "/" + path));
        }
      }
      return found;
    };
  }

  /** Keras 3: layers/dense_1/vars/0, named by class and counted, whatever the layer is called. */
  static KerasWeights ofArchive(Hdf5File file) {
    String root =
        file.has("_layer_checkpoint_dependencies") ? "_layer_checkpoint_dependencies" : "layers";
    return (layer, listed, names) -> {
      String group = "%s/%s/vars".formatted(root, place(layer, listed));
      Map<String, Floats> found = new LinkedHashMap<>();
      for (int i = 0; i < names.size(); i++) {
        if (file.has(group + "/" + i)) {
          found.put(names.get(i), file.floats(group + "/" + i));
        }
      }
      return found;
    };
  }

  private static String place(Entry layer, List<Entry> listed) {
    int before = 0;
    for (Entry other : listed) {
      if (other == layer) {
        return snakeCase(layer.kind()) + (before == 0 ? "" : "_" + before);
      }
      before += snakeCase(other.kind()).equals(snakeCase(layer.kind())) ? 1 : 0;
    }
    throw new IllegalArgumentException("not listed: " + layer);
  }

  /** BatchNormalization: batch_normalization. */
  private static String snakeCase(String kind) {
    return kind.replaceAll("\\W+", "")
        .replaceAll("(.)([A-Z][a-z]+)", "$1_$2")
        .replaceAll("([a-z])([A-Z])", "$1_$2")
        .toLowerCase(Locale.ROOT);
  }
}
