package dev.evenkeel.optim;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.evenkeel.EvenkeelException;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Backend.UpdateTarget;
import dev.evenkeel.backend.Operation;
import dev.evenkeel.tensor.Matrix;
import java.util.List;

/**
 * How parameters follow their gradients. The learning rate is the base that a {@link Schedule}
 * scales. Weight decay acts on weights alone, never on biases, γ and β; it is added to the gradient
 * (L2) but for AdamW, where it shrinks the weights directly.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Optimizer.GradientDescent.class, name = "gradient-descent"),
  @JsonSubTypes.Type(value = Optimizer.Momentum.class, name = "momentum"),
  @JsonSubTypes.Type(value = Optimizer.RmsProp.class, name = "rmsprop"),
  @JsonSubTypes.Type(value = Optimizer.Adam.class, name = "adam"),
  @JsonSubTypes.Type(value = Optimizer.AdamW.class, name = "adamw"),
})
public sealed interface Optimizer {

  /** What {@link #named} understands. */
  String NAMES = "sgd, momentum, nesterov, rmsprop, adam or adamw";

  double learningRate();

  double weightDecay();

  /** The same with these two. */
  Optimizer with(double learningRate, double weightDecay);

  default Optimizer withLearningRate(double learningRate) {
    return with(learningRate, weightDecay());
  }

  default Optimizer withWeightDecay(double weightDecay) {
    return with(learningRate(), weightDecay);
  }

  /** With another memory of squared gradients; only Adam and AdamW have one of that name. */
  default Optimizer withBeta2(double beta2) {
    throw new EvenkeelException("beta2 belongs to Adam and AdamW alone. help: leave it out");
  }

  /** How many vectors, as long as the parameters, it keeps from step to step. */
  int stateVectors();

  Operation bind(Backend backend, UpdateTarget target, List<Matrix> state);

  /** Plain gradient descent. */
  record GradientDescent(double learningRate, double weightDecay) implements Optimizer {
    public GradientDescent {
      check(learningRate, weightDecay);
    }

    @Override
    public Optimizer with(double learningRate, double weightDecay) {
      return new GradientDescent(learningRate, weightDecay);
    }

    @Override
    public int stateVectors() {
      return 0;
    }

    @Override
    public Operation bind(Backend backend, UpdateTarget target, List<Matrix> state) {
      return backend.updateMomentum(target, Matrix.NONE, 0, false);
    }
  }

  /** Heavy-ball momentum (Polyak 1964), or Nesterov's, as in Sutskever et al. 2013. */
  record Momentum(double learningRate, double momentum, boolean nesterov, double weightDecay)
      implements Optimizer {
    public Momentum {
      check(learningRate, weightDecay);
      checkFraction("momentum", momentum);
    }

    @Override
    public Optimizer with(double learningRate, double weightDecay) {
      return new Momentum(learningRate, momentum, nesterov, weightDecay);
    }

    @Override
    public int stateVectors() {
      return 1;
    }

    @Override
    public Operation bind(Backend backend, UpdateTarget target, List<Matrix> state) {
      return backend.updateMomentum(target, state.get(0), momentum, nesterov);
    }
  }

  /** Tieleman and Hinton 2012. */
  record RmsProp(double learningRate, double alpha, double epsilon, double weightDecay)
      implements Optimizer {
    public RmsProp {
      check(learningRate, weightDecay);
      checkFraction("alpha", alpha);
      checkEpsilon(epsilon);
    }

    @Override
    public Optimizer with(double learningRate, double weightDecay) {
      return new RmsProp(learningRate, alpha, epsilon, weightDecay);
    }

    @Override
    public int stateVectors() {
      return 1;
    }

    @Override
    public Operation bind(Backend backend, UpdateTarget target, List<Matrix> state) {
      return backend.updateRmsprop(target, state.get(0), alpha, epsilon);
    }
  }

  /** Kingma and Ba 2015. */
  record Adam(double learningRate, double beta1, double beta2, double epsilon, double weightDecay)
      implements Optimizer {
    public Adam {
      check(learningRate, weightDecay);
      checkFraction("beta1", beta1);
      checkFraction("beta2", beta2);
      checkEpsilon(epsilon);
    }

    @Override
    public Optimizer with(double learningRate, double weightDecay) {
      return new Adam(learningRate, beta1, beta2, epsilon, weightDecay);
    }

    @Override
    public Optimizer withBeta2(double beta2) {
      return new Adam(learningRate, beta1, beta2, epsilon, weightDecay);
    }

    @Override
    public int stateVectors() {
      return 2;
    }

    @Override
    public Operation bind(Backend backend, UpdateTarget target, List<Matrix> state) {
      return backend.updateAdam(target, state.get(0), state.get(1), beta1, beta2, epsilon, false);
    }
  }

  /** Adam with decoupled weight decay (Loshchilov and Hutter 2019). */
  record AdamW(double learningRate, double beta1, double beta2, double epsilon, double weightDecay)
      implements Optimizer {
    public AdamW {
      check(learningRate, weightDecay);
      checkFraction("beta1", beta1);
      checkFraction("beta2", beta2);
      checkEpsilon(epsilon);
    }

    @Override
    public Optimizer with(double learningRate, double weightDecay) {
      return new AdamW(learningRate, beta1, beta2, epsilon, weightDecay);
    }

    @Override
    public Optimizer withBeta2(double beta2) {
      return new AdamW(learningRate, beta1, beta2, epsilon, weightDecay);
    }

    @Override
    public int stateVectors() {
      return 2;
    }

    @Override
    public Operation bind(Backend backend, UpdateTarget target, List<Matrix> state) {
      return backend.updateAdam(target, state.get(0), state.get(1), beta1, beta2, epsilon, true);
    }
  }

  static Optimizer gradientDescent(double learningRate) {
    return new GradientDescent(learningRate, 0);
  }

  static Optimizer momentum(double learningRate) {
    return new Momentum(learningRate, 0.9, false, 0);
  }

  static Optimizer nesterov(double learningRate) {
    return new Momentum(learningRate, 0.9, true, 0);
  }

  static Optimizer rmsprop(double learningRate) {
    return new RmsProp(learningRate, 0.99, 1e-8, 0);
  }

  static Optimizer adam(double learningRate) {
    return new Adam(learningRate, 0.9, 0.999, 1e-8, 0);
  }

  /** With weight decay 0.01. */
  static Optimizer adamw(double learningRate) {
    return new AdamW(learningRate, 0.9, 0.999, 1e-8, 0.01);
  }

  /** By the names of the command line. */
  static Optimizer named(String name, double learningRate) {
    return switch (name) {
      case "sgd", "gradient-descent" -> gradientDescent(learningRate);
      case "momentum" -> momentum(learningRate);
      case "nesterov" -> nesterov(learningRate);
      case "rmsprop" -> rmsprop(learningRate);
      case "adam" -> adam(learningRate);
      case "adamw" -> adamw(learningRate);
      default ->
          throw new EvenkeelException(
              "Unknown optimizer '%s': expected %s.".formatted(name, NAMES));
    };
  }

  private static void check(double learningRate, double weightDecay) {
    if (!(learningRate > 0 && learningRate < Double.POSITIVE_INFINITY)) {
      throw new EvenkeelException(
          "The learning rate must be above 0 and finite, not " + learningRate);
    }
    if (!(weightDecay >= 0 && weightDecay < Double.POSITIVE_INFINITY)) {
      throw new EvenkeelException(
          "The weight decay must be at least 0 and finite, not " + weightDecay);
    }
  }

  private static void checkEpsilon(double epsilon) {
    if (!(epsilon >= 0 && epsilon < Double.POSITIVE_INFINITY)) {
      throw new EvenkeelException("epsilon must be at least 0 and finite, not " + epsilon);
    }
  }

  private static void checkFraction(String name, double value) {
    if (!(value >= 0 && value < 1)) {
      throw new EvenkeelException(name + " must be at least 0 and below 1, not " + value);
    }
  }
}
