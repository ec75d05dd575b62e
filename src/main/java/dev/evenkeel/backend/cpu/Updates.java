package dev.evenkeel.backend.cpu;

import static dev.evenkeel.backend.cpu.CpuBuffer.data;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.backend.Backend.UpdateTarget;
import dev.evenkeel.backend.Workers;
import dev.evenkeel.tensor.Matrix;

/**
 * One optimizer step over flat parameters. Parameters, gradients and state lie at the same places
 * of their arrays, so the loops need no copies. A worker updates the rows whose gradients it
 * computed ({@link Linear}), and whose weights it multiplies by next: they are in its cache.
 */
abstract class Updates extends ParallelOperation {

  private final UpdateTarget target;
  private final int offset;
  private final float[] parameters;
  private final float[] gradients;
  private final float[][] state = new float[2][];
  private final Matrix[] tensors;
  private boolean stopped;

  /** The learning rate of the step under way. */
  float rate;

  Updates(Workers workers, UpdateTarget target, double nanosecondsPerElement, Matrix... state) {
    super(workers, target.parameters().size() * nanosecondsPerElement);
    this.target = target;
    this.offset = (int) target.parameters().offset();
    this.parameters = data(target.parameters());
    this.gradients = aligned(target.gradients());
    this.tensors = target.tensors().toArray(Matrix[]::new);
    for (int i = 0; i < state.length; i++) {
      this.state[i] = aligned(state[i]);
    }
  }

  private float[] aligned(Matrix vector) {
    if (vector.offset() != offset || vector.size() != target.parameters().size()) {
      throw new EvenkeelException(
          "An update's vectors must lie at the same place of their buffers: %s at %d beside %s at %d"
              .formatted(vector.shape(), vector.offset(), target.parameters().shape(), offset));
    }
    return data(vector);
  }

  /** Called before each step, on the caller's thread. */
  void begin(long step) {}

  /** Updates the parameters from … to − 1 with gradients g times scale, and state a, b. */
  abstract void update(
      float[] p, float[] g, float[] a, float[] b, float scale, float decay, int from, int to);

  @Override
  final void prepare() {
    rate = target.step().learningRate();
    begin(target.step().number());
    stopped = isStopped();
  }

  private boolean isStopped() {
    if (target.guard().isNone()) {
      return false;
    }
    float[] guard = data(target.guard());
    int loss = (int) target.guard().offset();
    if (!Float.isFinite(guard[loss])) {
      guard[loss + 1] = 1;
    }
    return guard[loss + 1] != 0;
  }

  @Override
  public final void run(int worker, int workers) {
    if (stopped) {
      return;
    }
    if (workers == 1) {
      range(0, (int) target.parameters().size());
      return;
    }
    for (int i = 0; i < tensors.length; i++) {
      Matrix tensor = tensors[i];
      boolean whole = sharesRows(tensor.rows(), workers);
      int parts = whole ? tensor.rows() : (int) tensor.size();
      int length = whole ? tensor.columns() : 1;
      int start = (int) tensor.offset() - offset;
      range(
          start + begin(parts, worker, workers) * length,
          start + begin(parts, worker + 1, workers) * length);
    }
  }

  private void range(int from, int to) {
    float scale = target.scale().isNone() ? 1 : data(target.scale())[(int) target.scale().offset()];
    int decayed = (int) Math.max(from, Math.min(to, target.decayed()));
    float decay = (float) target.weightDecay() * target.step().decay();
    update(
        parameters, gradients, state[0], state[1], scale, decay, offset + from, offset + decayed);
    update(parameters, gradients, state[0], state[1], scale, 0, offset + decayed, offset + to);
  }

  /** p −= lr (g + decay p). */
  static final class GradientDescent extends Updates {

    GradientDescent(Workers workers, UpdateTarget target) {
      super(workers, target, 0.2);
    }

    @Override
    void update(
        float[] p, float[] g, float[] a, float[] b, float scale, float decay, int from, int to) {
      descend(p, g, rate, scale, decay, from, to);
    }

    private static void descend(
        float[] p, float[] g, float rate, float scale, float decay, int from, int to) {
      for (int i = from; i < to; i++) {
        p[i] -= rate * (scale * g[i] + decay * p[i]);
      }
    }
  }

  static final class Momentum extends Updates {
    private final float momentum;
    private final boolean nesterov;

    Momentum(
        Workers workers, UpdateTarget target, Matrix velocity, double momentum, boolean nesterov) {
      super(workers, target, 0.3, velocity);
      this.momentum = (float) momentum;
      this.nesterov = nesterov;
    }

    @Override
    void update(
        float[] p,
        float[] g,
        float[] velocity,
        float[] b,
        float scale,
        float decay,
        int from,
        int to) {
      if (nesterov) {
        nesterov(p, g, velocity, rate, momentum, scale, decay, from, to);
      } else {
        heavyBall(p, g, velocity, rate, momentum, scale, decay, from, to);
      }
    }

    private static void heavyBall(
        float[] p,
        float[] g,
        float[] v,
        float rate,
        float momentum,
        float scale,
        float decay,
        int from,
        int to) {
      for (int i = from; i < to; i++) {
        v[i] = momentum * v[i] + (scale * g[i] + decay * p[i]);
        p[i] -= rate * v[i];
      }
    }

    private static void nesterov(
        float[] p,
        float[] g,
        float[] v,
        float rate,
        float momentum,
        float scale,
        float decay,
        int from,
        int to) {
      for (int i = from; i < to; i++) {
        float decayed = scale * g[i] + decay * p[i];
        v[i] = momentum * v[i] + decayed;
        p[i] -= rate * (decayed + momentum * v[i]);
      }
    }
  }

  static final class Rmsprop extends Updates {
    private final double alpha;
    private final float epsilon;

    Rmsprop(Workers workers, UpdateTarget target, Matrix squares, double alpha, double epsilon) {
      super(workers, target, 0.6, squares);
      this.alpha = alpha;
      this.epsilon = (float) epsilon;
    }

    @Override
    void update(
        float[] p,
        float[] g,
        float[] squares,
        float[] b,
        float scale,
        float decay,
        int from,
        int to) {
      step(
          p, g, squares, rate, (float) alpha, (float) (1 - alpha), epsilon, scale, decay, from, to);
    }

    private static void step(
        float[] p,
        float[] g,
        float[] s,
        float rate,
        float old,
        float fresh,
        float epsilon,
        float scale,
        float decay,
        int from,
        int to) {
      for (int i = from; i < to; i++) {
        float decayed = scale * g[i] + decay * p[i];
        s[i] = old * s[i] + fresh * decayed * decayed;
        p[i] -= rate * decayed / ((float) Math.sqrt(s[i]) + epsilon);
      }
    }
  }

  /**
   * p −= lr m̂ / (√v̂ + ε); the corrections 1 − βᵗ are made in double, once a step. Decoupled decay
   * is subtracted as lr · decay · p: 1 − lr · decay as a float would be off by up to 3e-8, the same
   * way at every step, which is a third of a percent of a decay of 1e-5.
   */
  static final class Adam extends Updates {
    private final double beta1;
    private final double beta2;
    private final double epsilon;
    private final boolean decoupled;
    private float correctedRate;
    private float inverseRoot;

    Adam(
        Workers workers,
        UpdateTarget target,
        Matrix mean,
        Matrix squares,
        double beta1,
        double beta2,
        double epsilon,
        boolean decoupled) {
      super(workers, target, 0.7, mean, squares);
      this.beta1 = beta1;
      this.beta2 = beta2;
      this.epsilon = epsilon;
      this.decoupled = decoupled;
    }

    @Override
    void begin(long step) {
      correctedRate = (float) (rate / (1 - Math.pow(beta1, step + 1)));
      inverseRoot = (float) (1 / Math.sqrt(1 - Math.pow(beta2, step + 1)));
    }

    @Override
    void update(
        float[] p,
        float[] g,
        float[] mean,
        float[] squares,
        float scale,
        float decay,
        int from,
        int to) {
      step(
          p,
          g,
          mean,
          squares,
          (float) beta1,
          (float) (1 - beta1),
          (float) beta2,
          (float) (1 - beta2),
          correctedRate,
          inverseRoot,
          (float) epsilon,
          decoupled ? rate * decay : 0,
          scale,
          decoupled ? 0 : decay,
          from,
          to);
    }

    private static void step(
        float[] p,
        float[] g,
        float[] m,
        float[] v,
        float oldMean,
        float freshMean,
        float oldSquares,
        float freshSquares,
        float rate,
        float inverseRoot,
        float epsilon,
        float shrink,
        float scale,
        float decay,
        int from,
        int to) {
      for (int i = from; i < to; i++) {
        float decayed = scale * g[i] + decay * p[i];
        m[i] = oldMean * m[i] + freshMean * decayed;
        v[i] = oldSquares * v[i] + freshSquares * decayed * decayed;
        float move = rate * m[i] / ((float) Math.sqrt(v[i]) * inverseRoot + epsilon);
        p[i] -= move + shrink * p[i];
      }
    }
  }
}
