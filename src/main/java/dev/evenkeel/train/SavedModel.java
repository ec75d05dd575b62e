package dev.evenkeel.train;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Required;
import dev.evenkeel.Words;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.data.Preparation;
import dev.evenkeel.data.Target;
import dev.evenkeel.io.Json;
import dev.evenkeel.io.Safetensors;
import dev.evenkeel.io.Safetensors.Tensor;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import dev.evenkeel.nn.Parameter;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.LongStream;

/**
 * A model on disk: a safetensors file with PyTorch's names for the weights, and in its metadata the
 * network's description and what data must go through. A checkpoint is the same with more in it.
 *
 * @param notes the caller's own texts
 */
public record SavedModel(
    Path file,
    Network network,
    Recipe recipe,
    Optional<Preparation> preparation,
    Map<String, String> notes,
    Safetensors.Content content) {

  public static final String MODEL_FILE = "model.safetensors";
  public static final String CHECKPOINT_FILE = "checkpoint.safetensors";

  static final String PREFIX = "evenkeel.";

  /** The note that holds the fingerprints of the rows that trained and validated. */
  static final String ROWS = "rows";

  /** The note that holds the fingerprint of the rows to test on, which the trainer never sees. */
  public static final String TEST_ROWS = "test-rows";

  /**
   * The note of a run that started with the weights of a model which learned from other rows than
   * its own, or does not say from which.
   */
  public static final String STARTED_FROM = "started-from";

  /** The note of a model whose statistics were taken anew, of the data in which its rows were. */
  private static final String ADAPTED_TO = "adapted-to";

  private static final String MAVEN = "/META-INF/maven/dev.evenkeel/evenkeel/pom.properties";
  private static final String DEVELOPMENT = "development";
  private static final String FORMAT = "1";

  /** With another preparation of the data. */
  public SavedModel withPreparation(Preparation other) {
    return new SavedModel(file, network, recipe, Optional.of(other), notes, content);
  }

  /** As one whose statistics are of other data, which may hold the rows that are to test it. */
  public SavedModel adaptedTo(String data) {
    Map<String, String> more = new LinkedHashMap<>(notes);
    more.put(ADAPTED_TO, data);
    return new SavedModel(file, network, recipe, preparation, more, content);
  }

  /** Reads a file, or the model or else the checkpoint in a folder. */
  public static SavedModel load(Path fileOrFolder) {
    Required.there(fileOrFolder, "The path of the model", "a file or a run folder");
    Path file = fileOrFolder;
    if (Files.isDirectory(fileOrFolder)) {
      file = fileOrFolder.resolve(MODEL_FILE);
      if (!Files.exists(file)) {
        file = fileOrFolder.resolve(CHECKPOINT_FILE);
      }
    }
    if (!Files.exists(file)) {
      throw new EvenkeelException(
          "There is no model at %s: neither a file nor a folder with %s or %s"
              .formatted(fileOrFolder, MODEL_FILE, CHECKPOINT_FILE));
    }
    return read(file);
  }

  static SavedModel read(Path file) {
    Safetensors.Content content = Safetensors.read(file);
    Map<String, String> metadata = content.metadata();
    if (!metadata.containsKey(PREFIX + "format")) {
      throw new EvenkeelException(
          "%s is a safetensors file, but not one of Evenkeel's: its metadata has no %sformat"
              .formatted(file, PREFIX));
    }
    if (!metadata.get(PREFIX + "format").equals(FORMAT)) {
      throw new EvenkeelException(
          "%s has format %s, but this version of Evenkeel reads format %s. help: use a newer version"
              .formatted(file, metadata.get(PREFIX + "format"), FORMAT));
    }
    Map<String, String> notes = new LinkedHashMap<>();
    metadata.forEach(
        (key, value) -> {
          if (key.startsWith(PREFIX + "note.")) {
            notes.put(key.substring(PREFIX.length() + 5), value);
          }
        });
    Network network = part(file, metadata, "network", Network.class);
    String prepared = PREFIX + "preparation";
    Optional<Preparation> preparation =
        Optional.ofNullable(metadata.get(prepared))
            .map(text -> Preparation.read(text, file + ", " + prepared));
    Recipe recipe = part(file, metadata, "recipe", Recipe.class);
    SavedModel saved = new SavedModel(file, network, recipe, preparation, notes, content);
    saved.requireSizes("");
    preparation.ifPresent(saved::requireFit);
    return saved;
  }

  /** Before anything is allocated: a description alone could ask for any amount of memory. */
  private void requireSizes(String prefix) {
    network
        .sizes()
        .forEach(
            (name, size) -> {
              long[] shape = content.tensor(prefix + name).shape();
              long seen = LongStream.of(shape).reduce(1, (a, b) -> a * b);
              if (seen != size) {
                throw new EvenkeelException(
                    "%s: tensor \"%s\" has %s, but its layer needs %,d"
                        .formatted(file, prefix + name, Words.counted(seen, "value"), size));
              }
            });
  }

  private void requireFit(Preparation p) {
    if (p.width() != network.inputs()) {
      throw new EvenkeelException(
          "%s: its preparation makes %s, but its network takes %,d"
              .formatted(file, Words.counted(p.width(), "feature"), network.inputs()));
    }
    int answers = p.target().task().outputs();
    boolean oneLogit =
        network.outputs() == 1 && p.target() instanceof Target.Labels && answers == 2;
    if (network.outputs() != answers && !oneLogit) {
      throw new EvenkeelException(
          "%s: its network has %s, but its target needs %,d"
              .formatted(file, Words.counted(network.outputs(), "output"), answers));
    }
  }

  /**
   * Whether these rows, as they are now, are the ones that trained and validated it: then none of
   * the others was ever seen.
   */
  public boolean learnedFrom(Parts parts) {
    return Json.write(parts.fingerprints()).equals(notes.get(ROWS));
  }

  /** Whether it says which rows trained it. */
  boolean tellsRows() {
    return notes.containsKey(ROWS);
  }

  /** Whether these are the rows that trained it, whichever validated. */
  boolean trainedOn(Dataset rows) {
    List<?> known = Json.read(notes.getOrDefault(ROWS, "[]"), List.class, file.toString());
    return !known.isEmpty() && rows.fingerprint().equals(known.get(0));
  }

  /**
   * Whether it may have seen rows that its training did not learn from: before, or when it was
   * adapted.
   */
  public boolean mayKnowOthers() {
    return notes.containsKey(STARTED_FROM) || notes.containsKey(ADAPTED_TO);
  }

  /**
   * What rows that this training did not learn from are to the model: " that training never saw",
   * or less, where it may know them.
   */
  public String unseen() {
    String adapted = notes.containsKey(ADAPTED_TO) ? ", but adapt may have" : "";
    return notes.containsKey(STARTED_FROM)
        ? " that this training never saw, but the model that it started from may have"
        : " that training never saw" + adapted;
  }

  /**
   * What a checkpoint was trained on at last: another device goes on as well, but for last bits.
   */
  public String device() {
    return Checkpoint.progress(this).device();
  }

  /** Whether these are the rows that were to test it. Empty where the file does not say. */
  public Optional<Boolean> testedOn(Dataset rows) {
    return Optional.ofNullable(notes.get(TEST_ROWS)).map(text -> text.equals(rows.fingerprint()));
  }

  static <T> T part(Path file, Map<String, String> metadata, String key, Class<T> type) {
    String text = metadata.get(PREFIX + key);
    if (text == null) {
      throw new EvenkeelException("%s lacks %s%s in its metadata".formatted(file, PREFIX, key));
    }
    return Json.read(text, type, file + ", " + PREFIX + key);
  }

  static Map<String, String> metadata(
      Network network,
      Recipe recipe,
      Optional<Preparation> preparation,
      Map<String, String> notes) {
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put(PREFIX + "format", FORMAT);
    metadata.put(PREFIX + "version", version());
    metadata.put(PREFIX + "network", Json.write(network));
    metadata.put(PREFIX + "recipe", Json.write(recipe));
    preparation.ifPresent(p -> metadata.put(PREFIX + "preparation", Json.write(p)));
    notes.forEach((key, value) -> metadata.put(PREFIX + "note." + key, value));
    return metadata;
  }

  /**
   * Evenkeel's own version, as files and the command line show it: of the module, or as Maven notes
   * it in each jar, and jars that hold several keep it.
   */
  public static String version() {
    Module module = SavedModel.class.getModule();
    if (module.isNamed()) {
      return module.getDescriptor().rawVersion().orElse(DEVELOPMENT);
    }
    Properties properties = new Properties();
    try (InputStream in = SavedModel.class.getResourceAsStream(MAVEN)) {
      if (in != null) {
        properties.load(in);
      }
    } catch (IOException e) {
      return DEVELOPMENT;
    }
    return properties.getProperty("version", DEVELOPMENT);
  }

  static void write(
      Path file,
      Model model,
      Recipe recipe,
      Optional<Preparation> preparation,
      Map<String, String> notes) {
    LinkedHashMap<String, Tensor> tensors = new LinkedHashMap<>();
    put(tensors, "", model, model.values());
    Safetensors.write(file, metadata(model.network(), recipe, preparation, notes), tensors);
  }

  /** Writes a model of this network, with all else that was stored beside this one. */
  public void write(Path target, Model model) {
    write(target, model, recipe, preparation, notes);
  }

  /** Adds the values of a model as PyTorch has them, with a prefix to their names. */
  static void put(
      Map<String, Tensor> tensors, String prefix, Model model, Map<String, float[]> values) {
    for (Parameter parameter : model.all()) {
      tensors.put(prefix + parameter.name(), tensor(parameter, values.get(parameter.name())));
    }
  }

  /** A parameter's values as PyTorch stores them: a count is an integer. */
  public static Tensor tensor(Parameter parameter, float[] values) {
    return parameter.isCount()
        ? Tensor.of(new long[] {(long) values[0]})
        : Tensor.of(values, parameter.shape());
  }

  /** The values of a parameter that is stored under that name. */
  public static float[] values(Parameter parameter, Safetensors.Content content, String name) {
    return parameter.isCount() ? new float[] {content.longs(name)[0]} : content.floats(name);
  }

  /** The model with its weights, on a device; of a checkpoint the best so far, if they are kept. */
  public Model build(Backend backend) {
    Model model = network.build(backend, 0);
    Map<String, float[]> best = Checkpoint.best(this, model);
    model.fill(best.isEmpty() ? values(model, "") : best);
    return model;
  }

  /** For a model of the same network, of the tensors whose names begin with a prefix. */
  Map<String, float[]> values(Model model, String prefix) {
    requireSizes(prefix);
    Map<String, float[]> all = new LinkedHashMap<>();
    for (Parameter parameter : model.all()) {
      all.put(parameter.name(), values(parameter, content, prefix + parameter.name()));
    }
    return all;
  }
}
