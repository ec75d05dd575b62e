package dev.evenkeel.backend;

import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.backend.Backend.RegressionLoss;
import dev.evenkeel.tensor.Matrix;
import dev.evenkeel.tensor.Philox;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Losses and their gradients. */
final class LossRows {

  private static final int[][] SHAPES = {
    {1, 1}, {7, 13}, {300, 10}, {3, 1031}, {65, 257}, {131_101, 3}
  };

  private LossRows() {}

  static List<Row> all() {
    List<Row> rows = new ArrayList<>();
    for (int[] shape : SHAPES) {
      int n = shape[0];
      int c = shape[1];
      for (Values values :
          List.of(Values.NORMAL, Values.EXTREME, Values.OUTLIER, Values.ZERO, Values.LARGE_MEAN)) {
        String input = "%d x %d, %s".formatted(n, c, values.label());
        for (double smoothing : new double[] {0, 0.1}) {
          for (boolean weighted : new boolean[] {false, true}) {
            String details = ", smoothing %s%s".formatted(smoothing, weighted ? ", weighted" : "");
            rows.add(
                new Row(
                    "softmaxCrossEntropy",
                    input + details,
                    bench -> softmax(bench, values.of(n, c, 1), smoothing, weighted, n, c)));
          }
        }
        for (boolean weighted : new boolean[] {false, true}) {
          String details = input + (weighted ? ", weighted rows, bias" : "");
          rows.add(
              new Row(
                  "binaryCrossEntropy", details, bench -> binary(bench, values, weighted, n, c)));
          for (RegressionLoss kind : RegressionLoss.values()) {
            rows.add(
                new Row(
                    "regressionLoss",
                    details + ", " + kind.name().toLowerCase(),
                    bench -> regression(bench, kind, values, weighted, n, c)));
          }
        }
        rows.add(
            new Row(
                "softmaxCrossEntropy",
                input + ", weighted rows, bias",
                bench -> weightedRows(bench, values, n, c)));
      }
    }
    rows.add(new Row("softmaxCrossEntropy", "classes ruled out by −∞", LossRows::ruledOut));
    rows.add(new Row("softmaxCrossEntropy", "nearly certain of all", LossRows::nearlyCertain));
    rows.add(new Row("softmaxCrossEntropy", "a class that is none", LossRows::noSuchClass));
    rows.add(new Row("softmaxCrossEntropy", "no row that counts", LossRows::noRowCounts));
    rows.add(new Row("regressionLoss", "no error, no slope", LossRows::noError));
    return rows;
  }

  private static int[] classes(int n, int c) {
    Philox random = new Philox(2, 0);
    int[] classes = new int[n];
    for (int i = 0; i < n; i++) {
      classes[i] = random.nextInt(c);
    }
    return classes;
  }

  private static float[] column(int[] classes) {
    float[] values = new float[classes.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = classes[i];
    }
    return values;
  }

  /** 1.5, 0, 0.25, 1.5, …, or null for none. */
  private static float[] rowWeights(int n, boolean weighted) {
    float[] weights = new float[n];
    for (int i = 0; i < n; i++) {
      weights[i] = i % 3 == 0 ? 1.5f : i % 3 == 1 ? 0 : 0.25f;
    }
    return weighted ? weights : null;
  }

  /** Targets [n, c] with the weights of the rows, if there are some, behind them. */
  private static Matrix targets(Bench bench, float[] targets, float[] weights, int n, int c) {
    if (weights == null) {
      return bench.input(n, c, targets);
    }
    float[] all = new float[n * (c + 1)];
    for (int i = 0; i < n; i++) {
      System.arraycopy(targets, i * c, all, i * (c + 1), c);
      all[i * (c + 1) + c] = weights[i];
    }
    return bench.input(n, c + 1, all);
  }

  private static double[] doubles(float[] weights) {
    return weights == null ? null : Reference.doubles(weights);
  }

  private static float[] bias(int c) {
    return Values.NORMAL.of(1, c, 9);
  }

  private static LossMemory memory(
      Bench bench, float[] outputs, boolean biased, Matrix targets, int n, int c) {
    return new LossMemory(
        bench.rows(n, c, outputs),
        biased ? bench.input(1, c, bias(c)) : Matrix.NONE,
        targets,
        bench.outputRows(n, c),
        biased ? bench.output(1, c) : Matrix.NONE,
        bench.output(1, 1));
  }

  /** The outputs with their bias: sums of two floats, as every device makes them. */
  private static double[] complete(float[] outputs, boolean biased, int c) {
    float[] sums = outputs.clone();
    for (int i = 0; i < sums.length; i++) {
      sums[i] += biased ? bias(c)[i % c] : 0;
    }
    return Reference.doubles(sums);
  }

  private static void compareBias(Bench bench, LossMemory memory, double[] gradient, int c) {
    if (!memory.hasBias()) {
      return;
    }
    double[] sums = new double[c];
    double[] sizes = new double[c];
    for (int i = 0; i < gradient.length; i++) {
      sums[i % c] += gradient[i];
      sizes[i % c] += Math.abs(gradient[i]);
    }
    bench.near(Tolerance.BIAS_GRADIENT, "dBias", sums, bench.read(memory.dBias()), sizes);
  }

  private static void softmax(
      Bench bench, float[] logits, double smoothing, boolean weighted, int n, int c) {
    compareSoftmax(
        bench, logits, classes(n, c), smoothing, weighted ? weights(c) : null, null, n, c);
  }

  private static void weightedRows(Bench bench, Values values, int n, int c) {
    compareSoftmax(
        bench, values.of(n, c, 1), classes(n, c), 0.1, weights(c), rowWeights(n, true), n, c);
  }

  /** 0.5, 1, 1.5, 2, …: and the class before the last counts for nothing. */
  private static float[] weights(int c) {
    float[] weights = new float[c];
    for (int k = 0; k < c; k++) {
      weights[k] = c > 2 && k == c - 2 ? 0 : 0.5f + 0.5f * (k % 4);
    }
    return weights;
  }

  private static void compareSoftmax(
      Bench bench,
      float[] logits,
      int[] classes,
      double smoothing,
      float[] weights,
      float[] rowWeights,
      int n,
      int c) {
    boolean biased = rowWeights != null;
    Matrix targets = targets(bench, column(classes), rowWeights, n, 1);
    LossMemory memory = memory(bench, logits, biased, targets, n, c);
    Matrix classWeights = weights == null ? Matrix.NONE : bench.input(1, c, weights);
    bench.backend.softmaxCrossEntropy(memory, smoothing, classWeights).run();
    Reference.Loss expected =
        Reference.softmaxCrossEntropy(
            complete(logits, biased, c),
            classes,
            smoothing,
            doubles(weights),
            doubles(rowWeights),
            n,
            c);
    bench.near(Tolerance.LOSS, "loss", new double[] {expected.loss()}, memory.loss());
    compareBias(bench, memory, expected.gradient(), c);
    double total = 0;
    for (int target : classes) {
      total += weights == null ? 1 : weights[target];
    }
    float[] gradient = bench.read(memory.gradient());
    double worst = 0;
    double worstSum = 0;
    for (int i = 0; i < n; i++) {
      double weight = weights == null ? 1 : Math.max(weights[classes[i]], 0.5);
      double sum = 0;
      for (int k = 0; k < c; k++) {
        sum += gradient[i * c + k];
        double error = Math.abs(gradient[i * c + k] - expected.gradient()[i * c + k]);
        worst = Math.max(worst, error * total / weight);
      }
      worstSum = Math.max(worstSum, Math.abs(sum) * total / weight);
    }
    bench.within(Tolerance.SOFTMAX_GRADIENT, "dLogits", worst);
    bench.within(Tolerance.SOFTMAX_ROW_SUM, "row sums of dLogits", worstSum);
  }

  private static void ruledOut(Bench bench) {
    int n = 65;
    int c = 257;
    int[] classes = classes(n, c);
    float[] logits = Values.NORMAL.of(n, c, 3);
    for (int i = 0; i < n; i++) {
      for (int k = i % 3; k < c; k += 3) {
        logits[i * c + k] = k == classes[i] ? logits[i * c + k] : Float.NEGATIVE_INFINITY;
      }
    }
    compareSoftmax(bench, logits, classes, 0, null, null, n, c);
    compareSoftmax(bench, logits, classes, 0, weights(c), null, n, c);
  }

  /** The loss is about 10⁻⁷: 1 + 10⁻⁷ has no digits left in float32. */
  private static void nearlyCertain(Bench bench) {
    int n = 67;
    int c = 5;
    int[] classes = classes(n, c);
    float[] logits = Values.NORMAL.of(n, c, 4);
    for (int i = 0; i < n; i++) {
      logits[i * c + classes[i]] += 20;
    }
    compareSoftmax(bench, logits, classes, 0, null, null, n, c);
  }

  /** The CPU says so; a device that goes on by itself makes it NaN, which stops the run. */
  private static void noSuchClass(Bench bench) {
    Matrix loss = bench.output(1, 1);
    Matrix dLogits = bench.outputRows(2, 3);
    Matrix logits = bench.rows(2, 3, new float[6]);
    for (float target : new float[] {3, -1, Float.NaN, 1.5f, -0.5f}) {
      Matrix targets = bench.input(2, 1, new float[] {2, target});
      Operation operation =
          bench.backend.softmaxCrossEntropy(
              new LossMemory(logits, targets, dLogits, loss), 0, Matrix.NONE);
      if (!bench.backend.device().equals("cpu")) {
        operation.run();
        bench.holds(Float.isNaN(bench.read(loss)[0]), "the loss is NaN");
        bench.holds(Float.isNaN(bench.read(dLogits)[3]), "the row's gradient is NaN");
        bench.holds(Float.isFinite(bench.read(dLogits)[0]), "the other row's is not");
        continue;
      }
      String message = assertThrows(EvenkeelException.class, operation::run).getMessage();
      bench.holds(
          message.contains("Row 1 of the batch") && message.contains("classes 0 to 2"), message);
    }
  }

  /** All rows are of a class of weight 0, as may happen in a small batch: no loss, no gradient. */
  private static void noRowCounts(Bench bench) {
    int n = 65;
    int c = 3;
    Matrix loss = bench.output(1, 1);
    Matrix dLogits = bench.outputRows(n, c);
    Matrix logits = bench.rows(n, c, Values.NORMAL.of(n, c, 5));
    Matrix weights = bench.input(1, c, new float[] {1, 0, 2});
    float[] ones = new float[n];
    Arrays.fill(ones, 1);
    for (float[] rowWeights : new float[][] {null, rowWeights(n, true)}) {
      Matrix targets = targets(bench, ones, rowWeights, n, 1);
      LossMemory memory = new LossMemory(logits, targets, dLogits, loss);
      bench.backend.softmaxCrossEntropy(memory, 0.1, weights).run();
      bench.exact("loss", new float[1], loss);
      bench.exact("dLogits", new float[n * c], dLogits);
    }
  }

  private static Tolerance sigmoid(Bench bench) {
    boolean isCpu = bench.backend.device().equals("cpu");
    return isCpu ? Tolerance.LOSS_GRADIENT : Tolerance.SIGMOID_ON_GPU;
  }

  private static void binary(Bench bench, Values values, boolean weighted, int n, int c) {
    float[] weights = rowWeights(n, weighted);
    float[] logits = values.of(n, c, 5);
    float[] targets = Values.NORMAL.of(n, c, 6);
    for (int i = 0; i < targets.length; i++) {
      targets[i] = i % 5 == 0 ? 0.25f : targets[i] > 0 ? 1 : 0;
    }
    LossMemory memory =
        memory(bench, logits, weighted, targets(bench, targets, weights, n, c), n, c);
    bench.backend.binaryCrossEntropy(memory).run();
    compare(
        bench,
        sigmoid(bench),
        Reference.binaryCrossEntropy(
            complete(logits, weighted, c), Reference.doubles(targets), doubles(weights)),
        memory);
  }

  private static void regression(
      Bench bench, RegressionLoss kind, Values values, boolean weighted, int n, int c) {
    float[] weights = rowWeights(n, weighted);
    float[] outputs = values.of(n, c, 7);
    float[] targets = values.of(n, c, 8);
    LossMemory memory =
        memory(bench, outputs, weighted, targets(bench, targets, weights, n, c), n, c);
    bench.backend.regressionLoss(memory, kind, 0.75).run();
    compare(
        bench,
        Tolerance.LOSS_GRADIENT,
        Reference.regressionLoss(
            kind,
            0.75,
            complete(outputs, weighted, c),
            Reference.doubles(targets),
            doubles(weights)),
        memory);
  }

  private static void noError(Bench bench) {
    float[] outputs = Values.NORMAL.of(7, 13, 9);
    for (RegressionLoss kind : RegressionLoss.values()) {
      Matrix gradient = bench.outputRows(7, 13);
      Matrix loss = bench.output(1, 1);
      Matrix both = bench.rows(7, 13, outputs);
      bench.backend.regressionLoss(new LossMemory(both, both, gradient, loss), kind, 1).run();
      bench.exact("gradient", new float[7 * 13], gradient);
      bench.exact("loss", new float[1], loss);
    }
  }

  private static void compare(
      Bench bench, Tolerance tolerance, Reference.Loss truth, LossMemory memory) {
    bench.near(Tolerance.LOSS, "loss", new double[] {truth.loss()}, memory.loss());
    bench.near(tolerance, "gradient", truth.gradient(), memory.gradient());
    compareBias(bench, memory, truth.gradient(), memory.outputs().columns());
  }
}
