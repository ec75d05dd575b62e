package dev.evenkeel.train;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Readback;
import dev.evenkeel.loss.Loss;
import dev.evenkeel.nn.Memory;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import dev.evenkeel.nn.Pass;
import dev.evenkeel.optim.Optimizer;
import dev.evenkeel.tensor.Buffer;
import dev.evenkeel.tensor.InputLayout;
import dev.evenkeel.tensor.Matrix;
import dev.evenkeel.tensor.Philox;
import dev.evenkeel.tensor.RowOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * Times whole steps of a network on data made before: batches of normal numbers with random
 * classes, in turn. Beside the step stands its floor: the matrix products alone, and the bytes that
 * the rest must move.
 *
 * <p>A GPU works on while the host goes on. So there steps are timed in blocks, from a moment when
 * nothing is under way to the next such moment, and what the host needs to start one stands apart.
 */
public final class Bench {

  /** As many steps as Java needs to compile what runs often: 50, and 3 seconds long. */
  public static final int UNTIL_COMPILED = -1;

  private static final int LEAST_WARM_UP = 50;
  private static final long WARM_UP_NANOS = 3_000_000_000L;

  private static final int BATCHES = 8;

  /** Values of all batches: the largest networks have fewer batches. */
  private static final long MOST_VALUES = 1 << 26;

  /** Values that are drawn; the same follow again, at other places of their rows. */
  private static final int DRAWN = 8_388_593;

  /** Of a block of steps on a GPU. */
  private static final double BLOCK_NANOS = 2e7;

  /** Of runs of one operation that are timed together on a GPU, ten of them at most. */
  private static final double TOGETHER_NANOS = 1e6;

  private final Network network;
  private final Backend backend;
  private final int batch;
  private final long seed;
  private final int batches;

  /** Whether the host goes on before an operation is done. */
  private final boolean runsAhead;

  /**
   * @param gemmMs the step's matrix products, each timed alone in the same run
   * @param moveMb bytes that the other operations have to read and write, by design
   * @param finalLoss the training-mode loss on the first batch, after the timed steps; NaN at
   *     inference
   * @param hostMicroseconds to start a step, where the device works on by itself; else NaN
   * @param nodes of a step's recording, 0 where there is none
   * @param deviceBytes of the device's memory that were held at last, tables included
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
      double hostMicroseconds,
      int nodes,
      long deviceBytes,
      List<Timed> operations) {}

  /** An operation and the median of its time. */
  public record Timed(String name, double microseconds) {}

  public Bench(Network network, Backend backend, int batch, long seed) {
    this.network = network;
    this.backend = backend;
    this.batch = batch;
    this.seed = seed;
    long fit = MOST_VALUES / Math.max(1, (long) batch * network.inputs());
    this.batches = (int) Math.max(2, Math.min(BATCHES, fit));
    this.runsAhead = !backend.device().equals("cpu");
  }

  /**
   * What is timed.
   *
   * @param start starts the step of that number
   * @param await waits until all that were started are done
   */
  private record Steps(IntConsumer start, Runnable await) {}

  /**
   * @param nanos of a step, one value a block
   * @param hostNanos to start one, NaN where starting it is doing it
   */
  private record Times(long[] nanos, double hostNanos) {}

  /**
   * Times {@code steps} training steps after {@code warmup} others, which may be {@link
   * #UNTIL_COMPILED}.
   */
  public Result train(Optimizer optimizer, int steps, int warmup) {
    Philox random = new Philox(seed, 1);
    RowOrder order = RowOrder.natural(batches * batch);
    try (TrainingStep.Source source =
            new TrainingStep.Source(features(random), targets(random), order);
        Model model = network.build(backend, seed);
        Backend.Arena arena =
            RunMemory.take(model, planned -> step(planned, anyRows(planned), optimizer));
        TrainingStep step = step(model, source, optimizer)) {
      int[] taken = {0};
      IntConsumer start =
          number -> {
            order.moveTo(number % batches * batch);
            step.take(Readback.CAPACITY - 1);
            step.start(batch, taken[0]++, optimizer.learningRate());
          };
      Times times = time(new Steps(start, step::await), steps, warmup);
      order.moveTo(0);
      float loss = step.run(batch, taken[0], optimizer.learningRate());
      double moved = trainingBytes(optimizer, model) * 1e-6;
      return result(times, loss, step.nodes(batch), step.operations(batch), moved, model);
    }
  }

  private TrainingStep step(Model model, TrainingStep.Source source, Optimizer optimizer) {
    return new TrainingStep(model, source, Loss.crossEntropy(), optimizer, 0, batch, seed);
  }

  /** Times {@code steps} forward passes with running statistics. */
  public Result infer(int steps, int warmup) {
    Matrix features = features(new Philox(seed, 1));
    try (Buffer featureMemory = features.buffer();
        Model model = network.build(backend, seed);
        Memory memory = new Memory(backend, batch)) {
      List<Backend.Sequence> passes = new ArrayList<>();
      List<Pass.Named> named = List.of();
      for (int b = 0; b < batches; b++) {
        memory.reset();
        Matrix x = features.view((long) b * batch * network.inputs(), batch, network.inputs());
        named = Pass.inference(model, memory, x).forward();
        passes.add(backend.sequence(named.stream().map(Pass.Named::operation).toList()));
      }
      Steps inference =
          new Steps(number -> passes.get(number % batches).run(), () -> awaitDevice(model));
      Times times = time(inference, steps, warmup);
      int nodes = passes.get(0).nodes();
      double moved = 2.0 * batch * hiddenWidths(model) * activationBytes() * 1e-6;
      Result result = result(times, Double.NaN, nodes, named, moved, model);
      passes.forEach(Backend.Sequence::close);
      return result;
    }
  }

  /** Reading a value waits for everything before. */
  private void awaitDevice(Model model) {
    if (runsAhead) {
      backend.read(model.flatParameters().view(0, 1, 1), new float[1]);
    }
  }

  private Times time(Steps work, int steps, int warmup) {
    IntConsumer step = work.start;
    int number = 0;
    int recorded = runsAhead ? 2 * batches : 0; // a sequence for each, run by itself the first time
    int least = Math.max(recorded, warmup == UNTIL_COMPILED ? LEAST_WARM_UP : warmup);
    long end = System.nanoTime() + (warmup == UNTIL_COMPILED ? WARM_UP_NANOS : 0);
    while (number < least || System.nanoTime() < end) {
      step.accept(number++);
    }
    work.await.run();
    int block = 1;
    if (runsAhead) {
      long start = System.nanoTime();
      for (int i = 0; i < 5; i++) {
        step.accept(number++);
      }
      work.await.run();
      double nanos = (System.nanoTime() - start) / 5.0;
      block = (int) Math.max(1, Math.min(Math.ceil(BLOCK_NANOS / nanos), steps / 5.0));
    }
    long[] nanos = new long[Math.max(1, steps / block)];
    for (int i = 0; i < nanos.length; i++) {
      long start = System.nanoTime();
      for (int j = 0; j < block; j++) {
        step.accept(number++);
      }
      work.await.run();
      nanos[i] = (System.nanoTime() - start) / block;
    }
    return new Times(nanos, runsAhead ? hostNanos(work, number, steps) : Double.NaN);
  }

  /** With nothing under way: a queue that is full would hold the host up. */
  private static double hostNanos(Steps work, int number, int steps) {
    long[] nanos = new long[Math.min(steps, 31)];
    for (int i = 0; i < nanos.length; i++) {
      long start = System.nanoTime();
      work.start.accept(number + i);
      nanos[i] = System.nanoTime() - start;
      work.await.run();
    }
    return median(nanos);
  }

  private static double median(long[] nanos) {
    Arrays.sort(nanos);
    return nanos[nanos.length / 2];
  }

  private TrainingStep.Source anyRows(Model planned) {
    return RunMemory.anyRows(planned, InputLayout.plain(network.inputs()), 1, false, batch);
  }

  private Matrix features(Philox random) {
    float[] values = new float[batches * batch * network.inputs()];
    for (int i = 0; i < values.length; i++) {
      values[i] = i < DRAWN ? (float) random.nextGaussian() : values[i - DRAWN];
    }
    return backend.inputs(values, batches * batch, network.inputs());
  }

  private Matrix targets(Philox random) {
    float[] values = new float[batches * batch];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextInt(network.outputs());
    }
    return backend.table(values, batches * batch, 1);
  }

  /**
   * Bytes that must be read or written outside of the matrix products: the batch (2 a value), norm
   * and activation (2 forward, 3 backward a value), parameter, gradient and optimizer state.
   */
  private double trainingBytes(Optimizer optimizer, Model model) {
    double perParameter = 4 * (3 + 2.0 * optimizer.stateVectors());
    return activationBytes() * (2.0 * batch * network.inputs() + 5.0 * batch * hiddenWidths(model))
        + perParameter * model.parameterCount();
  }

  /** What an activation takes on this device: 4 bytes, or 2. */
  private double activationBytes() {
    long before = backend.allocatedBytes();
    try (Buffer probe = backend.allocateActivations(64, 64)) {
      return (backend.allocatedBytes() - before) / (double) probe.length();
    }
  }

  private double hiddenWidths(Model model) {
    double widths = 0;
    for (var parameter : model.parameters()) {
      widths += parameter.decays() ? parameter.rows() : 0;
    }
    return widths - network.outputs();
  }

  private Result result(
      Times times, double loss, int nodes, List<Pass.Named> named, double moved, Model model) {
    long bytes = backend.allocatedBytes();
    long[] sorted = times.nanos.clone();
    Arrays.sort(sorted);
    int n = sorted.length;
    long total = Arrays.stream(sorted).sum();
    List<Timed> timed = named.stream().map(one -> time(one, model)).toList();
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
        times.hostNanos * 1e-3,
        nodes,
        bytes,
        timed);
  }

  private Timed time(Pass.Named named, Model model) {
    if (runsAhead) {
      return timeOnDevice(named, model);
    }
    return new Timed(named.name(), median(21, named.operation()::run) * 1e-3);
  }

  private static double median(int runs, Runnable timed) {
    long[] nanos = new long[runs];
    for (int i = 0; i < runs; i++) {
      long start = System.nanoTime();
      timed.run();
      nanos[i] = System.nanoTime() - start;
    }
    return median(nanos);
  }

  /** Several runs as one recording, so that starting them is not what is measured. */
  private Timed timeOnDevice(Pass.Named named, Model model) {
    named.operation().run();
    awaitDevice(model);
    long before = System.nanoTime();
    named.operation().run();
    awaitDevice(model);
    double once = System.nanoTime() - before;
    int together = (int) Math.max(1, Math.min(10, TOGETHER_NANOS / once));
    try (Backend.Sequence runs =
        backend.sequence(Collections.nCopies(together, named.operation()))) {
      runs.run();
      runs.run();
      awaitDevice(model);
      double nanos =
          median(
              5,
              () -> {
                runs.run();
                awaitDevice(model);
              });
      return new Timed(named.name(), nanos * 1e-3 / together);
    }
  }
}
