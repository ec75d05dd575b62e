package dev.evenkeel.train;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.loss.Loss;
import dev.evenkeel.nn.Memory;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import dev.evenkeel.nn.Pass;
import dev.evenkeel.optim.Optimizer;
import dev.evenkeel.tensor.Buffer;
import dev.evenkeel.tensor.Matrix;
import dev.evenkeel.tensor.Philox;
import dev.evenkeel.tensor.RowOrder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Times whole steps of a network on data made before: eight batches of normal numbers with random
 * classes, in turn. Beside the step stands its floor: the matrix products alone, and the bytes that
 * the rest must move.
 */
public final class Bench {

  private static final int BATCHES = 8;

  private final Network network;
  private final Backend backend;
  private final int batch;
  private final long seed;

  /**
   * @param gemmMs the step's matrix products, each timed alone in the same run
   * @param moveMb bytes that the other operations have to read and write, by design
   * @param finalLoss the training-mode loss on the first batch, after the timed steps; NaN at
   *     inference
   * @param operations each operation of the step, timed alone
   */
  public record Result(
      double medianMs,
      double p10Ms,
      double p90Ms,
      double examplesPerSecond,
      double finalLoss,
      double gemmMs,
      double moveMb,
      long parameters,
      List<Timed> operations) {}

  /** An operation and the median of its time. */
  public record Timed(String name, double microseconds) {}

  public Bench(Network network, Backend backend, int batch, long seed) {
    this.network = network;
    this.backend = backend;
    this.batch = batch;
    this.seed = seed;
  }

  /** Times {@code steps} training steps after {@code warmup} others. */
  public Result train(Optimizer optimizer, int steps, int warmup) {
    Philox random = new Philox(seed, 1);
    Matrix features = features(random);
    Matrix targets = targets(random);
    RowOrder order = inOrder();
    TrainingStep.Source source = new TrainingStep.Source(features, targets, order);
    try (Buffer featureMemory = features.buffer();
        Buffer targetMemory = targets.buffer();
        Model model = network.build(backend, seed);
        TrainingStep step =
            new TrainingStep(model, source, Loss.crossEntropy(), optimizer, 0, batch, seed)) {
      long[] nanos = new long[steps];
      long total = 0;
      for (int i = -warmup; i < steps; i++) {
        order.moveTo((i + warmup) % BATCHES * batch);
        long start = System.nanoTime();
        step.run(batch, i + warmup, optimizer.learningRate());
        if (i >= 0) {
          nanos[i] = System.nanoTime() - start;
          total += nanos[i];
        }
      }
      order.moveTo(0);
      float loss = step.run(batch, steps + warmup, optimizer.learningRate());
      double moved = trainingFloats(optimizer, model) * 4e-6;
      return result(nanos, total, loss, step.operations(batch), moved, model);
    }
  }

  /** Times {@code steps} forward passes with running statistics. */
  public Result infer(int steps, int warmup) {
    Matrix features = features(new Philox(seed, 1));
    try (Buffer featureMemory = features.buffer();
        Model model = network.build(backend, seed);
        Memory memory = new Memory(backend, batch)) {
      List<Backend.Sequence> passes = new ArrayList<>();
      List<Pass.Named> named = List.of();
      for (int b = 0; b < BATCHES; b++) {
        memory.reset();
        Matrix x = features.view((long) b * batch * network.inputs(), batch, network.inputs());
        named = Pass.inference(model, memory, x).forward();
        passes.add(backend.sequence(named.stream().map(Pass.Named::operation).toList()));
      }
      long[] nanos = new long[steps];
      long total = 0;
      for (int i = -warmup; i < steps; i++) {
        long start = System.nanoTime();
        passes.get((i + warmup) % BATCHES).run();
        if (i >= 0) {
          nanos[i] = System.nanoTime() - start;
          total += nanos[i];
        }
      }
      passes.forEach(Backend.Sequence::close);
      double moved = 2.0 * batch * hiddenWidths(model) * 4e-6;
      return result(nanos, total, Double.NaN, named, moved, model);
    }
  }

  private Matrix features(Philox random) {
    float[] values = new float[BATCHES * batch * network.inputs()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return backend.inputs(values, BATCHES * batch, network.inputs());
  }

  private Matrix targets(Philox random) {
    float[] values = new float[BATCHES * batch];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextInt(network.outputs());
    }
    return backend.table(values, BATCHES * batch, 1);
  }

  private RowOrder inOrder() {
    int[] rows = new int[BATCHES * batch];
    Arrays.setAll(rows, i -> i);
    return new RowOrder(rows);
  }

  /**
   * Floats that must be read or written outside of the matrix products: the batch (2 a value), norm
   * and activation (2 forward, 3 backward a value), parameter, gradient and optimizer state.
   */
  private double trainingFloats(Optimizer optimizer, Model model) {
    double perParameter = 3 + 2.0 * optimizer.stateVectors();
    return 2.0 * batch * network.inputs()
        + 5.0 * batch * hiddenWidths(model)
        + perParameter * model.parameterCount();
  }

  private double hiddenWidths(Model model) {
    double widths = 0;
    for (var parameter : model.parameters()) {
      widths += parameter.decays() ? parameter.rows() : 0;
    }
    return widths - network.outputs();
  }

  private Result result(
      long[] nanos, long total, double loss, List<Pass.Named> named, double moved, Model model) {
    long[] sorted = nanos.clone();
    Arrays.sort(sorted);
    int n = sorted.length;
    List<Timed> timed = named.stream().map(Bench::time).toList();
    double gemm =
        timed.stream()
            .filter(one -> one.name().contains("linear"))
            .mapToDouble(Timed::microseconds)
            .sum();
    return new Result(
        sorted[n / 2] * 1e-6,
        sorted[n / 10] * 1e-6,
        sorted[n * 9 / 10] * 1e-6,
        batch * (double) n / (total * 1e-9),
        loss,
        gemm * 1e-3,
        moved,
        model.parameterCount(),
        timed);
  }

  private static Timed time(Pass.Named named) {
    long[] nanos = new long[21];
    for (int i = 0; i < nanos.length; i++) {
      long start = System.nanoTime();
      named.operation().run();
      nanos[i] = System.nanoTime() - start;
    }
    Arrays.sort(nanos);
    return new Timed(named.name(), nanos[nanos.length / 2] * 1e-3);
  }

  /** The largest resident memory of this process so far in MB, -1 where the system doesn't say. */
  public static long peakResidentMb() {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
        if (line.startsWith("VmHWM:")) {
          return Long.parseLong(line.replaceAll("\\D", "")) / 1024;
        }
      }
    } catch (IOException e) {
      return -1;
    }
    return -1;
  }
}
