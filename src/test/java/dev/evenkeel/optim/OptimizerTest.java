package dev.evenkeel.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.evenkeel.Expect;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Backend.UpdateTarget;
import dev.evenkeel.backend.Device;
import dev.evenkeel.backend.Operation;
import dev.evenkeel.backend.Step;
import dev.evenkeel.io.Json;
import dev.evenkeel.tensor.Buffer;
import dev.evenkeel.tensor.Matrix;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class OptimizerTest {

  private static final int SIZE = 7;
  private static final int DECAYED = 4;

  static Stream<Optimizer> optimizers() {
    return Stream.of(
            Optimizer.gradientDescent(0.1),
            Optimizer.momentum(0.1),
            Optimizer.nesterov(0.1),
            Optimizer.rmsprop(0.01),
            Optimizer.adam(0.01),
            Optimizer.adamw(0.01),
            new Optimizer.Adam(0.01, 0.5, 0.9, 1e-3, 0))
        .flatMap(one -> Stream.of(one.withWeightDecay(0), one.withWeightDecay(0.3)));
  }

  /** The papers' own lines, for one parameter in double. */
  private static final class Reference {
    private final Optimizer optimizer;
    private double first;
    private double second;

    Reference(Optimizer optimizer) {
      this.optimizer = optimizer;
    }

    double next(double p, double gradient, double rate, double decay, int t) {
      double g = gradient + decay * p;
      if (optimizer instanceof Optimizer.GradientDescent) {
        return p - rate * g;
      } else if (optimizer instanceof Optimizer.Momentum m) {
        first = m.momentum() * first + g;
        return p - rate * (m.nesterov() ? g + m.momentum() * first : first);
      } else if (optimizer instanceof Optimizer.RmsProp r) {
        first = r.alpha() * first + (1 - r.alpha()) * g * g;
        return p - rate * g / (Math.sqrt(first) + r.epsilon());
      } else if (optimizer instanceof Optimizer.AdamW w) {
        double shrunk = p - rate * decay * p;
        return shrunk - adam(gradient, rate, w.beta1(), w.beta2(), w.epsilon(), t);
      }
      Optimizer.Adam a = (Optimizer.Adam) optimizer;
      return p - adam(g, rate, a.beta1(), a.beta2(), a.epsilon(), t);
    }

    private double adam(double g, double rate, double b1, double b2, double epsilon, int t) {
      first = b1 * first + (1 - b1) * g;
      second = b2 * second + (1 - b2) * g * g;
      double mean = first / (1 - Math.pow(b1, t));
      double square = second / (1 - Math.pow(b2, t));
      return rate * mean / (Math.sqrt(square) + epsilon);
    }
  }

  @ParameterizedTest
  @MethodSource("optimizers")
  void thirtyStepsAgreeWithThePapersInDoubles(Optimizer optimizer) {
    Random random = new Random(2);
    try (Backend backend = Device.cpu(1)) {
      float[] values = new float[SIZE];
      double[] expected = new double[SIZE];
      Reference[] references = new Reference[SIZE];
      for (int i = 0; i < SIZE; i++) {
        values[i] = (float) random.nextGaussian();
        expected[i] = values[i];
        references[i] = new Reference(optimizer);
      }
      Matrix parameters = vector(backend);
      Matrix gradients = vector(backend);
      backend.write(values, parameters);
      List<Matrix> state =
          IntStream.range(0, optimizer.stateVectors()).mapToObj(i -> vector(backend)).toList();
      Step step = new Step();
      Operation update =
          optimizer.bind(
              backend,
              new UpdateTarget(
                  parameters,
                  gradients,
                  DECAYED,
                  optimizer.weightDecay(),
                  Matrix.NONE,
                  Matrix.NONE,
                  step),
              state);
      for (int t = 1; t <= 30; t++) {
        float[] g = new float[SIZE];
        double rate = (float) (optimizer.learningRate() * (t % 3 + 1));
        for (int i = 0; i < SIZE; i++) {
          g[i] = (float) random.nextGaussian();
          double decay = i < DECAYED ? optimizer.weightDecay() : 0;
          expected[i] = references[i].next(expected[i], g[i], rate, decay, t);
        }
        backend.write(g, gradients);
        step.set(t - 1, rate);
        update.run();
      }
      backend.read(parameters, values);
      for (int i = 0; i < SIZE; i++) {
        assertEquals(expected[i], values[i], 1e-5 * Math.max(1, Math.abs(expected[i])));
      }
    }
  }

  private static Matrix vector(Backend backend) {
    Buffer buffer = backend.allocate(SIZE);
    return Matrix.of(buffer, 1, SIZE);
  }

  @ParameterizedTest
  @MethodSource("optimizers")
  void everyOptimizerComesBackFromJsonAndTakesOtherRates(Optimizer optimizer) {
    Optimizer exact = optimizer.withLearningRate(1.0 / 3);
    assertEquals(1.0 / 3, exact.learningRate());
    assertEquals(optimizer.weightDecay(), exact.weightDecay());
    assertEquals(exact, Json.read(Json.write(exact), Optimizer.class, "the text"));
    assertEquals(optimizer, exact.withLearningRate(optimizer.learningRate()));
  }

  @Test
  void namesMeanTheUsualDefaults() {
    assertEquals(new Optimizer.GradientDescent(0.2, 0), Optimizer.named("sgd", 0.2));
    assertEquals(Optimizer.named("sgd", 0.2), Optimizer.named("gradient-descent", 0.2));
    assertEquals(new Optimizer.Momentum(0.2, 0.9, false, 0), Optimizer.named("momentum", 0.2));
    assertEquals(new Optimizer.Momentum(0.2, 0.9, true, 0), Optimizer.named("nesterov", 0.2));
    assertEquals(new Optimizer.RmsProp(0.2, 0.99, 1e-8, 0), Optimizer.named("rmsprop", 0.2));
    assertEquals(new Optimizer.Adam(0.2, 0.9, 0.999, 1e-8, 0), Optimizer.named("adam", 0.2));
    assertEquals(new Optimizer.AdamW(0.2, 0.9, 0.999, 1e-8, 0.01), Optimizer.named("adamw", 0.2));
    Expect.failure(
        () -> Optimizer.named("lion", 0.2),
        "Unknown optimizer 'lion': expected sgd, momentum, nesterov, rmsprop, adam or adamw.");
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, -1, Double.NaN, Double.POSITIVE_INFINITY})
  void anImpossibleLearningRateIsNamed(double rate) {
    for (String name : List.of("sgd", "momentum", "rmsprop", "adam", "adamw")) {
      Expect.failure(
          () -> Optimizer.named(name, rate),
          "The learning rate must be above 0 and finite, not " + rate);
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {-1e-9, Double.NaN, Double.POSITIVE_INFINITY})
  void anImpossibleDecayOrEpsilonIsNamed(double wrong) {
    for (String name : List.of("sgd", "momentum", "rmsprop", "adam", "adamw")) {
      Expect.failure(
          () -> Optimizer.named(name, 1).withWeightDecay(wrong),
          "The weight decay must be at least 0 and finite, not " + wrong);
    }
    String words = "epsilon must be at least 0 and finite, not " + wrong;
    Expect.failure(() -> new Optimizer.RmsProp(1, 0.9, wrong, 0), words);
    Expect.failure(() -> new Optimizer.Adam(1, 0.9, 0.9, wrong, 0), words);
    Expect.failure(() -> new Optimizer.AdamW(1, 0.9, 0.9, wrong, 0), words);
  }

  @ParameterizedTest
  @ValueSource(doubles = {-0.1, 1, Double.NaN})
  void anImpossibleShareIsNamed(double wrong) {
    String words = " must be at least 0 and below 1, not " + wrong;
    Expect.failure(() -> new Optimizer.Momentum(1, wrong, false, 0), "momentum" + words);
    Expect.failure(() -> new Optimizer.RmsProp(1, wrong, 0, 0), "alpha" + words);
    Expect.failure(() -> new Optimizer.Adam(1, wrong, 0, 0, 0), "beta1" + words);
    Expect.failure(() -> new Optimizer.Adam(1, 0, wrong, 0, 0), "beta2" + words);
    Expect.failure(() -> new Optimizer.AdamW(1, wrong, 0, 0, 0), "beta1" + words);
    Expect.failure(() -> new Optimizer.AdamW(1, 0, wrong, 0, 0), "beta2" + words);
  }
}
