package dev.evenkeel.nn;

import dev.evenkeel.backend.Activation;
import java.util.function.DoubleUnaryOperator;

/**
 * What an activation makes of a standard normal, by Gauss and Legendre's quadrature over panels
 * that end at 0, where ReLU and its like have their kink: on each panel the integrand is smooth.
 */
final class GaussianMoments {

  /** Beyond it lies less than 1e-32 of the normal distribution. */
  private static final double END = 12;

  private static final int PANELS = 48;
  private static final int NODES = 16;
  private static final double[][] RULE = legendre();

  private GaussianMoments() {}

  static NormProp.Moments of(Activation function) {
    double mean = expectation(z -> value(function, z));
    double variance = expectation(z -> square(value(function, z) - mean));
    double deviation = Math.sqrt(variance);
    double energy = expectation(z -> square(derivative(function, z)));
    return new NormProp.Moments(mean, deviation, Math.sqrt(energy) / deviation);
  }

  private static double square(double x) {
    return x * x;
  }

  /** E f(z) for z ~ N(0, 1). */
  static double expectation(DoubleUnaryOperator f) {
    double half = END / PANELS;
    double sum = 0;
    for (int panel = 0; panel < PANELS; panel++) {
      double middle = -END + (2 * panel + 1) * half;
      for (int i = 0; i < NODES; i++) {
        double z = middle + half * RULE[0][i];
        sum += half * RULE[1][i] * density(z) * f.applyAsDouble(z);
      }
    }
    return sum;
  }

  /** Nodes, the roots of the Legendre polynomial by Newton's method, and weights. */
  private static double[][] legendre() {
    double[][] rule = new double[2][NODES];
    for (int i = 0; i < NODES; i++) {
      double x = Math.cos(Math.PI * (i + 0.75) / (NODES + 0.5));
      double slope = 0;
      for (int round = 0; round < 100; round++) {
        double before = 1;
        double now = x;
        for (int n = 2; n <= NODES; n++) {
          double next = ((2 * n - 1) * x * now - (n - 1) * before) / n;
          before = now;
          now = next;
        }
        slope = NODES * (x * now - before) / (x * x - 1);
        x -= now / slope;
      }
      rule[0][i] = x;
      rule[1][i] = 2 / ((1 - x * x) * slope * slope);
    }
    return rule;
  }

  private static double density(double z) {
    return Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI);
  }

  /** Φ(z) = ½ + density · Σ z²ⁿ⁺¹ / (2n+1)!!, whose terms have one sign. */
  private static double distribution(double z) {
    if (Math.abs(z) > 9) {
      return z > 0 ? 1 : 0;
    }
    double term = z;
    double sum = z;
    for (int n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
      term *= z * z / (2 * n + 1);
      sum += term;
    }
    return 0.5 + density(z) * sum;
  }

  private static double sigmoid(double z) {
    return 1 / (1 + Math.exp(-z));
  }

  static double value(Activation function, double z) {
    return switch (function) {
      case IDENTITY -> z;
      case RELU -> Math.max(0, z);
      case LEAKY_RELU -> z > 0 ? z : Activation.LEAKY_SLOPE * z;
      case ELU -> z > 0 ? z : Math.expm1(z);
      case SELU -> Activation.SELU_LAMBDA * (z > 0 ? z : Activation.SELU_ALPHA * Math.expm1(z));
      case GELU -> z * distribution(z);
      case SILU -> z * sigmoid(z);
      case SIGMOID -> sigmoid(z);
      case TANH -> Math.tanh(z);
      case SOFTPLUS -> Math.max(0, z) + Math.log1p(Math.exp(-Math.abs(z)));
    };
  }

  private static double derivative(Activation function, double z) {
    return switch (function) {
      case IDENTITY -> 1;
      case RELU -> z > 0 ? 1 : 0;
      case LEAKY_RELU -> z > 0 ? 1 : Activation.LEAKY_SLOPE;
      case ELU -> z > 0 ? 1 : Math.exp(z);
      case SELU -> Activation.SELU_LAMBDA * (z > 0 ? 1 : Activation.SELU_ALPHA * Math.exp(z));
      case GELU -> distribution(z) + z * density(z);
      case SILU -> sigmoid(z) * (1 + z * (1 - sigmoid(z)));
      case SIGMOID -> sigmoid(z) * (1 - sigmoid(z));
      case TANH -> 1 - square(Math.tanh(z));
      case SOFTPLUS -> sigmoid(z);
    };
  }
}
