package dev.evenkeel.deploy;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.io.OnnxModel;
import dev.evenkeel.io.OnnxModel.Node;
import dev.evenkeel.io.OnnxTensor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Walks an ONNX graph from its one input to one output, and hands each layer on. */
final class OnnxChain {

  static final String CAN_BE_TAKEN =
      "a chain of Gemm, MatMul, Add, Sub, Mul and Div by constants, BatchNormalization, LayerNormalization, RMSNormalization, activations, Dropout, Flatten and Reshape to rows, with Softmax or Sigmoid at its end, can be taken";

  private final OnnxModel file;
  private final String output;
  private final ImportedLayers layers;
  private final OnnxSteps steps;

  /** Of each value, as far as the output needs them, in the order of the file. */
  private final Map<String, List<Node>> users = new HashMap<>();

  private String at;

  OnnxChain(OnnxModel file, String output) {
    this.file = file;
    this.output = output;
    Set<String> free = findUsers();
    List<OnnxModel.Input> inputs =
        file.inputs().stream().filter(input -> free.contains(input.name())).toList();
    if (inputs.size() != 1 || free.size() != 1) {
      throw new EvenkeelException(
          "%s: \"%s\" is computed from %s, but a network of one input [rows, features] is needed"
              .formatted(file.path(), output, free.isEmpty() ? "no input" : "the inputs " + free));
    }
    this.at = inputs.get(0).name();
    List<Long> shape = inputs.get(0).shape();
    this.layers =
        new ImportedLayers(
            file.path() + ": input \"" + at + "\"",
            shape.isEmpty() ? shape : shape.subList(1, shape.size()));
    this.steps = new OnnxSteps(file, layers);
  }

  /** Backwards from the output; returns what no node makes. */
  private Set<String> findUsers() {
    Map<String, Node> makers = new HashMap<>();
    file.nodes().forEach(node -> node.outputs().forEach(name -> makers.put(name, node)));
    Set<Node> needed = new HashSet<>();
    Set<String> free = new HashSet<>();
    Set<String> seen = new HashSet<>();
    Deque<String> waiting = new ArrayDeque<>(List.of(output));
    while (!waiting.isEmpty()) {
      String name = waiting.poll();
      if (name.isEmpty() || file.isConstant(name) || !seen.add(name)) {
        continue;
      }
      Node maker = makers.get(name);
      if (maker == null) {
        free.add(name);
      } else if (needed.add(maker)) {
        waiting.addAll(maker.inputs());
      }
    }
    for (Node node : file.nodes()) {
      if (needed.contains(node)) {
        for (String name : new HashSet<>(node.inputs())) {
          users.computeIfAbsent(name, none -> new ArrayList<>()).add(node);
        }
      }
    }
    return free;
  }

  ImportedLayers walk() {
    Set<String> passed = new HashSet<>();
    while (!at.equals(output)) {
      if (!passed.add(at)) {
        throw new EvenkeelException("%s: \"%s\" leads to itself".formatted(file.path(), at));
      }
      step();
    }
    return layers;
  }

  /** The classes that a node at the end names, as scikit-learn's converter writes it. */
  List<String> classes() {
    return steps.classes();
  }

  private void step() {
    List<Node> next = users.getOrDefault(at, List.of());
    if (next.isEmpty()) {
      throw new EvenkeelException(
          "%s: \"%s\" does not lead to the output \"%s\"".formatted(file.path(), at, output));
    }
    Node node = next.get(0);
    if (next.size() == 1 && node.inputs().stream().filter(at::equals).count() == 1) {
      if (steps.take(node, at)) {
        at = node.outputs().get(0);
        return;
      }
    } else if (twoClasses(next)) {
      return;
    }
    OnnxRegion.Found found = new OnnxRegion(file, users, output).from(at);
    layers.activate(steps.where(node), found.function());
    at = found.output();
  }

  /** [1 − p, p], as for the two classes of one logit. */
  private boolean twoClasses(List<Node> next) {
    if (next.size() != 2 || !next.get(0).operator().equals("Sub")) {
      return false;
    }
    Node rest = next.get(0);
    Node both = next.get(1);
    Optional<OnnxTensor> one = rest.input(0).flatMap(file::constant);
    boolean matches =
        one.isPresent()
            && one.get().isScalar()
            && one.get().values()[0] == 1
            && both.operator().equals("Concat")
            && both.inputs().equals(List.of(rest.outputs().get(0), at));
    if (matches) {
      layers.end(steps.where(both), ImportedLayers.End.TWO_CLASSES);
      at = both.outputs().get(0);
    }
    return matches;
  }
}
