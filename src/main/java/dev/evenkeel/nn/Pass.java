package dev.evenkeel.nn;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.BatchNormMemory;
import dev.evenkeel.backend.LossMemory;
import dev.evenkeel.backend.Operation;
import dev.evenkeel.backend.Step;
import dev.evenkeel.tensor.Matrix;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * The operations of one walk through a model for one number of rows, bound to their memory. Made
 * once, run at every step. In training the forward walk leaves behind how to come back.
 */
public final class Pass {

  /**
   * An operation with the name of its layer and what it makes, for whoever measures or looks for
   * the first NaN. Later operations may overwrite the result.
   */
  public record Named(String name, Operation operation, Matrix result) {}

  private final Model model;
  private final Memory memory;
  private final Matrix input;
  private final Matrix gradients;
  private final Step step;
  private final long seed;
  private final boolean showsInputs;
  private final List<ActivationInput> activationInputs = new ArrayList<>();
  private final List<Named> forward = new ArrayList<>();
  private final List<Named> backward = new ArrayList<>();
  private final List<Probe> probes = new ArrayList<>();
  private final Deque<UnaryOperator<Matrix>> wayBack = new ArrayDeque<>();
  private final List<Matrix> retained = new ArrayList<>();
  private final Set<Matrix> spare = Collections.newSetFromMap(new IdentityHashMap<>());
  private Aside aside = Aside.NONE;
  private Matrix outputBias = Matrix.NONE;
  private Matrix outputBiasGradient = Matrix.NONE;
  private final Matrix output;

  /**
   * The gradient of a weight that is made beside the way back.
   *
   * @param reads what must stay as it is meanwhile
   * @param released of these, what its owner has no use for any more
   */
  private record Aside(
      String name, Operation end, Matrix result, List<Matrix> reads, List<Matrix> released) {
    static final Aside NONE = new Aside("", () -> {}, Matrix.NONE, List.of(), List.of());
  }

  /**
   * Where a layer's statistics can be taken: the input of a batch norm, or the bare product of a
   * linear layer with weight norm. They are there before the operation of this number.
   */
  record Probe(Block block, int beforeOperation, Matrix values) {}

  /** What an activation function gets. It is there before the operation of this number. */
  public record ActivationInput(String layer, int beforeOperation, Matrix values) {}

  private Pass(
      Model model,
      Memory memory,
      Matrix input,
      Matrix gradients,
      Step step,
      long seed,
      boolean showsInputs) {
    this.showsInputs = showsInputs;
    this.model = model;
    this.memory = memory;
    this.input = input;
    this.gradients = gradients;
    this.step = step;
    this.seed = seed;
    Matrix x = input;
    for (Block block : model.blocks()) {
      x = block.append(this, x);
    }
    this.output = x;
  }

  /**
   * A training pass over the rows in {@code input}.
   *
   * @param gradients as long as the flat parameters
   * @param seed of dropout, which also counts by {@code step}
   */
  public static Pass training(
      Model model, Memory memory, Matrix input, Matrix gradients, Step step, long seed) {
    return new Pass(model, memory, input, gradients, step, seed, false);
  }

  /** A pass with running statistics and without dropout, in as little memory as goes. */
  public static Pass inference(Model model, Memory memory, Matrix input) {
    return new Pass(model, memory, input, Matrix.NONE, new Step(), 0, false);
  }

  /**
   * As at inference, but no layer takes an activation in, so that {@link #activationInputs} can be
   * seen.
   */
  public static Pass showingInputs(Model model, Memory memory, Matrix input) {
    return new Pass(model, memory, input, Matrix.NONE, new Step(), 0, true);
  }

  /** In training without the bias of an output layer that has no activation. */
  public Matrix output() {
    return output;
  }

  /** What a loss of these outputs works on: in training the output layer's bias is its part. */
  public LossMemory loss(Matrix targets, Matrix gradient, Matrix loss) {
    return new LossMemory(output, outputBias, targets, gradient, outputBiasGradient, loss);
  }

  public List<Named> forward() {
    return forward;
  }

  /** What the activation functions get, in the order of the layers, where this pass shows it. */
  public List<ActivationInput> activationInputs() {
    return activationInputs;
  }

  /** The backward operations for a gradient of the output; that matrix is used up. */
  public List<Named> backward(Matrix outputGradient) {
    Matrix gradient = outputGradient;
    while (!wayBack.isEmpty()) {
      gradient = wayBack.pop().apply(gradient);
    }
    awaitAside();
    return backward;
  }

  List<Probe> probes() {
    return probes;
  }

  Backend backend() {
    return model.backend();
  }

  boolean training() {
    return !gradients.isNone();
  }

  Step step() {
    return step;
  }

  long seed() {
    return seed;
  }

  /** The part of the flat gradients that belongs to a parameter. */
  Matrix gradient(Parameter parameter) {
    return parameter.in(gradients);
  }

  boolean isInput(Matrix x) {
    return x == input;
  }

  /** Whether this block's outputs are what a loss gets. */
  boolean goesToLoss(Block block) {
    List<Block> blocks = model.blocks();
    return training() && block == blocks.get(blocks.size() - 1);
  }

  /** Has the loss add a bias, and make its gradient. */
  void leaveToLoss(Parameter bias) {
    outputBias = bias.value();
    outputBiasGradient = gradient(bias);
  }

  /** Memory for all rows of this pass. */
  Matrix take(int columns) {
    return memory.take(input.rows(), columns);
  }

  /** Groups that this pass's rows fall into for ghost batch norm. */
  int groups(int ghostRows) {
    return BatchNormMemory.groups(input.rows(), ghostRows);
  }

  Matrix takeRows(int rows, int columns) {
    return memory.takeFixed(rows, columns);
  }

  /** float32 memory for all rows of this pass. */
  Matrix takeExact(int columns) {
    return memory.takeExact(input.rows(), columns);
  }

  /** Memory for a weight that the pass itself makes. */
  Matrix takeWeight(int rows, int columns) {
    return memory.takeWeight(rows, columns);
  }

  void release(Matrix x) {
    if (aside.reads.contains(x)) {
      aside.released.add(x);
    } else if (x != input && !retained.contains(x)) {
      memory.release(x);
    }
  }

  /**
   * Says that on the way back nobody in front of the next layer looks at y, so that y's gradient
   * may take its place. Who says so releases it by {@link #releaseSpare}.
   */
  void spare(Matrix y) {
    spare.add(y);
  }

  /** Releases what was spare and has not become a gradient. */
  void releaseSpare(Matrix y) {
    if (spare.remove(y)) {
      release(y);
    }
  }

  /** Memory for the gradient of x, of which the caller has no use left: x itself if spare. */
  Matrix gradientOf(Matrix x) {
    return !aside.reads.contains(x) && spare.remove(x) ? x : take(x.columns());
  }

  /**
   * Makes the gradient of a layer's weight; beside the operations up to the next layer's, where the
   * device has room for that and a way back goes on.
   */
  void backwardWeight(String layer, Matrix dz, Matrix x, Matrix dWeight) {
    String name = layer + " linear dW";
    Optional<Backend.Beside> beside =
        isInput(x) ? Optional.empty() : backend().linearBackwardWeightBeside(dz, x, dWeight);
    if (beside.isEmpty()) {
      backward(name, backend().linearBackwardWeight(dz, x, dWeight), dWeight);
      return;
    }
    awaitAside();
    backward(name, beside.get().begin(), dWeight);
    aside = new Aside(name, beside.get().end(), dWeight, List.of(dz, x), new ArrayList<>());
  }

  /** What is made beside the others is there, and what it read is free, from here on. */
  private void awaitAside() {
    if (aside != Aside.NONE) {
      backward(aside.name + ", awaited", aside.end, aside.result);
      List<Matrix> released = aside.released;
      aside = Aside.NONE;
      released.forEach(this::release);
    }
  }

  /** Keeps x from being released or overwritten until {@link #letGo}. */
  void retain(Matrix x) {
    retained.add(x);
  }

  void letGo(Matrix x) {
    retained.remove(x);
    release(x);
  }

  /** At inference, x itself where nobody needs it any more, else new memory. */
  Matrix inPlace(Matrix x) {
    return x == input || retained.contains(x) ? take(x.columns()) : x;
  }

  void forward(String layer, Operation operation, Matrix result) {
    forward.add(new Named(layer, operation, result));
  }

  /** What a layer takes in of the activation behind it: nothing where its input is to be seen. */
  Activation fused(Activation activation) {
    return showsInputs ? Activation.IDENTITY : activation;
  }

  /** The activation that {@link #fused} has left out, in place. */
  void activateApart(String name, Activation activation, Matrix y) {
    if (showsInputs && activation != Activation.IDENTITY) {
      activationInput(name, activation, y);
      Operation apart = backend().activationForward(y, Matrix.NONE, activation, y);
      forward(name + " " + activation.label(), apart, y);
    }
  }

  /** Says that x is what the activation gets that is appended next. */
  void activationInput(String name, Activation activation, Matrix x) {
    if (showsInputs) {
      String layer = name + " " + activation.label();
      activationInputs.add(new ActivationInput(layer, forward.size(), x));
    }
  }

  void backward(String layer, Operation operation, Matrix result) {
    backward.add(new Named(layer, operation, result));
  }

  void onTheWayBack(UnaryOperator<Matrix> block) {
    if (training()) {
      wayBack.push(block);
    }
  }

  void probe(Block block, Matrix values) {
    probes.add(new Probe(block, forward.size(), values));
  }
}
