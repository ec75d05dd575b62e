package dev.evenkeel.backend.cpu;

import dev.evenkeel.backend.Activation;

/**
 * Activations and exponentials over short arrays: the first {@code n} elements (at most {@link
 * Scratch#WIDTH}), at one index, so that the JIT vectorises every loop. Comparisons would stop it;
 * they are written as arithmetic.
 */
final class Elementwise {

  private static final float LEAKY_SLOPE = (float) Activation.LEAKY_SLOPE;
  private static final float SELU_LAMBDA = (float) Activation.SELU_LAMBDA;
  private static final float SELU_LAMBDA_ALPHA =
      (float) (Activation.SELU_LAMBDA * Activation.SELU_ALPHA);
  private static final float INVERSE_SQRT_TWO_PI = 0.3989422804014327f;

  /** max(x, 0) · HUGE · HUGE is 0 up to zero, and above 1 even for the smallest denormal. */
  static final float HUGE = 1e38f;

  private Elementwise() {}

  /** y := activation(u); y may be u. */
  static void forward(Activation activation, float[] u, float[] y, Scratch scratch, int n) {
    float[] work = scratch.work;
    switch (activation) {
      case IDENTITY -> System.arraycopy(u, 0, y, 0, n);
      case RELU -> relu(u, y, n);
      case LEAKY_RELU -> leakyRelu(u, y, n);
      case ELU -> elu(u, y, scratch, 1, 1, n);
      case SELU -> elu(u, y, scratch, SELU_LAMBDA, SELU_LAMBDA_ALPHA, n);
      case GELU -> gelu(u, y, n);
      case SILU -> {
        sigmoid(u, work, scratch, n);
        multiply(u, work, y, n);
      }
      case SIGMOID -> sigmoid(u, y, scratch, n);
      case TANH -> tanh(u, y, scratch, n);
      case SOFTPLUS -> softplus(u, y, n);
    }
  }

  /** dy := dy · activation′, from the input u and the output y. */
  static void backward(
      Activation activation, float[] u, float[] y, float[] dy, Scratch scratch, int n) {
    float[] work = scratch.work;
    switch (activation) {
      case IDENTITY -> {}
      case RELU -> reluBackward(y, dy, n);
      case LEAKY_RELU -> leakyReluBackward(y, dy, n);
      case ELU -> eluBackward(y, dy, 1, 1, n);
      case SELU -> eluBackward(y, dy, SELU_LAMBDA, SELU_LAMBDA_ALPHA, n);
      case GELU -> geluBackward(u, dy, scratch, n);
      case SILU -> {
        sigmoid(u, work, scratch, n);
        siluBackward(u, work, dy, n);
      }
      case SIGMOID -> sigmoidBackward(y, dy, n);
      case TANH -> tanhBackward(y, dy, n);
      case SOFTPLUS -> {
        sigmoid(u, work, scratch, n);
        multiply(dy, work, dy, n);
      }
    }
  }

  /** About what {@link #forward} takes for an element. */
  static double nanoseconds(Activation activation) {
    return switch (activation) {
      case IDENTITY, RELU, LEAKY_RELU -> 0;
      case GELU -> 1;
      case ELU, SELU, SILU, SIGMOID, TANH -> 2.5;
      case SOFTPLUS -> 40;
    };
  }

  /** Whether {@link #backward} looks at u. */
  static boolean backwardNeedsInput(Activation activation) {
    return activation == Activation.GELU
        || activation == Activation.SILU
        || activation == Activation.SOFTPLUS;
  }

  /** Whether {@link #backward} looks at nothing but the sign of y. */
  static boolean backwardNeedsOnlySign(Activation activation) {
    return activation == Activation.IDENTITY
        || activation == Activation.RELU
        || activation == Activation.LEAKY_RELU;
  }

  private static void relu(float[] u, float[] y, int n) {
    for (int i = 0; i < n; i++) {
      y[i] = Math.max(u[i], 0f);
    }
  }

  private static void reluBackward(float[] y, float[] dy, int n) {
    for (int i = 0; i < n; i++) {
      dy[i] *= Math.min(Math.max(y[i], 0f) * HUGE * HUGE, 1f);
    }
  }

  private static void leakyRelu(float[] u, float[] y, int n) {
    for (int i = 0; i < n; i++) {
      y[i] = Math.max(u[i], LEAKY_SLOPE * u[i]);
    }
  }

  private static void leakyReluBackward(float[] y, float[] dy, int n) {
    for (int i = 0; i < n; i++) {
      float positive = Math.min(Math.max(y[i], 0f) * HUGE * HUGE, 1f);
      dy[i] *= LEAKY_SLOPE + (1 - LEAKY_SLOPE) * positive;
    }
  }

  private static void elu(float[] u, float[] y, Scratch scratch, float above, float below, int n) {
    float[] work = scratch.work;
    for (int i = 0; i < n; i++) {
      work[i] = Math.min(u[i], 0f);
    }
    for (int i = 0; i < n; i++) {
      y[i] = above * Math.max(u[i], 0f);
    }
    expMinusOne(work, work, scratch, n);
    for (int i = 0; i < n; i++) {
      y[i] += below * work[i];
    }
  }

  private static void eluBackward(float[] y, float[] dy, float above, float below, int n) {
    for (int i = 0; i < n; i++) {
      float positive = Math.min(Math.max(y[i], 0f) * HUGE * HUGE, 1f);
      dy[i] *= Math.min(y[i], 0f) + below + (above - below) * positive;
    }
  }

  private static void gelu(float[] u, float[] y, int n) {
    for (int i = 0; i < n; i++) {
      y[i] = u[i] * normalCdf(u[i]);
    }
  }

  private static void geluBackward(float[] u, float[] dy, Scratch scratch, int n) {
    float[] work = scratch.work;
    for (int i = 0; i < n; i++) {
      work[i] = -0.5f * u[i] * u[i];
    }
    exp(work, work, scratch, n);
    for (int i = 0; i < n; i++) {
      dy[i] *= normalCdf(u[i]) + u[i] * INVERSE_SQRT_TWO_PI * work[i];
    }
  }

  /** Φ(u) = (1 + erf(u / √2)) / 2, with the rational approximation of erf that Eigen uses. */
  private static float normalCdf(float u) {
    float x = Math.max(-4f, Math.min(4f, u * 0.70710678f));
    float x2 = x * x;
    float p = x2 * -2.72614225801306e-10f + 2.77068142495902e-08f;
    p = x2 * p - 2.10102402082508e-06f;
    p = x2 * p - 5.69250639462346e-05f;
    p = x2 * p - 7.34990630326855e-04f;
    p = x2 * p - 2.95459980854025e-03f;
    p = x2 * p - 1.60960333262415e-02f;
    float q = x2 * -1.45660718464996e-05f - 2.13374055278905e-04f;
    q = x2 * q - 1.68282697438203e-03f;
    q = x2 * q - 7.37332916720468e-03f;
    q = x2 * q - 1.42647390514189e-02f;
    return 0.5f + 0.5f * (x * p / q);
  }

  private static void siluBackward(float[] u, float[] sigmoid, float[] dy, int n) {
    for (int i = 0; i < n; i++) {
      dy[i] *= sigmoid[i] * (1 + u[i] * (1 - sigmoid[i]));
    }
  }

  private static void sigmoid(float[] u, float[] y, Scratch scratch, int n) {
    for (int i = 0; i < n; i++) {
      y[i] = -u[i];
    }
    exp(y, y, scratch, n);
    for (int i = 0; i < n; i++) {
      y[i] = 1f / (1f + y[i]);
    }
  }

  private static void sigmoidBackward(float[] y, float[] dy, int n) {
    for (int i = 0; i < n; i++) {
      dy[i] *= y[i] * (1 - y[i]);
    }
  }

  /** tanh(u) = t / (t + 2) with t = exp(2u) − 1: accurate near 0 as well. */
  private static void tanh(float[] u, float[] y, Scratch scratch, int n) {
    for (int i = 0; i < n; i++) {
      y[i] = Math.max(-20f, Math.min(20f, 2 * u[i]));
    }
    expMinusOne(y, y, scratch, n);
    for (int i = 0; i < n; i++) {
      y[i] = y[i] / (y[i] + 2f);
    }
  }

  private static void tanhBackward(float[] y, float[] dy, int n) {
    for (int i = 0; i < n; i++) {
      dy[i] *= (1 - y[i]) * (1 + y[i]);
    }
  }

  private static void softplus(float[] u, float[] y, int n) {
    for (int i = 0; i < n; i++) {
      y[i] = Math.max(u[i], 0f) + (float) Math.log1p(Math.exp(-Math.abs(u[i])));
    }
  }

  private static void multiply(float[] a, float[] b, float[] out, int n) {
    for (int i = 0; i < n; i++) {
      out[i] = a[i] * b[i];
    }
  }

  // exp(x) = 2^k exp(f), k = round(x / ln 2), |f| <= ln(2)/2. The polynomial is Cephes' expf. Only
  // the step from k to 2^k is a scalar loop: this JIT vectorises no float-to-bits moves.

  private static final float SMALLEST = -87.3f;
  private static final float LARGEST = 88.3f;
  private static final float ROUND = 12582912f; // 1.5 · 2^23: adding it rounds to an integer

  /** y := exp(x), to 1e-7 relative, within exp(−87.3) … exp(88.3); y may be x. */
  static void exp(float[] x, float[] y, Scratch scratch, int n) {
    exp(x, y, scratch.exponent, n, 0f);
  }

  /** y := exp(x) − 1, accurate near 0 too; y may be x. */
  private static void expMinusOne(float[] x, float[] y, Scratch scratch, int n) {
    exp(x, y, scratch.exponent, n, 1f);
  }

  private static void exp(float[] x, float[] y, float[] scale, int n, float minus) {
    for (int i = 0; i < n; i++) {
      float v = Math.max(SMALLEST, Math.min(LARGEST, x[i]));
      float k = v * 1.44269504f + ROUND - ROUND;
      float f = v - k * 0.693359375f + k * 2.12194440e-4f;
      float p = 1.9875691500e-4f;
      p = p * f + 1.3981999507e-3f;
      p = p * f + 8.3334519073e-3f;
      p = p * f + 4.1665795894e-2f;
      p = p * f + 1.6666665459e-1f;
      p = p * f + 5.0000001201e-1f;
      y[i] = p * f * f + f;
      scale[i] = k;
    }
    for (int i = 0; i < n; i++) {
      scale[i] = Float.intBitsToFloat(((int) scale[i] + 127) << 23);
    }
    for (int i = 0; i < n; i++) {
      y[i] = y[i] * scale[i] + (scale[i] - minus);
    }
  }
}
