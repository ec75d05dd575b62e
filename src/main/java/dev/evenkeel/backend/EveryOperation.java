package dev.evenkeel.backend;

import dev.evenkeel.backend.Backend.RegressionLoss;
import dev.evenkeel.backend.Backend.UpdateTarget;
import dev.evenkeel.backend.BatchNormMemory.Running;
import dev.evenkeel.tensor.Buffer;
import dev.evenkeel.tensor.InputLayout;
import dev.evenkeel.tensor.InputLayout.Stored;
import dev.evenkeel.tensor.Matrix;
import dev.evenkeel.tensor.Philox;
import dev.evenkeel.tensor.RowOrder;
import dev.evenkeel.tensor.Rows;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Every operation of the contract, bound once on matrices of its own: on the same numbers on every
 * backend, since all bind in the same order.
 */
final class EveryOperation implements AutoCloseable {

  /** An operation and what it writes. */
  record Bound(Operation operation, List<Matrix> results) {}

  /** Outputs of the linear layer. */
  private static final int OUTPUTS = 40;

  final Step step = new Step();
  private final Backend backend;
  private final int n;
  private final int c;
  private final boolean asStored;
  private final List<Buffer> buffers = new ArrayList<>();
  private final Map<String, Bound> bound = new LinkedHashMap<>();
  private Backend.Sequence sequence;
  private long seed;

  /**
   * @param n rows of activations, of {@code c} columns
   * @param groups of neighbouring columns in group norm
   * @param asStored whether activations lie in memory made for them
   */
  EveryOperation(Backend backend, int n, int c, int groups, boolean asStored) {
    this.backend = backend;
    this.n = n;
    this.c = c;
    this.asStored = asStored;
    step.set(3, 0.1);
    bindData();
    bindLinear();
    for (Activation activation : Activation.values()) {
      bindActivation(activation);
    }
    bindBatchNorm("", false, 0, Activation.RELU, Masking.NONE);
    bindBatchNorm(" ghost", false, 32, Activation.RELU, Masking.NONE);
    bindBatchNorm(" mean-only", true, 0, Activation.RELU, Masking.NONE);
    Masking masking = new Masking(Dropping.inverted(0.3), 5, 1, step);
    bindBatchNorm(" dropout", false, 0, Activation.RELU, masking);
    bindRowNorm(" layer", 1, true, Activation.RELU);
    bindRowNorm(" rms", 1, false, Activation.RELU);
    bindRowNorm(" group", groups, true, Activation.RELU);
    bindLosses();
    bindUpdates();
  }

  /** By names that begin with the operation's own, in the order of the contract. */
  Map<String, Bound> bound() {
    return bound;
  }

  /** Runs an operation, and reads what it wrote. */
  List<float[]> run(String name) {
    Bound one = bound.get(name);
    one.operation.run();
    List<float[]> values = new ArrayList<>();
    for (Matrix result : one.results) {
      float[] read = new float[Math.toIntExact(result.size())];
      backend.read(result, read);
      values.add(read);
    }
    return values;
  }

  private void bind(String name, Operation operation, Matrix... results) {
    List<Matrix> present = Stream.of(results).filter(result -> !result.isNone()).toList();
    bound.put(name, new Bound(operation, present));
  }

  private Matrix empty(int rows, int columns) {
    return of(backend.allocate((long) rows * columns), rows, columns);
  }

  private Matrix of(Buffer buffer, int rows, int columns) {
    buffers.add(buffer);
    return Matrix.of(buffer, rows, columns);
  }

  /** Room for a batch's activations. */
  private Matrix rows(int columns) {
    return asStored ? of(backend.allocateActivations(n, columns), n, columns) : empty(n, columns);
  }

  private Matrix rows() {
    return rows(c);
  }

  private Matrix holding(float[] values, Matrix matrix) {
    backend.write(values, matrix);
    return matrix;
  }

  /** Standard normal numbers. */
  private Matrix normal(Matrix matrix) {
    Philox random = new Philox(1, seed++);
    float[] values = new float[Math.toIntExact(matrix.size())];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return holding(values, matrix);
  }

  private Matrix normal(int rows, int columns) {
    return normal(empty(rows, columns));
  }

  private Matrix normalRows() {
    return normal(rows());
  }

  private Matrix ones() {
    float[] values = new float[c];
    Arrays.fill(values, 1);
    return holding(values, empty(1, c));
  }

  /** A table whose one stored column makes all inputs. */
  private Matrix category() {
    float[] cold = new float[c];
    float[] hot = new float[c];
    Arrays.fill(cold, -0.5f);
    Arrays.fill(hot, 1.5f);
    float[] levels = new float[n];
    for (int i = 0; i < n; i++) {
      levels[i] = i % (c + 1) - 1;
    }
    List<Stored> one = List.of(Stored.category(c));
    Matrix table = backend.inputs(Rows.of(levels, 1), new InputLayout(one, cold, hot));
    buffers.add(table.buffer());
    return table;
  }

  private void bindData() {
    int[] order = new int[n];
    Arrays.setAll(order, i -> n - 1 - i);
    Matrix x = normalRows();
    Matrix gathered = rows();
    bind("gather", backend.gather(x, new RowOrder(order), gathered), gathered);
    Matrix hot = rows();
    bind("gather of a category", backend.gather(category(), new RowOrder(order), hot), hot);
    Matrix again = rows();
    Matrix targets = empty(n, 3);
    bind(
        "gatherWithTargets",
        backend.gatherWithTargets(x, normal(n, 3), new RowOrder(order), again, targets),
        again,
        targets);
    Matrix copied = rows();
    bind("copy", backend.copy(x, copied), copied);
    Matrix sum = rows();
    bind("add", backend.add(x, gathered, sum), sum);
    Matrix dropped = rows();
    bind("dropout", backend.dropout(x, Dropping.inverted(0.3), 5, 1, step, dropped), dropped);
    Matrix alpha = rows();
    bind("dropout alpha", backend.dropout(x, Dropping.alpha(0.3), 5, 1, step, alpha), alpha);
    Matrix mapped = rows();
    bind("scaleShift", backend.scaleShift(x, 1.7, -0.3, mapped), mapped);
    Matrix twice = rows();
    sequence =
        backend.sequence(List.of(backend.copy(x, twice), backend.add(twice, gathered, twice)));
    bind("sequence", this::thrice, twice);
    Matrix mean = empty(1, c);
    Matrix variance = empty(1, c);
    bind("columnStatistics", backend.columnStatistics(x, mean, variance), mean, variance);
  }

  /** Once as it is, and then recorded and replayed. */
  private void thrice() {
    sequence.run();
    sequence.run();
    sequence.run();
  }

  private void bindLinear() {
    Matrix x = normalRows();
    Matrix weight = normal(OUTPUTS, c);
    Matrix dz = normal(rows(OUTPUTS));
    Matrix z = rows(OUTPUTS);
    bind("linearForward", backend.linearForward(x, weight, z), z);
    Matrix dx = rows();
    bind("linearBackwardInput", backend.linearBackwardInput(dz, weight, dx), dx);
    Matrix dWeight = empty(OUTPUTS, c);
    bind("linearBackwardWeight", backend.linearBackwardWeight(dz, x, dWeight), dWeight);
    Matrix gain = normal(OUTPUTS, 1);
    Matrix normed = empty(OUTPUTS, c);
    bind("weightNormForward", backend.weightNormForward(weight, gain, normed), normed);
    Matrix dDirection = empty(OUTPUTS, c);
    Matrix dGain = empty(OUTPUTS, 1);
    bind(
        "weightNormBackward",
        backend.weightNormBackward(normal(OUTPUTS, c), weight, gain, dDirection, dGain),
        dDirection,
        dGain);
  }

  private void bindActivation(Activation activation) {
    Matrix z = normalRows();
    Matrix y = rows();
    String name = " " + activation.label();
    bind("activationForward" + name, backend.activationForward(z, normal(1, c), activation, y), y);
    Matrix dz = rows();
    Matrix dBias = empty(1, c);
    bind(
        "activationBackward" + name,
        backend.activationBackward(normalRows(), z, y, activation, dz, dBias),
        dz,
        dBias);
  }

  void bindBatchNorm(
      String name, boolean meanOnly, int ghostRows, Activation activation, Masking masking) {
    Matrix x = normalRows();
    BatchNormMemory norm =
        new BatchNormMemory(
            meanOnly ? Matrix.NONE : normal(1, c),
            normal(1, c),
            empty(1, c),
            meanOnly ? Matrix.NONE : ones(),
            empty(1, 1),
            1e-5,
            new Running(0.1, true),
            ghostRows);
    Matrix y = rows();
    Matrix saved = empty(3 * BatchNormMemory.groups(n, ghostRows), c);
    bind(
        "batchNormForward" + name,
        backend.batchNormForward(x, norm, activation, masking, y, saved),
        y,
        saved,
        norm.runningMean(),
        norm.runningVariance(),
        norm.count());
    Matrix dx = rows();
    Matrix dGamma = meanOnly ? Matrix.NONE : empty(1, c);
    Matrix dBeta = empty(1, c);
    bind(
        "batchNormBackward" + name,
        backend.batchNormBackward(
            normalRows(), x, y, norm, activation, masking, saved, dx, dGamma, dBeta),
        dx,
        dGamma,
        dBeta);
    Matrix inferred = rows();
    bind(
        "batchNormInference" + name,
        backend.batchNormInference(x, norm, activation, inferred),
        inferred);
  }

  void bindRowNorm(String name, int groups, boolean centred, Activation activation) {
    Matrix x = normalRows();
    Matrix beta = centred ? normal(1, c) : Matrix.NONE;
    RowNormMemory norm = new RowNormMemory(normal(1, c), beta, groups, centred, 1e-5);
    Matrix y = rows();
    Matrix saved = empty(n, 3 * groups);
    bind("rowNormForward" + name, backend.rowNormForward(x, norm, activation, y, saved), y, saved);
    Matrix dx = rows();
    Matrix dGamma = empty(1, c);
    Matrix dBeta = centred ? empty(1, c) : Matrix.NONE;
    bind(
        "rowNormBackward" + name,
        backend.rowNormBackward(normalRows(), x, y, norm, activation, saved, dx, dGamma, dBeta),
        dx,
        dGamma,
        dBeta);
  }

  private void bindLosses() {
    Matrix outputs = normalRows();
    float[] classes = new float[n];
    float[] halves = new float[n * c];
    for (int i = 0; i < n; i++) {
      classes[i] = i % c;
    }
    Arrays.fill(halves, 0.5f);
    Matrix bias = normal(1, c);
    Matrix dLogits = rows();
    Matrix dBias = empty(1, c);
    Matrix loss = empty(1, 1);
    Matrix targets = holding(classes, empty(n, 1));
    bind(
        "softmaxCrossEntropy",
        backend.softmaxCrossEntropy(
            new LossMemory(outputs, bias, targets, dLogits, dBias, loss), 0.1, Matrix.NONE),
        dLogits,
        dBias,
        loss);
    Matrix dBinary = rows();
    Matrix binary = empty(1, 1);
    bind(
        "binaryCrossEntropy",
        backend.binaryCrossEntropy(
            new LossMemory(outputs, holding(halves, empty(n, c)), dBinary, binary)),
        dBinary,
        binary);
    for (RegressionLoss kind : RegressionLoss.values()) {
      Matrix dOutputs = rows();
      Matrix regression = empty(1, 1);
      bind(
          "regressionLoss " + kind.name().toLowerCase(Locale.ROOT),
          backend.regressionLoss(
              new LossMemory(outputs, normal(n, c), dOutputs, regression), kind, 1),
          dOutputs,
          regression);
    }
  }

  private void bindUpdates() {
    int count = n * c;
    Matrix gradients = normal(1, count);
    Matrix norm = empty(1, 2);
    bind("clipScale", backend.clipScale(gradients, 1, norm), norm);
    UpdateTarget momentum = target(gradients, norm);
    Matrix velocity = empty(1, count);
    bind(
        "updateMomentum",
        backend.updateMomentum(momentum, velocity, 0.9, true),
        momentum.parameters(),
        velocity);
    UpdateTarget rmsprop = target(gradients, norm);
    Matrix squares = empty(1, count);
    bind(
        "updateRmsprop",
        backend.updateRmsprop(rmsprop, squares, 0.99, 1e-8),
        rmsprop.parameters(),
        squares);
    UpdateTarget adam = target(gradients, norm);
    Matrix first = empty(1, count);
    Matrix second = empty(1, count);
    bind(
        "updateAdam",
        backend.updateAdam(adam, first, second, 0.9, 0.999, 1e-8, true),
        adam.parameters(),
        first,
        second);
  }

  private UpdateTarget target(Matrix gradients, Matrix norm) {
    Matrix parameters = normal(1, n * c);
    return new UpdateTarget(
        parameters, gradients, parameters.size() / 2, 1e-2, norm.view(1, 1, 1), Matrix.NONE, step);
  }

  @Override
  public void close() {
    sequence.close();
    buffers.forEach(Buffer::close);
  }
}
