package dev.evenkeel.lab.experiments;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.BatchNormMemory;
import dev.evenkeel.backend.BatchNormMemory.Running;
import dev.evenkeel.backend.Masking;
import dev.evenkeel.backend.Precision;
import dev.evenkeel.lab.About;
import dev.evenkeel.lab.Chart;
import dev.evenkeel.lab.Experiment;
import dev.evenkeel.lab.Finding;
import dev.evenkeel.lab.Lab;
import dev.evenkeel.lab.Runs;
import dev.evenkeel.lab.Spread;
import dev.evenkeel.lab.Table;
import dev.evenkeel.nn.BatchNorm;
import dev.evenkeel.tensor.Buffer;
import dev.evenkeel.tensor.Matrix;
import dev.evenkeel.tensor.Philox;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;

/** γ = √(σ² + ε), β = μ: a batch norm that changes nothing, up to rounding. */
public final class Identity implements Experiment {

  private static final int COLUMNS = 64;
  private static final double EPSILON = BatchNorm.DEFAULT_EPSILON;

  /** Deviations of the columns' values; the mean is what is varied. */
  private static final double DEVIATION = 1;

  private static final List<Double> MEANS = List.of(1.0, 10.0, 1e2, 1e3, 1e4);

  /** Half of a number's last place, as a share of it, in what activations are stored in. */
  private static final Map<String, Double> ROUNDING =
      Map.of("float64", 0x1p-53, "fp32", 0x1p-24, "tf32", 0x1p-24, "bf16", 0x1p-9);

  /**
   * That may add up: of μ, z − μ, σ, γ, the quotient, the product and the sum, and one to spare.
   */
  private static final double ROUNDINGS = 8;

  private record Setting(String precision, double mean) {
    @Override
    public String toString() {
      return precision + ", mean " + mean;
    }
  }

  /** The largest difference, and the same in roundings of the largest value. */
  private record Error(double absolute, double roundings) {}

  @Override
  public About about() {
    return About.of("identity")
        .titled("Batch norm can undo itself")
        .claims("With γ = √(σ² + ε) and β = μ, batch norm gives its input z back.")
        .from("Ioffe and Szegedy 2015, section 3: the reason for having γ and β")
        .seeds(5);
  }

  @Override
  public void run(Lab lab, Finding finding) {
    int rows = lab.size(128, 4096, 65536);
    List<String> precisions = new ArrayList<>(List.of("float64"));
    precisions.addAll(ofDevice(lab));
    List<Setting> settings =
        precisions.stream().flatMap(p -> MEANS.stream().map(mean -> new Setting(p, mean))).toList();
    Runs<Setting, Error> runs =
        lab.sweep(settings, (setting, seed) -> worst(lab, setting, rows, seed));
    show(finding, lab, runs, rows);
    for (String precision : precisions) {
      judge(finding, runs, precision);
    }
    finding.because(
        "The worst error is %.1e in float64 and %.1e in float32, for values around 1: about as much as rounding does to a value of that size, and so for every mean.",
        runs.spread(new Setting("float64", 1), Error::absolute).max(),
        runs.spread(new Setting("fp32", 1), Error::absolute).max());
  }

  private static void show(Finding finding, Lab lab, Runs<Setting, Error> runs, int rows) {
    Chart chart =
        Chart.of("worst-error", "What is left of z after batch norm undid itself")
            .subtitle(
                "worst of %,d × %d values; %s"
                    .formatted(rows, COLUMNS, lab.overSeeds("mean and sd")))
            .x("mean of z (standard deviations)")
            .logX()
            .y("worst |y − z| (roundings of the largest |z|)");
    Table table =
        Table.of(
            "worst-error",
            "Worst error |y − z|",
            "precision",
            "mean of z (standard deviations)",
            "worst error",
            "in roundings of the largest |z|");
    for (Setting setting : runs.settings()) {
      Spread roundings = runs.spread(setting, Error::roundings);
      chart.line(setting.precision, setting.mean, roundings);
      table.row(setting.precision, setting.mean, runs.spread(setting, Error::absolute), roundings);
    }
    finding.method(
        "%,d rows of %d columns of normal numbers, of deviation 1 and the mean that is varied, go through batch norm with γ = √(σ² + ε), β = μ and ε = %s; what comes out is compared with what went in, by the largest difference. float64 is the plain formula in Java, the others are the device's own operation, and start from z as that precision stores it. A rounding is half of a number's last place: 2⁻⁵³ of it in float64, 2⁻²⁴ in float32 (which tf32 stores, too), 2⁻⁹ in bfloat16.",
        rows, COLUMNS, EPSILON);
    finding.figure(chart);
    finding.table(table);
  }

  private static void judge(Finding finding, Runs<Setting, Error> runs, String precision) {
    double worst =
        MEANS.stream()
            .mapToDouble(mean -> runs.spread(new Setting(precision, mean), Error::roundings).max())
            .max()
            .orElseThrow();
    finding
        .check("worst error in %s, in roundings of the largest |z|".formatted(precision), worst)
        .below(ROUNDINGS);
    if (precision.equals("float64")) {
      double absolute = runs.spread(new Setting(precision, 1), Error::absolute).max();
      finding.check("worst error in float64, values around 1", absolute).below(1e-12);
    }
  }

  /** What the device can do: fp32 on the CPU. */
  private static List<String> ofDevice(Lab lab) {
    List<String> names = new ArrayList<>(List.of("fp32"));
    for (Precision precision : List.of(Precision.TF32, Precision.BF16)) {
      try {
        lab.backend(precision);
        names.add(precision.label());
      } catch (EvenkeelException e) {
        // not on this device
      }
    }
    return names;
  }

  private static Error worst(Lab lab, Setting setting, int rows, long seed) {
    Philox random = new Philox(seed, 1);
    double[] z = new double[rows * COLUMNS];
    for (int i = 0; i < z.length; i++) {
      z[i] = setting.mean + DEVIATION * random.nextGaussian();
    }
    if (setting.precision.equals("float64")) {
      return worst(z, undone(z, rows), setting.precision);
    }
    Precision precision = Precision.valueOf(setting.precision.toUpperCase(Locale.ROOT));
    return worstOn(lab.backend(precision), z, rows, setting.precision);
  }

  /** The formula, column by column. */
  private static double[] undone(double[] z, int rows) {
    double[] y = new double[z.length];
    for (int c = 0; c < COLUMNS; c++) {
      double mean = 0;
      for (int r = 0; r < rows; r++) {
        mean += z[r * COLUMNS + c] / rows;
      }
      double variance = 0;
      for (int r = 0; r < rows; r++) {
        double distance = z[r * COLUMNS + c] - mean;
        variance += distance * distance / rows;
      }
      double gamma = Math.sqrt(variance + EPSILON);
      for (int r = 0; r < rows; r++) {
        double standardised = (z[r * COLUMNS + c] - mean) / Math.sqrt(variance + EPSILON);
        y[r * COLUMNS + c] = gamma * standardised + mean;
      }
    }
    return y;
  }

  private static Error worstOn(Backend backend, double[] z, int rows, String precision) {
    float[] values = new float[z.length];
    for (int i = 0; i < z.length; i++) {
      values[i] = (float) z[i];
    }
    try (Buffer inputs = backend.allocateActivations(rows, COLUMNS);
        Buffer outputs = backend.allocateActivations(rows, COLUMNS);
        Buffer vectors = backend.allocate(8L * COLUMNS + 1)) {
      Matrix x = Matrix.of(inputs, rows, COLUMNS);
      Matrix y = Matrix.of(outputs, rows, COLUMNS);
      backend.write(values, x);
      BatchNormMemory norm = undoing(backend, vectors, x);
      Matrix saved = new Matrix(vectors, 4L * COLUMNS, 3, COLUMNS);
      backend.batchNormForward(x, norm, Activation.IDENTITY, Masking.NONE, y, saved).run();
      float[] in = new float[z.length];
      float[] out = new float[z.length];
      backend.read(x, in); // as the device stores it
      backend.read(y, out);
      return worst(doubles(in), doubles(out), precision);
    }
  }

  /** The norm whose γ and β undo what it does to x. */
  private static BatchNormMemory undoing(Backend backend, Buffer vectors, Matrix x) {
    Matrix gamma = new Matrix(vectors, 0, 1, COLUMNS);
    Matrix beta = new Matrix(vectors, COLUMNS, 1, COLUMNS);
    Matrix mean = new Matrix(vectors, 2L * COLUMNS, 1, COLUMNS);
    Matrix variance = new Matrix(vectors, 3L * COLUMNS, 1, COLUMNS);
    Matrix count = new Matrix(vectors, 8L * COLUMNS, 1, 1);
    backend.columnStatistics(x, mean, variance).run();
    float[] values = new float[COLUMNS];
    backend.read(mean, values);
    backend.write(values, beta);
    backend.read(variance, values);
    for (int c = 0; c < COLUMNS; c++) {
      values[c] = (float) Math.sqrt(values[c] + EPSILON);
    }
    backend.write(values, gamma);
    return new BatchNormMemory(
        gamma, beta, mean, variance, count, EPSILON, new Running(0.1, false));
  }

  private static double[] doubles(float[] values) {
    return IntStream.range(0, values.length).mapToDouble(i -> values[i]).toArray();
  }

  private static Error worst(double[] expected, double[] actual, String precision) {
    double worst = 0;
    double largest = 0;
    for (int i = 0; i < expected.length; i++) {
      worst = Math.max(worst, Math.abs(expected[i] - actual[i]));
      largest = Math.max(largest, Math.abs(expected[i]));
    }
    return new Error(worst, worst / (ROUNDING.get(precision) * largest));
  }
}
