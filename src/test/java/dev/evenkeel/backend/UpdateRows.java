package dev.evenkeel.backend;

import dev.evenkeel.backend.Backend.UpdateTarget;
import dev.evenkeel.tensor.Matrix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Optimizer steps: one by one relative to the step, and a thousand relative to the whole path. */
final class UpdateRows {

  private static final double LEARNING_RATE = 1e-3;
  private static final double DECAY = 1e-2;

  /** What a schedule leaves of the decay; a power of two, so that the product is exact. */
  private static final double FADED = 0.25;

  private UpdateRows() {}

  /**
   * An update of the contract beside the rule that it must follow. One that divides decay by its
   * own size jumps about 0 when there is nothing else, and no two roundings of it stay together.
   */
  private record Optimizer(
      String operation,
      String name,
      int states,
      boolean dividesByGradient,
      ReferenceUpdates.Rule rule,
      Binding binding) {}

  private interface Binding {
    Operation bind(Backend backend, UpdateTarget target, Matrix a, Matrix b);
  }

  private static List<Optimizer> optimizers() {
    List<Optimizer> all = new ArrayList<>();
    all.add(
        new Optimizer(
            "updateMomentum",
            "without momentum",
            0,
            false,
            ReferenceUpdates.gradientDescent(),
            (backend, target, a, b) -> backend.updateMomentum(target, Matrix.NONE, 0, false)));
    for (boolean nesterov : new boolean[] {false, true}) {
      all.add(
          new Optimizer(
              "updateMomentum",
              nesterov ? "nesterov" : "heavy ball",
              1,
              false,
              ReferenceUpdates.momentum(0.9, nesterov),
              (backend, target, a, b) -> backend.updateMomentum(target, a, 0.9, nesterov)));
    }
    all.add(
        new Optimizer(
            "updateRmsprop",
            "rmsprop",
            1,
            true,
            ReferenceUpdates.rmsprop(0.99, 1e-8),
            (backend, target, a, b) -> backend.updateRmsprop(target, a, 0.99, 1e-8)));
    for (boolean decoupled : new boolean[] {false, true}) {
      for (double beta2 : new double[] {0.999, 0.95}) {
        all.add(
            new Optimizer(
                "updateAdam",
                (decoupled ? "decoupled" : "L2") + ", beta2 " + beta2,
                2,
                !decoupled,
                ReferenceUpdates.adam(0.9, beta2, 1e-8, decoupled),
                (backend, target, a, b) ->
                    backend.updateAdam(target, a, b, 0.9, beta2, 1e-8, decoupled)));
      }
    }
    return all;
  }

  static List<Row> all() {
    List<Row> rows = new ArrayList<>();
    for (Optimizer optimizer : optimizers()) {
      for (int size : new int[] {1, 13, 257, 600, 100_003}) {
        for (long step : new long[] {0, 999}) {
          for (float scale : new float[] {1, 0.37f}) {
            String input =
                "%s, %d parameters, step %d, scale %s".formatted(optimizer.name, size, step, scale);
            rows.add(
                new Row(optimizer.operation, input, b -> oneStep(b, optimizer, size, step, scale)));
          }
        }
      }
      rows.add(
          new Row(
              optimizer.operation,
              optimizer.name + ", 1,000 steps",
              bench -> thousandSteps(bench, optimizer, 0.1f, LEARNING_RATE)));
      rows.add(
          new Row(
              optimizer.operation,
              optimizer.name + ", behind a guard",
              bench -> guarded(bench, optimizer)));
      if (!optimizer.dividesByGradient) {
        rows.add(
            new Row(
                optimizer.operation,
                optimizer.name + ", 1,000 steps of decay alone",
                bench -> thousandSteps(bench, optimizer, 0, 20 * LEARNING_RATE)));
      }
    }
    for (int size : new int[] {1, 13, 4097, 131_101}) {
      for (double limit : new double[] {1e-3, 1e6}) {
        String input = "%d gradients, limit %s".formatted(size, limit);
        rows.add(new Row("clipScale", input, bench -> clip(bench, size, limit, 1)));
      }
    }
    rows.add(new Row("clipScale", "squares beyond float32", b -> clip(b, 1031, 1, 1e30f)));
    rows.add(new Row("clipScale", "no gradient", UpdateRows::noGradient));
    rows.add(new Row("clipScale", "a NaN is not hidden", UpdateRows::clipNaN));
    return rows;
  }

  /** The parameters and state of one optimizer, as doubles that float32 holds exactly. */
  private static double[] start(
      Values values, int size, long seed, double factor, boolean positive) {
    float[] drawn = values.of(1, size, seed);
    for (int i = 0; i < size; i++) {
      float value = (float) (drawn[i] * factor);
      drawn[i] = positive ? value * value : value;
    }
    return Reference.doubles(drawn);
  }

  private static double[] decay(int size, int decayed) {
    double[] decay = new double[size];
    for (int i = 0; i < decayed; i++) {
      decay[i] = DECAY;
    }
    return decay;
  }

  private static void oneStep(
      Bench bench, Optimizer optimizer, int size, long number, float scale) {
    for (int decayed : new int[] {0, size / 3, size}) {
      boolean squares = optimizer.operation.equals("updateRmsprop");
      double[] p = start(Values.NORMAL, size, 1, 0.1, false);
      double[] g = start(Values.NORMAL, size, 2, 1, false);
      double[] a = start(Values.NORMAL, size, 3, 1, squares);
      double[] b = start(Values.NORMAL, size, 4, 1, true);
      Matrix parameters = bench.input(1, size, Bench.floats(p));
      Matrix first = bench.input(1, size, Bench.floats(a));
      Matrix second = bench.input(1, size, Bench.floats(b));
      Step step = new Step();
      step.set(number, LEARNING_RATE, FADED, 1);
      UpdateTarget target =
          new UpdateTarget(
              parameters,
              bench.input(1, size, Bench.floats(g)),
              decayed,
              DECAY,
              scale == 1 ? Matrix.NONE : bench.input(1, 1, new float[] {scale}),
              Matrix.NONE,
              step);
      optimizer.binding.bind(bench.backend, target, first, second).run();

      double[] before = p.clone();
      for (int i = 0; i < size; i++) {
        g[i] *= scale;
      }
      double[] decay = decay(size, decayed);
      Arrays.setAll(decay, i -> FADED * decay[i]);
      optimizer.rule.step(p, g, a, b, decay, step.learningRate(), number);
      bench.within(
          Tolerance.UPDATE, "update, " + optimizer.name, error(before, p, bench.read(parameters)));
      if (optimizer.states > 0) {
        bench.near(Tolerance.UPDATE_STATE, "first state", a, first);
      }
      if (optimizer.states > 1) {
        bench.near(Tolerance.UPDATE_STATE, "second state", b, second);
      }
    }
  }

  /** Beyond the half ulp that rounding the new parameter to float32 costs, relative to the step. */
  private static double error(double[] before, double[] after, float[] actual) {
    double errors = 0;
    double size = 0;
    for (int i = 0; i < actual.length; i++) {
      double error = Math.abs(actual[i] - after[i]) - 0.5 * Math.ulp((float) after[i]);
      errors += Math.max(error, 0) * Math.max(error, 0);
      size += (after[i] - before[i]) * (after[i] - before[i]);
    }
    return Math.sqrt(errors / size);
  }

  private static void thousandSteps(
      Bench bench, Optimizer optimizer, float gradient, double learningRate) {
    int size = 601;
    int decayed = 300;
    double[] p = start(Values.NORMAL, size, 5, 0.1, false);
    double[] a = new double[size];
    double[] b = new double[size];
    double[] path = new double[size];
    double[] decay = decay(size, decayed);
    Matrix parameters = bench.input(1, size, Bench.floats(p));
    Matrix gradients = bench.output(1, size);
    Step step = new Step();
    UpdateTarget target =
        new UpdateTarget(parameters, gradients, decayed, DECAY, Matrix.NONE, Matrix.NONE, step);
    Matrix first = bench.input(1, size, new float[size]);
    Matrix second = bench.input(1, size, new float[size]);
    Operation operation = optimizer.binding.bind(bench.backend, target, first, second);
    float[] drift = Values.NORMAL.of(1, size, 6);
    for (int k = 0; k < 1000; k++) {
      float[] g = Values.NORMAL.of(1, size, 100 + k);
      for (int i = 0; i < size; i++) {
        g[i] = gradient * (g[i] + drift[i]);
      }
      step.set(k, learningRate);
      bench.backend.write(g, gradients);
      operation.run();
      double[] before = p.clone();
      optimizer.rule.step(p, Reference.doubles(g), a, b, decay, step.learningRate(), k);
      for (int i = 0; i < size; i++) {
        path[i] += Math.abs(p[i] - before[i]);
      }
    }
    bench.near(Tolerance.TRAJECTORY, "path, " + optimizer.name, p, bench.read(parameters), path);
  }

  /** Changes while the loss is finite, and from the first that is not never again. */
  private static void guarded(Bench bench, Optimizer optimizer) {
    int size = 4099;
    float[] start = Bench.floats(start(Values.NORMAL, size, 1, 0.1, false));
    Matrix parameters = bench.input(1, size, start);
    Matrix first = bench.input(1, size, new float[size]);
    Matrix second = bench.input(1, size, new float[size]);
    Matrix guard = bench.input(1, 2, new float[] {0.5f, 0});
    Step step = new Step();
    step.set(0, LEARNING_RATE);
    UpdateTarget target =
        new UpdateTarget(
            parameters,
            bench.input(1, size, Values.NORMAL.of(1, size, 2)),
            size,
            DECAY,
            Matrix.NONE,
            guard,
            step);
    Operation operation = optimizer.binding.bind(bench.backend, target, first, second);
    operation.run();
    float[] moved = bench.read(parameters);
    float[] state = bench.read(first);
    bench.holds(!Arrays.equals(start, moved), "a finite loss lets the parameters change");
    bench.exact("guard", new float[] {0.5f, 0}, guard);
    for (float loss : new float[] {Float.NEGATIVE_INFINITY, 0.25f, Float.NaN, 0.125f}) {
      bench.backend.write(new float[] {loss}, guard.view(0, 1, 1));
      operation.run();
      bench.exact("parameters", moved, parameters);
      bench.exact("state", state, first);
      bench.exact("guard", new float[] {loss, 1}, guard);
    }
  }

  private static void clip(Bench bench, int size, double limit, float factor) {
    float[] g = Values.NORMAL.of(1, size, 7);
    for (int i = 0; i < size; i++) {
      g[i] *= factor;
    }
    Matrix norm = bench.output(1, 2);
    bench.backend.clipScale(bench.input(1, size, g), limit, norm).run();
    double length = ReferenceUpdates.norm(Reference.doubles(g));
    float[] actual = bench.read(norm);
    double scale = Math.min(1, limit / length);
    bench.within(Tolerance.CLIP, "norm", Math.abs(actual[0] / length - 1));
    bench.within(Tolerance.CLIP, "scale", Math.abs(actual[1] / scale - 1));
  }

  private static void noGradient(Bench bench) {
    Matrix norm = bench.output(1, 2);
    bench.backend.clipScale(bench.input(1, 600, new float[600]), 1, norm).run();
    bench.exact("norm and scale", new float[] {0, 1}, norm);
  }

  private static void clipNaN(Bench bench) {
    float[] g = Values.NORMAL.of(1, 5000, 8);
    g[4999] = Float.NaN;
    Matrix norm = bench.output(1, 2);
    bench.backend.clipScale(bench.input(1, 5000, g), 1, norm).run();
    bench.exact("norm and scale", new float[] {Float.NaN, Float.NaN}, norm);
  }
}
