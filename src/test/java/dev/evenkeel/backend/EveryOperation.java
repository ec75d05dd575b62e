package dev.evenkeel.backend;

import dev.evenkeel.backend.Backend.RegressionLoss;
import dev.evenkeel.backend.Backend.UpdateTarget;
import dev.evenkeel.backend.BatchNormMemory.Running;
import dev.evenkeel.tensor.Buffer;
import dev.evenkeel.tensor.Matrix;
import dev.evenkeel.tensor.RowOrder;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Every operation of the contract, bound once on matrices of its own, large enough to be split
 * among workers. The same inputs on every backend.
 */
final class EveryOperation implements AutoCloseable {

  /** An operation and what it writes. */
  record Bound(Operation operation, List<Matrix> results) {}

  private final Backend backend;
  private final int n;
  private final int c;
  private final boolean asStored;
  private final Step step = new Step();
  private final List<Buffer> buffers = new ArrayList<>();
  private final Map<String, Bound> bound = new LinkedHashMap<>();

  EveryOperation(Backend backend, int n, int c) {
    this(backend, n, c, false);
  }

  /**
   * @param asStored whether activations lie in memory made for them
   */
  EveryOperation(Backend backend, int n, int c, boolean asStored) {
    this.backend = backend;
    this.asStored = asStored;
    this.n = n;
    this.c = c;
    step.set(3, 1e-4);
    bindData();
    bindLinear();
    for (Activation activation : Activation.values()) {
      bindLayer(activation);
    }
    bindNorms();
    bindLosses();
    bindUpdates();
  }

  Map<String, Bound> bound() {
    return bound;
  }

  /** The names of all operations of the contract. */
  static Set<String> ofTheContract() {
    return Stream.of(Backend.class.getMethods())
        .filter(method -> Operation.class.isAssignableFrom(method.getReturnType()))
        .map(Method::getName)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** Results of all operations, run once in the order of binding. */
  Map<String, float[]> run() {
    Map<String, float[]> results = new LinkedHashMap<>();
    bound.forEach(
        (name, one) -> {
          one.operation.run();
          for (int i = 0; i < one.results.size(); i++) {
            float[] values = new float[(int) one.results.get(i).size()];
            backend.read(one.results.get(i), values);
            results.put(name + ", result " + i, values);
          }
        });
    return results;
  }

  private void bind(String name, Operation operation, Matrix... results) {
    bound.put(name, new Bound(operation, List.of(results)));
  }

  private Matrix matrix(int rows, int columns, float[] values) {
    Matrix matrix = empty(rows, columns);
    backend.write(values, matrix);
    return matrix;
  }

  private Matrix empty(int rows, int columns) {
    Buffer buffer = backend.allocate((long) rows * columns);
    buffers.add(buffer);
    return Matrix.of(buffer, rows, columns);
  }

  private Matrix rows() {
    if (!asStored) {
      return empty(n, c);
    }
    Buffer buffer = backend.allocateActivations(n, c);
    buffers.add(buffer);
    return Matrix.of(buffer, n, c);
  }

  private Matrix normalRows(long seed) {
    Matrix matrix = rows();
    backend.write(Values.NORMAL.of(n, c, seed), matrix);
    return matrix;
  }

  private Matrix normal(int rows, int columns, long seed) {
    return matrix(rows, columns, Values.NORMAL.of(rows, columns, seed));
  }

  private void bindData() {
    int[] order = new int[n];
    for (int i = 0; i < n; i++) {
      order[i] = n - 1 - i;
    }
    Matrix x = normalRows(1);
    Matrix batch = rows();
    bind("gather", backend.gather(x, new RowOrder(order), batch), batch);
    Matrix again = rows();
    Matrix targets = empty(n, 3);
    bind(
        "gatherWithTargets",
        backend.gatherWithTargets(x, normal(n, 3, 17), new RowOrder(order), again, targets),
        again,
        targets);
    Matrix copied = rows();
    bind("copy", backend.copy(x, copied), copied);
    Matrix sum = rows();
    bind("add", backend.add(x, copied, sum), sum);
    Matrix dropped = rows();
    bind("dropout", backend.dropout(x, Dropping.inverted(0.3), 5, 1, step, dropped), dropped);
    Matrix alpha = rows();
    bind("dropout alpha", backend.dropout(x, Dropping.alpha(0.3), 5, 1, step, alpha), alpha);
    Matrix mapped = rows();
    bind("scaleShift", backend.scaleShift(x, 1.7, -0.3, mapped), mapped);
    Matrix twice = rows();
    Operation both =
        backend.sequence(List.of(backend.copy(x, twice), backend.add(twice, x, twice)));
    bind("sequence", both, twice);
    Matrix mean = empty(1, c);
    Matrix variance = empty(1, c);
    bind("columnStatistics", backend.columnStatistics(x, mean, variance), mean, variance);
  }

  private void bindLinear() {
    Matrix x = normalRows(2);
    Matrix weight = normal(c, c, 3);
    Matrix z = rows();
    bind("linearForward", backend.linearForward(x, weight, z), z);
    Matrix dx = rows();
    bind("linearBackwardInput", backend.linearBackwardInput(x, weight, dx), dx);
    Matrix dWeight = empty(c, c);
    bind("linearBackwardWeight", backend.linearBackwardWeight(z, x, dWeight), dWeight);
    Matrix gain = normal(c, 1, 16);
    Matrix weightOfNorm = empty(c, c);
    Operation forward = backend.weightNormForward(weight, gain, weightOfNorm);
    bind("weightNormForward", forward, weightOfNorm);
    Matrix dDirection = empty(c, c);
    Matrix dGain = empty(c, 1);
    bind(
        "weightNormBackward",
        backend.weightNormBackward(dWeight, weight, gain, dDirection, dGain),
        dDirection,
        dGain);
  }

  private void bindLayer(Activation activation) {
    String suffix = activation == Activation.RELU ? "" : " " + activation.label();
    Matrix dy = normalRows(4);
    Matrix z = normalRows(5);
    Matrix y = rows();
    // Run a thousand times, a bias adds up where it is kept in z: so it is tiny.
    Matrix bias = matrix(1, c, Values.DENORMAL.of(1, c, 6));
    bind("activationForward" + suffix, backend.activationForward(z, bias, activation, y), y);
    Matrix dz = rows();
    Matrix dBias = empty(1, c);
    Operation slope = backend.activationBackward(dy, z, y, activation, dz, dBias);
    bind("activationBackward" + suffix, slope, dz, dBias);

    BatchNormMemory norm =
        new BatchNormMemory(
            normal(1, c, 7),
            normal(1, c, 8),
            empty(1, c),
            matrix(1, c, Values.CONSTANT_COLUMN.of(1, c, 9)),
            empty(1, 1),
            1e-5,
            new Running(0.1, true));
    bindBatchNorm(suffix, norm, activation, Masking.NONE, dy, z);
    if (activation == Activation.RELU || activation == Activation.TANH) {
      Masking masking = new Masking(Dropping.inverted(0.3), 5, 1, step);
      bindBatchNorm(suffix + " dropout", norm, activation, masking, dy, z);
    }
    bindRowNorm(suffix, 1, true, activation, dy, z);
    Matrix inferred = rows();
    bind(
        "batchNormInference" + suffix,
        backend.batchNormInference(z, unmoved(norm), activation, inferred),
        inferred);
  }

  private void bindBatchNorm(
      String suffix,
      BatchNormMemory norm,
      Activation activation,
      Masking masking,
      Matrix x,
      Matrix dy) {
    int groups = BatchNormMemory.groups(n, norm.ghostRows());
    Matrix saved = empty(3 * groups, c);
    Matrix y = rows();
    List<Matrix> results = new ArrayList<>(List.of(y, saved, norm.runningMean(), norm.count()));
    List<Matrix> gradients = new ArrayList<>(List.of(rows(), empty(1, c)));
    if (!norm.meanOnly()) {
      results.add(norm.runningVariance());
      gradients.add(empty(1, c));
    }
    Operation forward = backend.batchNormForward(x, norm, activation, masking, y, saved);
    bind("batchNormForward" + suffix, forward, results.toArray(Matrix[]::new));
    Matrix dGamma = norm.meanOnly() ? Matrix.NONE : gradients.get(2);
    Operation backward =
        backend.batchNormBackward(
            dy, x, y, norm, activation, masking, saved, gradients.get(0), dGamma, gradients.get(1));
    bind("batchNormBackward" + suffix, backward, gradients.toArray(Matrix[]::new));
  }

  /** Ghost and mean-only batch norm, and the row norms that no activation is bound with. */
  private void bindNorms() {
    Matrix x = normalRows(17);
    Matrix dy = normalRows(18);
    BatchNormMemory ghost =
        new BatchNormMemory(
            normal(1, c, 7),
            normal(1, c, 8),
            empty(1, c),
            empty(1, c),
            empty(1, 1),
            1e-5,
            new Running(0.1, true),
            2);
    bindBatchNorm(" ghost", ghost, Activation.RELU, Masking.NONE, x, dy);
    Masking alpha = new Masking(Dropping.alpha(0.3), 5, 1, step);
    bindBatchNorm(" ghost dropout", ghost, Activation.RELU, alpha, x, dy);
    BatchNormMemory meanOnly =
        new BatchNormMemory(
            Matrix.NONE,
            normal(1, c, 8),
            empty(1, c),
            Matrix.NONE,
            empty(1, 1),
            1e-5,
            new Running(0.1, true));
    bindBatchNorm(" mean-only", meanOnly, Activation.RELU, Masking.NONE, x, dy);
    bindRowNorm(" rms", 1, false, Activation.RELU, x, dy);
    bindRowNorm(" smallest groups", c, false, Activation.RELU, x, dy);
  }

  private void bindRowNorm(
      String suffix, int groups, boolean centred, Activation activation, Matrix x, Matrix dy) {
    Matrix beta = centred ? normal(1, c, 8) : Matrix.NONE;
    RowNormMemory norm = new RowNormMemory(normal(1, c, 7), beta, groups, centred, 1e-5);
    Matrix y = rows();
    Matrix saved = empty(n, 3 * groups);
    bind(
        "rowNormForward" + suffix, backend.rowNormForward(x, norm, activation, y, saved), y, saved);
    Matrix dx = rows();
    Matrix dGamma = empty(1, c);
    Matrix dBeta = centred ? empty(1, c) : Matrix.NONE;
    Operation backward =
        backend.rowNormBackward(dy, x, y, norm, activation, saved, dx, dGamma, dBeta);
    Matrix[] results = centred ? new Matrix[] {dx, dGamma, dBeta} : new Matrix[] {dx, dGamma};
    bind("rowNormBackward" + suffix, backward, results);
  }

  /** Running statistics that no training pass moves. */
  private BatchNormMemory unmoved(BatchNormMemory norm) {
    float[] ones = new float[c];
    Arrays.fill(ones, 1);
    return new BatchNormMemory(
        norm.gamma(),
        norm.beta(),
        empty(1, c),
        matrix(1, c, ones),
        norm.count(),
        norm.epsilon(),
        norm.running());
  }

  private void bindLosses() {
    Matrix outputs = normalRows(10);
    Matrix targets = normal(n, c, 11);
    float[] classes = new float[n];
    for (int i = 0; i < n; i++) {
      classes[i] = i % c;
    }
    Matrix d = rows();
    Matrix dBias = empty(1, c);
    Matrix loss = empty(1, 1);
    bind(
        "softmaxCrossEntropy",
        backend.softmaxCrossEntropy(
            new LossMemory(outputs, normal(1, c, 14), matrix(n, 1, classes), d, dBias, loss),
            0.1,
            Matrix.NONE),
        d,
        dBias,
        loss);
    Matrix dBinary = rows();
    Matrix binaryLoss = empty(1, 1);
    bind(
        "binaryCrossEntropy",
        backend.binaryCrossEntropy(new LossMemory(outputs, targets, dBinary, binaryLoss)),
        dBinary,
        binaryLoss);
    Matrix dRegression = rows();
    Matrix regressionLoss = empty(1, 1);
    bind(
        "regressionLoss",
        backend.regressionLoss(
            new LossMemory(outputs, targets, dRegression, regressionLoss), RegressionLoss.HUBER, 1),
        dRegression,
        regressionLoss);
  }

  private void bindUpdates() {
    Matrix gradients = normal(1, n * c, 12);
    Matrix norm = empty(1, 2);
    bind("clipScale", backend.clipScale(gradients, 1, norm), norm);
    Matrix scale = norm.view(1, 1, 1);
    Matrix velocity = empty(1, n * c);
    UpdateTarget first = target(gradients, scale, 13);
    bind(
        "updateMomentum",
        backend.updateMomentum(first, velocity, 0.9, true),
        first.parameters(),
        velocity);
    Matrix squares = empty(1, n * c);
    UpdateTarget second = target(gradients, scale, 14);
    bind(
        "updateRmsprop",
        backend.updateRmsprop(second, squares, 0.99, 1e-8),
        second.parameters(),
        squares);
    Matrix mean = empty(1, n * c);
    Matrix variance = empty(1, n * c);
    UpdateTarget third = target(gradients, scale, 15);
    bind(
        "updateAdam",
        backend.updateAdam(third, mean, variance, 0.9, 0.999, 1e-8, true),
        third.parameters(),
        mean,
        variance);
  }

  private UpdateTarget target(Matrix gradients, Matrix scale, long seed) {
    Matrix parameters = normal(1, n * c, seed);
    return new UpdateTarget(parameters, gradients, n * c / 2, 1e-2, scale, Matrix.NONE, step);
  }

  @Override
  public void close() {
    buffers.forEach(Buffer::close);
  }
}
