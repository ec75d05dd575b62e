package dev.evenkeel.deploy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.evenkeel.EvenkeelException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The layers of a Keras model's configuration, in the order in which they run.
 *
 * @param listed the same in the file's order, by which archives number their weights
 */
record KerasConfig(List<Entry> chain, List<Entry> listed) {

  /** One layer, with its own settings. */
  record Entry(String kind, String name, JsonNode config) {

    double real(String key, double absent) {
      JsonNode value = config.path(key);
      return value.isNumber() ? value.asDouble() : absent;
    }

    boolean flag(String key, boolean absent) {
      return config.path(key).asBoolean(absent);
    }
  }

  /** A model needs no more, and a walk through them stays short. */
  private static final int MOST_LAYERS = 10_000;

  static KerasConfig of(JsonNode root, String source) {
    String kind = root.path("class_name").asText();
    JsonNode config = root.path("config");
    JsonNode layers = config.isArray() ? config : config.path("layers");
    if (!layers.isArray() || layers.size() > MOST_LAYERS) {
      throw new EvenkeelException(
          "%s holds no Sequential or Functional model of Keras, but \"%s\""
              .formatted(source, kind));
    }
    List<Entry> listed = new ArrayList<>();
    Map<String, JsonNode> nodes = new LinkedHashMap<>();
    for (JsonNode layer : layers) {
      String name = layer.path("config").path("name").asText(layer.path("name").asText());
      Entry entry = new Entry(layer.path("class_name").asText(), name, layer.path("config"));
      listed.add(entry);
      if (nodes.put(name, layer.path("inbound_nodes")) != null) {
        throw new EvenkeelException("%s has two layers \"%s\"".formatted(source, name));
      }
    }
    return switch (kind) {
      case "Sequential" -> new KerasConfig(listed, listed);
      case "Functional", "Model" -> new KerasConfig(chain(config, listed, nodes, source), listed);
      default ->
          throw new EvenkeelException(
              "%s holds a model of class \"%s\". help: Sequential, and Functional without branches, can be taken"
                  .formatted(source, kind));
    };
  }

  /** From the one output backwards to the one input. */
  private static List<Entry> chain(
      JsonNode config, List<Entry> listed, Map<String, JsonNode> nodes, String source) {
    Map<String, Entry> byName = new HashMap<>();
    listed.forEach(entry -> byName.put(entry.name(), entry));
    Set<String> inputs = names(config.path("input_layers"), byName);
    Set<String> outputs = names(config.path("output_layers"), byName);
    if (inputs.size() != 1 || outputs.size() != 1) {
      throw new EvenkeelException(
          "%s has the inputs %s and the outputs %s, but a model of one each is needed"
              .formatted(source, inputs, outputs));
    }
    LinkedHashSet<String> backwards = new LinkedHashSet<>();
    Optional<String> at = outputs.stream().findFirst();
    while (at.isPresent()) {
      String name = at.get();
      Set<String> before = names(nodes.get(name), byName);
      if (!backwards.add(name) || before.size() > 1 || nodes.get(name).size() > 1) {
        throw new EvenkeelException(
            "%s: layer \"%s\" is fed by %s or used more than once. help: only a chain of layers can be taken"
                .formatted(source, name, before));
      }
      at = before.stream().findFirst();
    }
    List<Entry> chain = new ArrayList<>();
    backwards.forEach(name -> chain.add(0, byName.get(name)));
    if (!inputs.contains(chain.get(0).name()) || chain.size() != listed.size()) {
      throw new EvenkeelException(
          "%s is no chain: from %s to %s there are %d of its %d layers. help: only a chain of layers can be taken"
              .formatted(source, inputs, outputs, chain.size(), listed.size()));
    }
    return chain;
  }

  /**
   * Layers that a reference names: ["dense", 0, 0] within lists of Keras 2, "keras_history" of
   * Keras 3.
   */
  private static Set<String> names(JsonNode reference, Map<String, Entry> byName) {
    Set<String> found = new LinkedHashSet<>();
    if (reference.isArray()
        && reference.size() >= 3
        && reference.get(0).isTextual()
        && reference.get(1).isInt()
        && byName.containsKey(reference.get(0).asText())) {
      found.add(reference.get(0).asText());
      return found;
    }
    reference.forEach(part -> found.addAll(names(part, byName)));
    return found;
  }
}
