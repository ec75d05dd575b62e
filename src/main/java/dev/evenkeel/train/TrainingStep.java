package dev.evenkeel.train;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Operation;
import dev.evenkeel.backend.Readback;
import dev.evenkeel.backend.Step;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.loss.Loss;
import dev.evenkeel.nn.Memory;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Parameter;
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
 *
 * <p>{@link #start} doesn't wait for the device; {@link #take} brings the losses in the order of
 * the steps. Once a loss is NaN or infinite, no step changes the parameters any more.
 */
public final class TrainingStep implements AutoCloseable {

  /**
   * A table and its targets on the device, and the order in which rows are visited.
   *
   * @param weighted whether the last column of the targets holds the weights of the rows
   */
  public record Source(Matrix features, Matrix targets, boolean weighted, RowOrder order)
      implements AutoCloseable {

    /** Of rows that count alike. */
    public Source(Matrix features, Matrix targets, RowOrder order) {
      this(features, targets, false, order);
    }

    /** Brings rows to the device; their order is still to be given. */
    public static Source of(Backend backend, Dataset data) {
      Matrix features = backend.inputs(data.stored(), data.layout());
      try {
        return new Source(
            features,
            backend.table(data.weighedTargets(), data.rows(), data.weighedColumns()),
            data.isWeighted(),
            new RowOrder(new int[data.rows()]));
      } catch (RuntimeException | Error e) {
        features.buffer().close();
        throw e;
      }
    }

    @Override
    public void close() {
      targets.buffer().close();
      features.buffer().close();
    }
  }

  /**
   * The operations for one number of rows.
   *
   * @param untilLoss from the gather on
   */
  private record Bound(
      int rows,
      List<Pass.Named> named,
      List<Operation> untilLoss,
      Backend.Sequence all,
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
  private final Matrix guard;
  private final Matrix lossConstants;
  private final List<Operation> update;
  private final List<Bound> bounds = new ArrayList<>();
  private final Readback losses;
  private final Started[] started = new Started[Readback.CAPACITY];
  private int next;
  private Started taken;
  private float takenLoss;

  /** A step whose loss is under way. */
  public static final class Started {
    private long number;
    private int rows;
    private int position;
    private double learningRate;
    private double decay;
    private double dropout;

    /** Steps before it. */
    public long number() {
      return number;
    }

    public int rows() {
      return rows;
    }

    public double learningRate() {
      return learningRate;
    }
  }

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
    for (int i = 0; i < started.length; i++) {
      started[i] = new Started();
    }
    try {
      int parameters = model.flatParameters().columns();
      this.gradients = own(1, parameters);
      for (int i = 0; i < optimizer.stateVectors(); i++) {
        optimizerState.add(own(1, parameters));
      }
      this.guard = own(1, 2);
      float[] constants = loss.constants();
      this.lossConstants = constants.length == 0 ? Matrix.NONE : own(1, constants.length);
      if (constants.length > 0) {
        backend.write(constants, lossConstants);
      }
      this.clip = clipNorm > 0 ? own(1, 2) : Matrix.NONE;
      this.update = update(optimizer, clipNorm);
      this.losses = backend.readback(lossValue());
      bound(maxRows);
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  /** As a recipe has it. */
  static TrainingStep of(Model model, Source source, Recipe recipe, int maxRows) {
    return new TrainingStep(
        model, source, recipe.loss(), recipe.optimizer(), recipe.clip(), maxRows, recipe.seed());
  }

  private List<Operation> update(Optimizer optimizer, double clipNorm) {
    Backend.UpdateTarget target =
        new Backend.UpdateTarget(
            model.flatParameters(),
            gradients,
            model.parameters().stream().map(Parameter::value).toList(),
            model.decayed(),
            optimizer.weightDecay(),
            clipNorm > 0 ? clip.view(1, 1, 1) : Matrix.NONE,
            guard,
            step);
    Operation bound = optimizer.bind(backend, target, optimizerState);
    return clipNorm > 0
        ? List.of(backend.clipScale(gradients, clipNorm, clip), bound)
        : List.of(bound);
  }

  private Matrix lossValue() {
    return guard.view(0, 1, 1);
  }

  private Matrix own(int rows, int columns) {
    Buffer buffer = backend.allocate((long) rows * columns);
    owned.add(buffer);
    return Matrix.of(buffer, rows, columns);
  }

  /** Binds steps on that many rows now: later it could take memory and time amid the training. */
  public void prepare(int rows) {
    bound(rows);
  }

  /** Starts a step with all of the weight decay and dropout. */
  public void start(int rows, long number, double learningRate) {
    start(rows, number, learningRate, 1, 1);
  }

  /**
   * Starts a step on the {@code rows} rows at the order's position. No more than {@link
   * Readback#CAPACITY} steps may be under way.
   *
   * @param number of steps taken before
   * @param decay a factor on the weight decay
   * @param dropout a factor on the probability of every dropout
   */
  public void start(int rows, long number, double learningRate, double decay, double dropout) {
    step.set(number, learningRate, decay, dropout);
    Started one = started[next];
    one.number = number;
    one.rows = rows;
    one.position = source.order.position();
    one.learningRate = learningRate;
    one.decay = decay;
    one.dropout = dropout;
    bound(rows).all.run();
    losses.send();
    next = (next + 1) % started.length; // here, so that a step which fails leaves no gap
  }

  /**
   * Takes the loss of the oldest step under way, if it is here or more than {@code allowed} are
   * under way; {@link #taken} and {@link #loss} then tell of it.
   *
   * @return whether there was one
   * @throws NonFiniteException if it is NaN or infinite
   */
  public boolean take(int allowed) {
    int pending = losses.pending();
    if (pending == 0 || pending <= allowed && !losses.isHere()) {
      return false;
    }
    taken = started[(next - pending + started.length) % started.length];
    takenLoss = losses.take();
    if (!Float.isFinite(takenLoss)) {
      throw diagnosis();
    }
    return true;
  }

  /** Walks forward once more over the batch whose loss was not finite. */
  private NonFiniteException diagnosis() {
    Bound bound = bound(taken.rows);
    source.order.moveTo(taken.position);
    step.set(taken.number, taken.learningRate, taken.decay, taken.dropout);
    bound.untilLoss.forEach(Operation::run);
    boolean clips = clip != Matrix.NONE;
    return new NonFiniteException(model, bound.batch, bound.pass, taken.number, takenLoss, clips);
  }

  /** The step whose loss was taken last. */
  public Started taken() {
    return taken;
  }

  /** The loss that was taken last. */
  public float loss() {
    return takenLoss;
  }

  /** Starts a step with all of the weight decay and dropout, and waits for its loss. */
  public float run(int rows, long number, double learningRate) {
    start(rows, number, learningRate);
    await();
    return takenLoss;
  }

  /** Takes the losses of all steps under way. */
  void await() {
    while (take(0)) {
      // the next one
    }
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
    Matrix targets = memory.takeExact(rows, source.targets.columns());
    Pass pass = Pass.training(model, memory, batch, gradients, step, seed);
    Matrix outputGradient = memory.take(rows, pass.output().columns());
    List<Pass.Named> named = new ArrayList<>(pass.forward());
    named.add(
        new Pass.Named(
            "loss",
            loss.bind(
                backend,
                new Loss.Bound(
                    pass.loss(targets, outputGradient, lossValue()),
                    source.weighted,
                    lossConstants)),
            outputGradient));
    int untilLoss = 1 + named.size();
    named.addAll(pass.backward(outputGradient));
    for (Operation operation : update) {
      named.add(new Pass.Named("update", operation, model.flatParameters()));
    }
    List<Operation> all = new ArrayList<>();
    all.add(
        backend.gatherWithTargets(source.features, source.targets, source.order, batch, targets));
    named.forEach(one -> all.add(one.operation()));
    return new Bound(rows, named, all.subList(0, untilLoss), backend.sequence(all), pass, batch);
  }

  /** Every operation of a step on that many rows, in order, for whoever measures. */
  public List<Pass.Named> operations(int rows) {
    return bound(rows).named;
  }

  /** Kernels, products, copies and fills of a replayed step; 0 where nothing is replayed. */
  public int nodes(int rows) {
    return bound(rows).all.nodes();
  }

  /** In which it visits the rows of its table. */
  RowOrder order() {
    return source.order;
  }

  /** The optimizer's vectors, as long as the flat parameters. */
  public List<Matrix> optimizerState() {
    return optimizerState;
  }

  /** The gradients of the last step, as long as the flat parameters. */
  public Matrix gradients() {
    return gradients;
  }

  @Override
  public void close() {
    bounds.forEach(bound -> bound.all.close());
    if (losses != null) {
      losses.close();
    }
    memory.close();
    owned.forEach(Buffer::close);
  }
}
