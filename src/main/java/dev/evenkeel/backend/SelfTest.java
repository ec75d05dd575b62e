package dev.evenkeel.backend;

import dev.evenkeel.backend.Backend.RegressionLoss;
import dev.evenkeel.backend.Backend.UpdateTarget;
import dev.evenkeel.backend.BatchNormMemory.Running;
import dev.evenkeel.tensor.Buffer;
import dev.evenkeel.tensor.Matrix;
import dev.evenkeel.tensor.Philox;
import dev.evenkeel.tensor.RowOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Runs every operation of a device, on the same numbers, against another device that is trusted. It
 * tells a machine on which something is broken; how exact the operations are is for the conformance
 * table to say.
 */
public final class SelfTest implements AutoCloseable {

  private static final int ROWS = 200;
  private static final int COLUMNS = 72;

  /** Products may round their inputs to TF32's ten bits, or to bfloat16's seven. */
  private static final double PRODUCT_LIMIT = 1e-2;

  private static final double LIMIT = 1e-4;

  /**
   * @param error the largest of all results, over the largest value of that result
   * @param milliseconds of the operation and of reading its results
   */
  public record Result(String operation, double error, double milliseconds, boolean passed) {}

  private record Bound(Operation operation, List<Matrix> results) {}

  private final Backend backend;
  private final Step step = new Step();
  private final List<Buffer> buffers = new ArrayList<>();
  private final Map<String, Bound> bound = new LinkedHashMap<>();
  private Backend.Sequence sequence;
  private long seed;

  private SelfTest(Backend backend) {
    this.backend = backend;
    step.set(3, 0.1);
    bindData();
    bindLinear();
    for (Activation activation : Activation.values()) {
      bindActivation(activation);
    }
    bindBatchNorm("", false, 0, Masking.NONE);
    bindBatchNorm(" ghost", false, 32, Masking.NONE);
    bindBatchNorm(" mean-only", true, 0, Masking.NONE);
    bindBatchNorm(" dropout", false, 0, new Masking(Dropping.inverted(0.3), 5, 1, step));
    bindRowNorm(" layer", 1, true);
    bindRowNorm(" rms", 1, false);
    bindRowNorm(" group", 6, true);
    bindLosses();
    bindUpdates();
  }

  /** Every operation, in the order of the contract. */
  public static List<Result> run(Backend tested, Backend trusted) {
    try (SelfTest one = new SelfTest(tested);
        SelfTest other = new SelfTest(trusted)) {
      List<Result> results = new ArrayList<>();
      for (String name : one.bound.keySet()) {
        results.add(compare(name, one, other));
      }
      return results;
    }
  }

  private static Result compare(String name, SelfTest tested, SelfTest trusted) {
    List<float[]> expected = trusted.values(name);
    long start = System.nanoTime();
    List<float[]> seen = tested.values(name);
    double milliseconds = (System.nanoTime() - start) / 1e6;
    double error = 0;
    for (int i = 0; i < seen.size(); i++) {
      error = Math.max(error, error(seen.get(i), expected.get(i)));
    }
    double limit = name.startsWith("linear") ? PRODUCT_LIMIT : LIMIT;
    return new Result(name, error, milliseconds, error <= limit);
  }

  private List<float[]> values(String name) {
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

  /** Infinite where either is not finite. */
  private static double error(float[] seen, float[] expected) {
    double largest = 0;
    double scale = Float.MIN_NORMAL;
    for (int i = 0; i < seen.length; i++) {
      double difference = Math.abs((double) seen[i] - expected[i]);
      if (!Double.isFinite(difference)) {
        return Double.POSITIVE_INFINITY;
      }
      largest = Math.max(largest, difference);
      scale = Math.max(scale, Math.abs(expected[i]));
    }
    return largest / scale;
  }

  private void bind(String name, Operation operation, Matrix... results) {
    bound.put(name, new Bound(operation, List.of(results)));
  }

  private Matrix empty(int rows, int columns) {
    Buffer buffer = backend.allocate((long) rows * columns);
    buffers.add(buffer);
    return Matrix.of(buffer, rows, columns);
  }

  private Matrix holding(int rows, int columns, float[] values) {
    Matrix matrix = empty(rows, columns);
    backend.write(values, matrix);
    return matrix;
  }

  /** Standard normal numbers, the same on every backend since all bind in the same order. */
  private Matrix normal(int rows, int columns) {
    Philox random = new Philox(1, seed++);
    float[] values = new float[rows * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return holding(rows, columns, values);
  }

  private Matrix ones(int columns) {
    float[] values = new float[columns];
    Arrays.fill(values, 1);
    return holding(1, columns, values);
  }

  private void bindData() {
    int[] order = new int[ROWS];
    Arrays.setAll(order, i -> ROWS - 1 - i);
    Matrix x = normal(ROWS, COLUMNS);
    Matrix gathered = empty(ROWS, COLUMNS);
    bind("gather", backend.gather(x, new RowOrder(order), gathered), gathered);
    Matrix again = empty(ROWS, COLUMNS);
    Matrix targets = empty(ROWS, 3);
    bind(
        "gatherWithTargets",
        backend.gatherWithTargets(x, normal(ROWS, 3), new RowOrder(order), again, targets),
        again,
        targets);
    Matrix copied = empty(ROWS, COLUMNS);
    bind("copy", backend.copy(x, copied), copied);
    Matrix sum = empty(ROWS, COLUMNS);
    bind("add", backend.add(x, gathered, sum), sum);
    Matrix dropped = empty(ROWS, COLUMNS);
    bind("dropout", backend.dropout(x, Dropping.inverted(0.3), 5, 1, step, dropped), dropped);
    Matrix alpha = empty(ROWS, COLUMNS);
    bind("dropout alpha", backend.dropout(x, Dropping.alpha(0.3), 5, 1, step, alpha), alpha);
    Matrix mapped = empty(ROWS, COLUMNS);
    bind("scaleShift", backend.scaleShift(x, 1.7, -0.3, mapped), mapped);
    Matrix twice = empty(ROWS, COLUMNS);
    sequence =
        backend.sequence(List.of(backend.copy(x, twice), backend.add(twice, gathered, twice)));
    bind("sequence", this::thrice, twice);
    Matrix mean = empty(1, COLUMNS);
    Matrix variance = empty(1, COLUMNS);
    bind("columnStatistics", backend.columnStatistics(x, mean, variance), mean, variance);
  }

  /** Once as it is, and then recorded and replayed. */
  private void thrice() {
    sequence.run();
    sequence.run();
    sequence.run();
  }

  private void bindLinear() {
    Matrix x = normal(ROWS, COLUMNS);
    Matrix weight = normal(40, COLUMNS);
    Matrix dz = normal(ROWS, 40);
    Matrix z = empty(ROWS, 40);
    bind("linearForward", backend.linearForward(x, weight, z), z);
    Matrix dx = empty(ROWS, COLUMNS);
    bind("linearBackwardInput", backend.linearBackwardInput(dz, weight, dx), dx);
    Matrix dWeight = empty(40, COLUMNS);
    bind("linearBackwardWeight", backend.linearBackwardWeight(dz, x, dWeight), dWeight);
    Matrix gain = normal(40, 1);
    Matrix normed = empty(40, COLUMNS);
    bind("weightNormForward", backend.weightNormForward(weight, gain, normed), normed);
    Matrix dDirection = empty(40, COLUMNS);
    Matrix dGain = empty(40, 1);
    bind(
        "weightNormBackward",
        backend.weightNormBackward(normal(40, COLUMNS), weight, gain, dDirection, dGain),
        dDirection,
        dGain);
  }

  private void bindActivation(Activation activation) {
    Matrix z = normal(ROWS, COLUMNS);
    Matrix y = empty(ROWS, COLUMNS);
    String name = " " + activation.label();
    bind(
        "activationForward" + name,
        backend.activationForward(z, normal(1, COLUMNS), activation, y),
        y);
    Matrix dz = empty(ROWS, COLUMNS);
    Matrix dBias = empty(1, COLUMNS);
    bind(
        "activationBackward" + name,
        backend.activationBackward(normal(ROWS, COLUMNS), z, y, activation, dz, dBias),
        dz,
        dBias);
  }

  private void bindBatchNorm(String name, boolean meanOnly, int ghostRows, Masking masking) {
    Matrix x = normal(ROWS, COLUMNS);
    BatchNormMemory norm =
        new BatchNormMemory(
            meanOnly ? Matrix.NONE : normal(1, COLUMNS),
            normal(1, COLUMNS),
            empty(1, COLUMNS),
            meanOnly ? Matrix.NONE : ones(COLUMNS),
            empty(1, 1),
            1e-5,
            new Running(0.1, true),
            ghostRows);
    Matrix y = empty(ROWS, COLUMNS);
    Matrix saved = empty(3 * BatchNormMemory.groups(ROWS, ghostRows), COLUMNS);
    bind(
        "batchNormForward" + name,
        backend.batchNormForward(x, norm, Activation.RELU, masking, y, saved),
        present(y, norm.runningMean(), norm.runningVariance()));
    Matrix dx = empty(ROWS, COLUMNS);
    Matrix dGamma = meanOnly ? Matrix.NONE : empty(1, COLUMNS);
    Matrix dBeta = empty(1, COLUMNS);
    bind(
        "batchNormBackward" + name,
        backend.batchNormBackward(
            normal(ROWS, COLUMNS), x, y, norm, Activation.RELU, masking, saved, dx, dGamma, dBeta),
        present(dx, dGamma, dBeta));
    Matrix inferred = empty(ROWS, COLUMNS);
    bind(
        "batchNormInference" + name,
        backend.batchNormInference(x, norm, Activation.IDENTITY, inferred),
        inferred);
  }

  private void bindRowNorm(String name, int groups, boolean centred) {
    Matrix x = normal(ROWS, COLUMNS);
    Matrix beta = centred ? normal(1, COLUMNS) : Matrix.NONE;
    RowNormMemory norm = new RowNormMemory(normal(1, COLUMNS), beta, groups, centred, 1e-5);
    Matrix y = empty(ROWS, COLUMNS);
    Matrix saved = empty(ROWS, 3 * groups);
    bind(
        "rowNormForward" + name,
        backend.rowNormForward(x, norm, Activation.RELU, y, saved),
        y,
        saved);
    Matrix dx = empty(ROWS, COLUMNS);
    Matrix dGamma = empty(1, COLUMNS);
    Matrix dBeta = centred ? empty(1, COLUMNS) : Matrix.NONE;
    bind(
        "rowNormBackward" + name,
        backend.rowNormBackward(
            normal(ROWS, COLUMNS), x, y, norm, Activation.RELU, saved, dx, dGamma, dBeta),
        present(dx, dGamma, dBeta));
  }

  private static Matrix[] present(Matrix... results) {
    return Stream.of(results).filter(result -> !result.isNone()).toArray(Matrix[]::new);
  }

  private void bindLosses() {
    Matrix outputs = normal(ROWS, COLUMNS);
    float[] classes = new float[ROWS];
    float[] halves = new float[ROWS * COLUMNS];
    for (int i = 0; i < ROWS; i++) {
      classes[i] = i % COLUMNS;
    }
    Arrays.fill(halves, 0.5f);
    Matrix bias = normal(1, COLUMNS);
    Matrix dLogits = empty(ROWS, COLUMNS);
    Matrix dBias = empty(1, COLUMNS);
    Matrix loss = empty(1, 1);
    bind(
        "softmaxCrossEntropy",
        backend.softmaxCrossEntropy(
            new LossMemory(outputs, bias, holding(ROWS, 1, classes), dLogits, dBias, loss),
            0.1,
            Matrix.NONE),
        dLogits,
        dBias,
        loss);
    Matrix dBinary = empty(ROWS, COLUMNS);
    Matrix binary = empty(1, 1);
    bind(
        "binaryCrossEntropy",
        backend.binaryCrossEntropy(
            new LossMemory(outputs, holding(ROWS, COLUMNS, halves), dBinary, binary)),
        dBinary,
        binary);
    for (RegressionLoss kind : RegressionLoss.values()) {
      Matrix dOutputs = empty(ROWS, COLUMNS);
      Matrix regression = empty(1, 1);
      bind(
          "regressionLoss " + kind.name().toLowerCase(Locale.ROOT),
          backend.regressionLoss(
              new LossMemory(outputs, normal(ROWS, COLUMNS), dOutputs, regression), kind, 1),
          dOutputs,
          regression);
    }
  }

  private void bindUpdates() {
    int count = ROWS * COLUMNS;
    Matrix gradients = normal(1, count);
    Matrix norm = empty(1, 2);
    bind("clipScale", backend.clipScale(gradients, 1, norm), norm);
    UpdateTarget momentum = target(gradients, norm);
    bind(
        "updateMomentum",
        backend.updateMomentum(momentum, empty(1, count), 0.9, true),
        momentum.parameters());
    UpdateTarget rmsprop = target(gradients, norm);
    bind(
        "updateRmsprop",
        backend.updateRmsprop(rmsprop, empty(1, count), 0.99, 1e-8),
        rmsprop.parameters());
    UpdateTarget adam = target(gradients, norm);
    bind(
        "updateAdam",
        backend.updateAdam(adam, empty(1, count), empty(1, count), 0.9, 0.999, 1e-8, true),
        adam.parameters());
  }

  private UpdateTarget target(Matrix gradients, Matrix norm) {
    Matrix parameters = normal(1, ROWS * COLUMNS);
    return new UpdateTarget(
        parameters, gradients, parameters.size() / 2, 1e-2, norm.view(1, 1, 1), Matrix.NONE, step);
  }

  @Override
  public void close() {
    sequence.close();
    buffers.forEach(Buffer::close);
  }
}
