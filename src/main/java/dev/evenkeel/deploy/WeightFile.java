package dev.evenkeel.deploy;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.io.Safetensors;
import dev.evenkeel.io.Safetensors.Tensor;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Parameter;
import dev.evenkeel.train.SavedModel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The weights alone, as a safetensors file that PyTorch users exchange: {@code save_file} of the
 * {@code state_dict} of an equal {@code nn.Sequential}, byte for byte.
 */
public final class WeightFile {

  /** What PyTorch's users put there, and what some readers look for. */
  private static final Map<String, String> METADATA = Map.of("format", "pt");

  private WeightFile() {}

  /** Of the model as it stands. */
  public static void write(Path path, Model model) {
    write(path, model, model.values());
  }

  /** Of what is left of a model. */
  public static void write(Path path, Inference inference) {
    try (Backend backend = Device.cpu(1);
        Model model = inference.network().build(backend, 0)) {
      write(path, model, inference.values());
    }
  }

  private static void write(Path path, Model model, Map<String, float[]> values) {
    List<Parameter> all = model.all();
    all.sort(
        Comparator.comparing((Parameter parameter) -> !parameter.isCount())
            .thenComparing(Parameter::name)); // the format's own order: wide types first
    LinkedHashMap<String, Tensor> tensors = new LinkedHashMap<>();
    for (Parameter parameter : all) {
      tensors.put(parameter.name(), SavedModel.tensor(parameter, values.get(parameter.name())));
    }
    Safetensors.writePlain(path, METADATA, tensors);
  }

  /**
   * Fills a model with the weights of a file, PyTorch's or Evenkeel's. Names and shapes must be the
   * model's own, all of them and no other; otherwise the model stays as it is.
   */
  public static void load(Model model, Path path) {
    Safetensors.Content content = Safetensors.read(path);
    requireNames(model, content);
    Map<String, float[]> values = new LinkedHashMap<>();
    model.all().forEach(one -> values.put(one.name(), values(one, content)));
    model.fill(values);
  }

  private static float[] values(Parameter parameter, Safetensors.Content content) {
    String name = parameter.name();
    long[] seen = content.tensor(name).shape();
    if (!Arrays.equals(seen, parameter.shape())) {
      throw new EvenkeelException(
          "%s: tensor \"%s\" has the shape %s, but the network needs %s"
              .formatted(
                  content.path(), name, Arrays.toString(seen), Arrays.toString(parameter.shape())));
    }
    return SavedModel.values(parameter, content, name);
  }

  private static void requireNames(Model model, Safetensors.Content content) {
    Set<String> missing = new TreeSet<>();
    model.all().forEach(parameter -> missing.add(parameter.name()));
    Set<String> unknown = new TreeSet<>(content.tensors().keySet());
    unknown.removeAll(missing);
    missing.removeAll(content.tensors().keySet());
    if (!missing.isEmpty() || !unknown.isEmpty()) {
      throw new EvenkeelException(
          "%s is of another network: %s, %s. help: describe the network with the same layers in the same order, activations and dropout included"
              .formatted(
                  content.path(),
                  missing.isEmpty() ? "it lacks nothing" : "it lacks " + missing,
                  unknown.isEmpty()
                      ? "and has nothing else"
                      : "and has " + unknown + ", for which there is no place"));
    }
  }
}
