package dev.evenkeel.nn;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.tensor.Matrix;
import dev.evenkeel.tensor.Philox;
import java.util.Locale;

/**
 * Where weights start. All but orthogonal are normal with mean 0.
 *
 * @param sigma the standard deviation of {@link Kind#NORMAL}, the gain of {@link Kind#ORTHOGONAL}
 */
public record Initialiser(Kind kind, double sigma) {

  /** Floats that are drawn before they are written to the device. */
  private static final int CHUNK = 1 << 17;

  public enum Kind {
    /** By the activation that follows: He for ReLU and its like, LeCun for SELU, else Xavier. */
    AUTO,
    /** He et al. 2015: √(2 / inputs). */
    HE,
    /** Glorot and Bengio 2010: √(2 / (inputs + outputs)). */
    XAVIER,
    /** LeCun et al. 1998: √(1 / inputs). */
    LECUN,
    NORMAL,
    /** Saxe et al. 2014: rows, or columns where there are more rows, are orthonormal. */
    ORTHOGONAL
  }

  public Initialiser {
    if (!(sigma >= 0 && sigma < Double.POSITIVE_INFINITY)) {
      throw new EvenkeelException(
          "An initialiser's sigma must be at least 0 and finite, not " + sigma);
    }
  }

  public static Initialiser auto() {
    return new Initialiser(Kind.AUTO, 1);
  }

  public static Initialiser he() {
    return new Initialiser(Kind.HE, 1);
  }

  public static Initialiser xavier() {
    return new Initialiser(Kind.XAVIER, 1);
  }

  public static Initialiser lecun() {
    return new Initialiser(Kind.LECUN, 1);
  }

  public static Initialiser normal(double sigma) {
    return new Initialiser(Kind.NORMAL, sigma);
  }

  public static Initialiser orthogonal() {
    return new Initialiser(Kind.ORTHOGONAL, 1);
  }

  /** "he", "normal(0.05)": as on the command line. */
  public static Initialiser named(String text) {
    String name = text.toLowerCase(Locale.ROOT);
    try {
      if (name.startsWith("normal(") && name.endsWith(")")) {
        return normal(Double.parseDouble(name.substring(7, name.length() - 1)));
      }
      Kind kind = Kind.valueOf(name.toUpperCase(Locale.ROOT));
      if (kind != Kind.NORMAL) {
        return new Initialiser(kind, 1);
      }
    } catch (IllegalArgumentException e) {
      // falls through to the one message
    }
    throw new EvenkeelException(
        "Unknown initialiser '%s'; there are: auto, he, xavier, lecun, normal(0.05), orthogonal"
            .formatted(text));
  }

  /**
   * Fills weights [outputs, inputs], a few rows at a time.
   *
   * @param follows the activation that decides what AUTO means
   */
  void fill(Matrix weights, Activation follows, Philox random, Backend backend) {
    int outputs = weights.rows();
    int inputs = weights.columns();
    if (kind == Kind.ORTHOGONAL) {
      backend.write(orthogonal(outputs, inputs, random), weights);
      return;
    }
    double deviation =
        switch (kind == Kind.AUTO ? forActivation(follows) : kind) {
          case HE -> Math.sqrt(2.0 / inputs);
          case XAVIER -> Math.sqrt(2.0 / (inputs + outputs));
          case LECUN -> Math.sqrt(1.0 / inputs);
          default -> sigma;
        };
    int rowsAtOnce = Math.max(1, Math.min(outputs, CHUNK / inputs));
    float[] chunk = new float[0];
    for (int row = 0; row < outputs; row += rowsAtOnce) {
      int rows = Math.min(rowsAtOnce, outputs - row);
      chunk = chunk.length == rows * inputs ? chunk : new float[rows * inputs];
      random.nextGaussians(deviation, chunk);
      backend.write(chunk, weights.view((long) row * inputs, rows, inputs));
    }
  }

  private float[] orthogonal(int outputs, int inputs, Philox random) {
    double[] vectors = new double[outputs * inputs];
    for (int i = 0; i < vectors.length; i++) {
      vectors[i] = random.nextGaussian();
    }
    orthonormalise(vectors, outputs, inputs);
    float[] weights = new float[vectors.length];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = (float) (sigma * vectors[i]);
    }
    return weights;
  }

  private static Kind forActivation(Activation follows) {
    return switch (follows) {
      case RELU, LEAKY_RELU, ELU, GELU, SILU, SOFTPLUS -> Kind.HE;
      case SELU -> Kind.LECUN;
      case IDENTITY, SIGMOID, TANH -> Kind.XAVIER;
    };
  }

  /** Gram and Schmidt, twice over each vector, along the shorter side. */
  private static void orthonormalise(double[] w, int rows, int columns) {
    boolean byRows = rows <= columns;
    int count = byRows ? rows : columns;
    int length = byRows ? columns : rows;
    int step = byRows ? 1 : columns;
    for (int i = 0; i < count; i++) {
      int at = byRows ? i * columns : i;
      for (int pass = 0; pass < 2; pass++) {
        for (int j = 0; j < i; j++) {
          int other = byRows ? j * columns : j;
          double dot = dot(w, at, other, length, step);
          for (int k = 0; k < length; k++) {
            w[at + k * step] -= dot * w[other + k * step];
          }
        }
      }
      double norm = Math.sqrt(dot(w, at, at, length, step));
      for (int k = 0; k < length; k++) {
        w[at + k * step] /= norm;
      }
    }
  }

  private static double dot(double[] w, int a, int b, int length, int step) {
    double sum = 0;
    for (int k = 0; k < length; k++) {
      sum += w[a + k * step] * w[b + k * step];
    }
    return sum;
  }
}
