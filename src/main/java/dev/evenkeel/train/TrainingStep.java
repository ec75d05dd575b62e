package dev.evenkeel.train;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Operation;
import dev.evenkeel.backend.Step;
import dev.evenkeel.loss.Loss;
import dev.evenkeel.nn.Memory;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Pass;
import dev.evenkeel.optim.Optimizer;
import dev.evenkeel.tensor.Buffer;
import dev.evenkeel.tensor.Matrix;
import dev.evenkeel.tensor.RowOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * One training step of a model on batches of a table: gather, forward, loss, backward, clip,
 * update. All memory is taken when it is made; for each number of rows the operations are bound
 * once, at the first batch of that size. Running a step allocates nothing.
 */
public final class TrainingStep implements AutoCloseable {

  /** A table and its targets on the device, and the order in which rows are visited. */
  public record Source(Matrix features, Matrix targets, RowOrder order) {}

  /** The operations for one number of rows. */
  private record Bound(
      int rows,
      Operation gatherFeatures,
      Operation gatherTargets,
      Operation[] forward,
      Operation[] backward,
      List<Pass.Named> named,
      Pass pass,
      Matrix batch) {}

  private final Model model;
  private final Backend backend;
  private final Source source;
  private final Loss loss;
  private final Memory memory;
  private final long seed;
  private final Step step = new Step();
  private final List<Buffer> owned = new ArrayList<>();
  private final Matrix gradients;
  private final List<Matrix> optimizerState = new ArrayList<>();
  private final Matrix clip;
  private final Matrix lossValue;
  private final Matrix lossConstants;
  private final float[] lossOnHost = new float[1];
  private final float[] clipOnHost = new float[2];
  private final Operation[] update;
  private final List<Bound> bounds = new ArrayList<>();
  private long gatherNanos;

  /**
   * @param clipNorm the largest global gradient norm, 0 for no clipping
   * @param seed of dropout
   */
  public TrainingStep(
      Model model,
      Source source,
      Loss loss,
      Optimizer optimizer,
      double clipNorm,
      int maxRows,
      long seed) {
    this.model = model;
    this.backend = model.backend();
    this.source = source;
    this.loss = loss;
    this.seed = seed;
    this.memory = new Memory(backend, maxRows);
    try {
      int parameters = model.flatParameters().columns();
      this.gradients = own(1, parameters);
      for (int i = 0; i < optimizer.stateVectors(); i++) {
        optimizerState.add(own(1, parameters));
      }
      this.lossValue = own(1, 1);
      float[] constants = loss.constants();
      this.lossConstants = constants.length == 0 ? Matrix.NONE : own(1, constants.length);
      if (constants.length > 0) {
        backend.write(constants, lossConstants);
      }
      this.clip = clipNorm > 0 ? own(1, 2) : Matrix.NONE;
      this.update = update(optimizer, clipNorm);
      bound(maxRows);
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private Operation[] update(Optimizer optimizer, double clipNorm) {
    Backend.UpdateTarget target =
        new Backend.UpdateTarget(
            model.flatParameters(),
            gradients,
            model.decayed(),
            optimizer.weightDecay(),
            clipNorm > 0 ? clip.view(1, 1, 1) : Matrix.NONE,
            step);
    Operation bound = optimizer.bind(backend, target, optimizerState);
    return clipNorm > 0
        ? new Operation[] {backend.clipScale(gradients, clipNorm, clip), bound}
        : new Operation[] {bound};
  }

  private Matrix own(int rows, int columns) {
    Buffer buffer = backend.allocate((long) rows * columns);
    owned.add(buffer);
    return Matrix.of(buffer, rows, columns);
  }

  /**
   * Runs a step on the {@code rows} rows at the order's position, and returns their loss. A loss
   * that is NaN or infinite stops it before the parameters are touched.
   *
   * @param number of steps taken before
   */
  public float run(int rows, long number, double learningRate) {
    step.set(number, learningRate);
    Bound bound = bound(rows);
    long start = System.nanoTime();
    bound.gatherFeatures.run();
    bound.gatherTargets.run();
    gatherNanos += System.nanoTime() - start;
    run(bound.forward);
    backend.read(lossValue, lossOnHost);
    if (!Float.isFinite(lossOnHost[0])) {
      throw new NonFiniteException(model, bound.batch, bound.pass, number, lossOnHost[0]);
    }
    run(bound.backward);
    run(update);
    return lossOnHost[0];
  }

  private static void run(Operation[] operations) {
    for (Operation operation : operations) {
      operation.run();
    }
  }

  /** The gradient norm of the last step, before clipping; NaN where nothing clips. */
  public float gradientNorm() {
    if (clip.isNone()) {
      return Float.NaN;
    }
    backend.read(clip, clipOnHost);
    return clipOnHost[0];
  }

  private Bound bound(int rows) {
    for (int i = 0; i < bounds.size(); i++) {
      if (bounds.get(i).rows == rows) {
        return bounds.get(i);
      }
    }
    Bound made = bind(rows);
    bounds.add(made);
    return made;
  }

  private Bound bind(int rows) {
    memory.reset();
    Matrix batch = memory.take(rows, source.features.columns());
    Matrix targets = memory.take(rows, source.targets.columns());
    Pass pass = Pass.training(model, memory, batch, gradients, step, seed);
    Matrix outputs = pass.output();
    Matrix outputGradient = memory.take(rows, outputs.columns());
    List<Pass.Named> forward = new ArrayList<>(pass.forward());
    forward.add(
        new Pass.Named(
            "loss",
            loss.bind(
                backend,
                new Loss.Bound(outputs, targets, lossConstants, outputGradient, lossValue))));
    List<Pass.Named> backward = pass.backward(outputGradient);
    List<Pass.Named> named = new ArrayList<>(forward);
    named.addAll(backward);
    return new Bound(
        rows,
        backend.gather(source.features, source.order, batch),
        backend.gather(source.targets, source.order, targets),
        bare(forward),
        bare(backward),
        named,
        pass,
        batch);
  }

  private static Operation[] bare(List<Pass.Named> named) {
    return named.stream().map(Pass.Named::operation).toArray(Operation[]::new);
  }

  /** Every operation of a step on that many rows, in order, for whoever measures. */
  public List<Pass.Named> operations(int rows) {
    List<Pass.Named> all = new ArrayList<>(bound(rows).named);
    for (Operation operation : update) {
      all.add(new Pass.Named("update", operation));
    }
    return all;
  }

  /** The optimizer's vectors, as long as the flat parameters. */
  public List<Matrix> optimizerState() {
    return optimizerState;
  }

  /** Nanoseconds spent so far on bringing batches together. */
  public long gatherNanos() {
    return gatherNanos;
  }

  /** Floats held beside the model: activations, gradients, optimizer state. */
  public long memory() {
    return memory.size() + owned.stream().mapToLong(Buffer::length).sum();
  }

  @Override
  public void close() {
    memory.close();
    owned.forEach(Buffer::close);
  }
}
