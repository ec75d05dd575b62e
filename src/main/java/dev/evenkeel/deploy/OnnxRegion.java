package dev.evenkeel.deploy;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import dev.evenkeel.backend.Activation;
import dev.evenkeel.io.OnnxModel;
import dev.evenkeel.io.OnnxModel.Node;
import dev.evenkeel.io.OnnxTensor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Element-wise nodes between one value and another that together are one of our activations. It
 * grows from the first value on until all paths have met and the function is known.
 */
final class OnnxRegion {

  /** More than any exporter writes for one activation. */
  private static final int MOST_NODES = 24;

  /** What was found. */
  record Found(Activation function, String output) {}

  private final OnnxModel file;
  private final Map<String, List<Node>> users;
  private final String output;
  private final Map<String, double[]> values = new HashMap<>();
  private final Set<Node> done = new HashSet<>();

  /** Whether all paths met at least once, so that what is there is a function. */
  private boolean met;

  /**
   * @param users of each value, as far as the output needs them
   * @param output of the file
   */
  OnnxRegion(OnnxModel file, Map<String, List<Node>> users, String output) {
    this.file = file;
    this.users = users;
    this.output = output;
  }

  Found from(String start) {
    values.put(start, OnnxFunction.POINTS);
    Node first = users.get(start).get(0);
    Deque<Node> waiting = new ArrayDeque<>(users.get(start));
    while (!waiting.isEmpty() && done.size() < MOST_NODES) {
      Node node = waiting.poll();
      if (done.contains(node) || !isReady(node)) {
        continue;
      }
      if (!OnnxFunction.isElementwise(node) || node.outputs().size() != 1) {
        throw refusal(first, start, node);
      }
      done.add(node);
      String made = node.outputs().get(0);
      values.put(made, compute(node));
      if (isOnlyOpenValue(made)) {
        met = true;
        Optional<Activation> function = OnnxFunction.named(values.get(made));
        if (function.isPresent()) {
          return new Found(function.get(), made);
        }
      }
      waiting.addAll(users.getOrDefault(made, List.of()));
    }
    throw refusal(first, start, first);
  }

  private boolean isReady(Node node) {
    return node.inputs().stream()
        .allMatch(name -> name.isEmpty() || file.isConstant(name) || values.containsKey(name));
  }

  private boolean isOnlyOpenValue(String made) {
    return values.keySet().stream()
        .filter(name -> !name.equals(made))
        .allMatch(
            name -> !name.equals(output) && done.containsAll(users.getOrDefault(name, List.of())));
  }

  private double[] compute(Node node) {
    List<double[]> inputs = new ArrayList<>();
    for (String name : node.inputs()) {
      if (!name.isEmpty()) {
        inputs.add(values.containsKey(name) ? values.get(name) : scalar(node, name));
      }
    }
    if (inputs.isEmpty() || inputs.size() > 3) {
      throw new EvenkeelException(
          "%s: %s has %s".formatted(file.path(), node, Words.counted(inputs.size(), "input")));
    }
    double[] y = new double[OnnxFunction.POINTS.length];
    for (int i = 0; i < y.length; i++) {
      int point = i;
      y[i] = OnnxFunction.value(node, inputs.stream().mapToDouble(x -> x[point]).toArray());
    }
    return y;
  }

  private double[] scalar(Node node, String name) {
    OnnxTensor constant = file.constant(name).orElseThrow();
    if (!constant.isScalar()) {
      throw new EvenkeelException(
          "%s: %s takes the constant \"%s\" of shape %s within an activation, where a single number is needed"
              .formatted(file.path(), node, name, constant.shape()));
    }
    double[] all = new double[OnnxFunction.POINTS.length];
    Arrays.fill(all, constant.values()[0]);
    return all;
  }

  private EvenkeelException refusal(Node first, String start, Node culprit) {
    if (file.producer().equals("evenkeel") && first.name().startsWith("/clip/")) {
      return new EvenkeelException(
          "%s: what it does to features before the network is no layer, but a robust scale with its smooth clip. help: use the run folder that it was exported from"
              .formatted(file.path()));
    }
    List<Node> next = users.get(start);
    if (!met && next.size() > 1) {
      return new EvenkeelException(
          "%s: the network branches: \"%s\" goes to %s and %s. help: only a chain of layers can be taken"
              .formatted(file.path(), start, next.get(0), next.get(1)));
    }
    if (!met && !OnnxFunction.isElementwise(culprit)) {
      String domain = culprit.domain().isEmpty() ? "" : " of " + culprit.domain();
      return new EvenkeelException(
          "%s: %s%s can't be taken. help: %s"
              .formatted(file.path(), culprit, domain, OnnxChain.CAN_BE_TAKEN));
    }
    return new EvenkeelException(
        "%s: %s computes none of Evenkeel's activations: relu, leaky-relu with slope 0.01, elu and selu with their papers' constants, gelu by the exact distribution function, silu, sigmoid, tanh, softplus"
            .formatted(file.path(), first));
  }
}
