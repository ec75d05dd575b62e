package dev.evenkeel.backend.cpu;

import static dev.evenkeel.backend.cpu.CpuBuffer.data;

import dev.evenkeel.backend.Backend.UpdateTarget;
import dev.evenkeel.tensor.Matrix;

/**
 * One optimizer step over flat parameters. All vectors of a network are laid out alike, but they
 * start at different places, so pieces of them are copied to arrays that share an index.
 */
abstract class Updates extends Flat {

  private static final int STATE = 2;

  private final Scratch[] scratch;
  private final UpdateTarget target;
  private final Matrix[] state;

  Updates(
      Scratch[] scratch,
      Workers workers,
      UpdateTarget target,
      double nanosecondsPerElement,
      Matrix... state) {
    super(workers, target.parameters().size(), nanosecondsPerElement);
    this.scratch = scratch;
    this.target = target;
    this.state = state;
  }

  /** Called before each step, on the caller's thread. */
  abstract void begin(float learningRate, long step);

  /**
   * Updates n parameters p with gradients g (scaled) and state a, b; decay is 0 where none is due.
   */
  abstract void piece(float[] p, float[] g, float[] a, float[] b, float decay, int n);

  @Override
  final void prepare() {
    begin(target.step().learningRate(), target.step().number());
  }

  @Override
  final void range(int worker, int from, int to) {
    float[][] piece = scratch[worker].rows;
    float scale = target.scale().isNone() ? 1 : data(target.scale())[(int) target.scale().offset()];
    int i = from;
    while (i < to) {
      int end = i < target.decayed() ? (int) Math.min(to, target.decayed()) : to;
      float decay = i < target.decayed() ? (float) target.weightDecay() : 0;
      int width = Math.min(Scratch.WIDTH, end - i);
      load(target.parameters(), i, piece[0], width);
      load(target.gradients(), i, piece[1], width);
      for (int s = 0; s < state.length; s++) {
        load(state[s], i, piece[STATE + s], width);
      }
      if (scale != 1) {
        multiply(piece[1], scale, width);
      }
      piece(piece[0], piece[1], piece[STATE], piece[STATE + 1], decay, width);
      store(piece[0], target.parameters(), i, width);
      for (int s = 0; s < state.length; s++) {
        store(piece[STATE + s], state[s], i, width);
      }
      i += width;
    }
  }

  private static void load(Matrix from, int at, float[] piece, int width) {
    System.arraycopy(data(from), (int) from.offset() + at, piece, 0, width);
  }

  private static void store(float[] piece, Matrix to, int at, int width) {
    System.arraycopy(piece, 0, data(to), (int) to.offset() + at, width);
  }

  private static void multiply(float[] g, float scale, int n) {
    for (int i = 0; i < n; i++) {
      g[i] *= scale;
    }
  }

  /** p −= lr (g + decay p). */
  static final class GradientDescent extends Updates {
    private float rate;

    GradientDescent(Scratch[] scratch, Workers workers, UpdateTarget target) {
      super(scratch, workers, target, 0.5);
    }

    @Override
    void begin(float learningRate, long step) {
      rate = learningRate;
    }

    @Override
    void piece(float[] p, float[] g, float[] a, float[] b, float decay, int n) {
      descend(p, g, rate, decay, n);
    }

    private static void descend(float[] p, float[] g, float rate, float decay, int n) {
      for (int i = 0; i < n; i++) {
        p[i] -= rate * (g[i] + decay * p[i]);
      }
    }
  }

  static final class Momentum extends Updates {
    private final float momentum;
    private final boolean nesterov;
    private float rate;

    Momentum(
        Scratch[] scratch,
        Workers workers,
        UpdateTarget target,
        Matrix velocity,
        double momentum,
        boolean nesterov) {
      super(scratch, workers, target, 0.7, velocity);
      this.momentum = (float) momentum;
      this.nesterov = nesterov;
    }

    @Override
    void begin(float learningRate, long step) {
      rate = learningRate;
    }

    @Override
    void piece(float[] p, float[] g, float[] velocity, float[] b, float decay, int n) {
      if (nesterov) {
        nesterov(p, g, velocity, rate, momentum, decay, n);
      } else {
        heavyBall(p, g, velocity, rate, momentum, decay, n);
      }
    }

    private static void heavyBall(
        float[] p, float[] g, float[] v, float rate, float momentum, float decay, int n) {
      for (int i = 0; i < n; i++) {
        v[i] = momentum * v[i] + (g[i] + decay * p[i]);
        p[i] -= rate * v[i];
      }
    }

    private static void nesterov(
        float[] p, float[] g, float[] v, float rate, float momentum, float decay, int n) {
      for (int i = 0; i < n; i++) {
        float decayed = g[i] + decay * p[i];
        v[i] = momentum * v[i] + decayed;
        p[i] -= rate * (decayed + momentum * v[i]);
      }
    }
  }

  static final class Rmsprop extends Updates {
    private final double alpha;
    private final float epsilon;
    private float rate;

    Rmsprop(
        Scratch[] scratch,
        Workers workers,
        UpdateTarget target,
        Matrix squares,
        double alpha,
        double epsilon) {
      super(scratch, workers, target, 1, squares);
      this.alpha = alpha;
      this.epsilon = (float) epsilon;
    }

    @Override
    void begin(float learningRate, long step) {
      rate = learningRate;
    }

    @Override
    void piece(float[] p, float[] g, float[] squares, float[] b, float decay, int n) {
      step(p, g, squares, rate, (float) alpha, (float) (1 - alpha), epsilon, decay, n);
    }

    private static void step(
        float[] p,
        float[] g,
        float[] s,
        float rate,
        float old,
        float fresh,
        float epsilon,
        float decay,
        int n) {
      for (int i = 0; i < n; i++) {
        float decayed = g[i] + decay * p[i];
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
    private float rate;
    private float correctedRate;
    private float inverseRoot;

    Adam(
        Scratch[] scratch,
        Workers workers,
        UpdateTarget target,
        Matrix mean,
        Matrix squares,
        double beta1,
        double beta2,
        double epsilon,
        boolean decoupled) {
      super(scratch, workers, target, 1.5, mean, squares);
      this.beta1 = beta1;
      this.beta2 = beta2;
      this.epsilon = epsilon;
      this.decoupled = decoupled;
    }

    @Override
    void begin(float learningRate, long step) {
      rate = learningRate;
      correctedRate = (float) (learningRate / (1 - Math.pow(beta1, step + 1)));
      inverseRoot = (float) (1 / Math.sqrt(1 - Math.pow(beta2, step + 1)));
    }

    @Override
    void piece(float[] p, float[] g, float[] mean, float[] squares, float decay, int n) {
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
          decoupled ? 0 : decay,
          n);
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
        float decay,
        int n) {
      for (int i = 0; i < n; i++) {
        float decayed = g[i] + decay * p[i];
        m[i] = oldMean * m[i] + freshMean * decayed;
        v[i] = oldSquares * v[i] + freshSquares * decayed * decayed;
        float move = rate * m[i] / ((float) Math.sqrt(v[i]) * inverseRoot + epsilon);
        p[i] -= move + shrink * p[i];
      }
    }
  }

  /** norm := ‖g‖ and min(1, limit / ‖g‖), with partial sums of fixed blocks in double. */
  static final class ClipScale extends ParallelOperation {
    private static final int BLOCK = 4096;

    private final Matrix gradients;
    private final double limit;
    private final Matrix norm;
    private final double[] blocks;

    ClipScale(Workers workers, Matrix gradients, double limit, Matrix norm) {
      super(workers, gradients.size() * 0.4);
      this.gradients = gradients;
      this.limit = limit;
      this.norm = norm;
      this.blocks = new double[(int) ((gradients.size() + BLOCK - 1) / BLOCK)];
    }

    @Override
    public void run(int worker, int workers) {
      float[] g = data(gradients);
      int offset = (int) gradients.offset();
      int end = begin(blocks.length, worker + 1, workers);
      for (int block = begin(blocks.length, worker, workers); block < end; block++) {
        int from = offset + block * BLOCK;
        blocks[block] = squares(g, from, (int) Math.min(from + BLOCK, offset + gradients.size()));
      }
    }

    private static double squares(float[] g, int from, int to) {
      double a = 0;
      double b = 0;
      int i = from;
      for (; i + 1 < to; i += 2) {
        a += (double) g[i] * g[i];
        b += (double) g[i + 1] * g[i + 1];
      }
      return i < to ? a + b + (double) g[i] * g[i] : a + b;
    }

    @Override
    void finish() {
      double sum = 0;
      for (double block : blocks) {
        sum += block;
      }
      double length = Math.sqrt(sum);
      data(norm)[(int) norm.offset()] = (float) length;
      data(norm)[(int) norm.offset() + 1] = (float) Math.min(1, limit / length);
    }
  }
}
