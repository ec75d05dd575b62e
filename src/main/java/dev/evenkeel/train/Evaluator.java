package dev.evenkeel.train;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.backend.Operation;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.data.Preparation;
import dev.evenkeel.data.Task;
import dev.evenkeel.loss.Loss;
import dev.evenkeel.metric.Metric;
import dev.evenkeel.metric.Predictions;
import dev.evenkeel.nn.Memory;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Pass;
import dev.evenkeel.tensor.Buffer;
import dev.evenkeel.tensor.Matrix;
import dev.evenkeel.tensor.RowOrder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Runs a model over a whole data set, with running statistics and without dropout, in chunks that
 * keep memory small. Made once for a data set, used after each epoch.
 */
public final class Evaluator implements AutoCloseable {

  private final Model model;
  private final Backend backend;
  private final Dataset data;
  private final Optional<Loss> loss;
  private final Optional<Inputs> changing;
  private final List<Buffer> owned = new ArrayList<>();
  private final Memory memory;
  private final RowOrder order;
  private final Matrix features;
  private final Matrix targets;
  private final Matrix constants;
  private final List<Bound> bounds = new ArrayList<>();
  private final float[] outputs;
  private final float[] lossOnHost = new float[1];
  private double lossSum;
  private double weightSum;
  private boolean ran;

  /**
   * The operations for one number of rows: gather, forward, and the loss where there is one.
   *
   * @param given where inputs that change are written to, on their way to the batch
   * @param host where its outputs are read to
   */
  private record Bound(
      int rows,
      Backend.Sequence operations,
      Matrix batch,
      float[] given,
      Matrix outputs,
      float[] host,
      Matrix lossValue) {}

  /** Inputs that are others at every run, though the rows and their targets stay. */
  interface Inputs {

    /** Fills a batch [rows, columns] with those of the rows from this one on. */
    void fill(float[] batch, int from);
  }

  /**
   * @param loss taken too where there is one and the data has targets
   */
  public Evaluator(Model model, Dataset data, Optional<Loss> loss, int chunkRows) {
    this(model, data, loss, chunkRows, Optional.empty());
  }

  /** For inputs that change: the data's own are not looked at. */
  Evaluator(Model model, Dataset data, int chunkRows, Inputs changing) {
    this(model, data, Optional.empty(), chunkRows, Optional.of(changing));
  }

  private Evaluator(
      Model model, Dataset data, Optional<Loss> loss, int chunkRows, Optional<Inputs> changing) {
    this.changing = changing;
    this.model = model;
    this.backend = model.backend();
    this.data = data;
    this.loss = data.hasTargets() ? loss : Optional.empty();
    this.outputs = new float[Math.multiplyExact(data.rows(), model.network().outputs())];
    this.order = RowOrder.natural(data.rows());
    this.memory = new Memory(backend, Math.min(chunkRows, data.rows()));
    try {
      this.features =
          changing.isPresent() ? Matrix.NONE : own(backend.inputs(data.stored(), data.layout()));
      this.targets =
          this.loss.isEmpty()
              ? Matrix.NONE
              : own(backend.table(data.weighedTargets(), data.rows(), data.weighedColumns()));
      float[] weights = this.loss.map(Loss::constants).orElse(new float[0]);
      this.constants =
          weights.length == 0
              ? Matrix.NONE
              : own(Matrix.of(backend.allocate(weights.length), 1, weights.length));
      if (weights.length > 0) {
        backend.write(weights, constants); // no table, which might stay on the host
      }
      bound(memory.maxRows());
      int last = data.rows() % memory.maxRows();
      if (last > 0) {
        bound(last);
      }
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private Matrix own(Matrix table) {
    owned.add(table.buffer());
    return table;
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
    Matrix batch = memory.take(rows, data.columns());
    List<Operation> operations = new ArrayList<>();
    Matrix t = loss.isEmpty() ? Matrix.NONE : memory.takeExact(rows, data.weighedColumns());
    if (loss.isPresent()) {
      operations.add(backend.gatherWithTargets(features, targets, order, batch, t));
    } else if (changing.isEmpty()) {
      operations.add(backend.gather(features, order, batch));
    }
    Pass pass = Pass.inference(model, memory, batch);
    pass.forward().forEach(named -> operations.add(named.operation()));
    Matrix y = pass.output();
    Matrix value = Matrix.NONE;
    if (loss.isPresent()) {
      value = memory.takeFixed(1, 1);
      Matrix gradient = memory.take(rows, y.columns());
      operations.add(
          loss.get()
              .bind(
                  backend,
                  new Loss.Bound(pass.loss(t, gradient, value), data.isWeighted(), constants)));
    }
    return new Bound(
        rows,
        backend.sequence(operations),
        batch,
        new float[changing.isEmpty() ? 0 : (int) batch.size()],
        y,
        new float[(int) y.size()],
        value);
  }

  /**
   * Runs the model; the outputs [rows, outputs] are this object's own and change with the next run.
   */
  public float[] run() {
    lossSum = 0;
    weightSum = 0;
    for (int from = 0; from < data.rows(); from += memory.maxRows()) {
      int rows = Math.min(memory.maxRows(), data.rows() - from);
      Bound bound = bound(rows);
      order.moveTo(from);
      if (changing.isPresent()) {
        changing.get().fill(bound.given, from);
        backend.write(bound.given, bound.batch);
      }
      bound.operations.run();
      backend.read(bound.outputs, bound.host);
      System.arraycopy(bound.host, 0, outputs, from * bound.outputs.columns(), bound.host.length);
      double weight = loss.isEmpty() ? 0 : loss.get().weight(data.targets(), from, rows);
      if (weight > 0) { // else a loss of 0/0
        backend.read(bound.lossValue, lossOnHost);
        lossSum += lossOnHost[0] * weight;
        weightSum += weight;
      }
    }
    ran = true;
    return outputs;
  }

  private void requireRun() {
    if (!ran) {
      throw new EvenkeelException("Nothing was predicted yet. help: call run() first");
    }
  }

  /** The mean loss of the last run; NaN where all rows are of classes of weight 0. */
  public double loss() {
    requireRun();
    return lossSum / weightSum;
  }

  /**
   * Runs the model, and measures what it says.
   *
   * @return the loss as "loss", and the metrics by name
   */
  public Map<String, Double> measure(List<Metric> metrics, Optional<Preparation> preparation) {
    run();
    Map<String, Double> values = new LinkedHashMap<>();
    values.put("loss", loss());
    if (!metrics.isEmpty()) {
      Predictions predictions = predictions(preparation);
      metrics.forEach(metric -> values.put(metric.name(), value(metric, data.task(), predictions)));
    }
    return values;
  }

  /**
   * What a trained model is worth on rows that it never saw, such as {@link Parts#test}: the loss
   * as "loss", and its recipe's metrics by name, a regression's in their own units.
   */
  public static Map<String, Double> measure(SavedModel saved, Dataset rows) {
    try (Backend backend = Device.auto();
        Model model = saved.build(backend)) {
      return measure(model, saved.recipe(), rows, saved.preparation());
    }
  }

  static Map<String, Double> measure(
      Model model, Recipe recipe, Dataset rows, Optional<Preparation> preparation) {
    EveryClass.require(recipe.metrics(), rows, "row");
    List<Metric> metrics = recipe.metrics().stream().map(Metric::named).toList();
    try (Evaluator evaluator =
        new Evaluator(model, rows, Optional.of(recipe.loss()), recipe.batch())) {
      return evaluator.measure(metrics, preparation);
    }
  }

  /** A metric of what was predicted for a task. */
  public static double value(Metric metric, Task task, Predictions predictions) {
    return task instanceof Task.Flags ? metric.ofFlags(predictions) : metric.of(predictions);
  }

  /** What a model predicts of rows with targets, in one call. */
  public static Predictions predictions(
      Model model, Dataset rows, int chunkRows, Optional<Preparation> preparation) {
    try (Evaluator evaluator = new Evaluator(model, rows, Optional.empty(), chunkRows)) {
      evaluator.run();
      return evaluator.predictions(preparation);
    }
  }

  /** What a model puts out for rows, in one call. */
  public static float[] outputs(
      Model model, Dataset rows, int chunkRows, Optional<Preparation> preparation) {
    try (Evaluator evaluator = new Evaluator(model, rows, Optional.empty(), chunkRows)) {
      evaluator.run();
      return evaluator.outputs(preparation);
    }
  }

  /**
   * What the last run predicted, for metrics; only where the data has targets.
   *
   * @param preparation takes a regression back to its own units
   */
  public Predictions predictions(Optional<Preparation> preparation) {
    float[] targets = data.targets().clone();
    preparation.ifPresent(p -> p.restoreTargets(targets));
    return new Predictions(
        data.rows(),
        model.network().outputs(),
        outputs(preparation),
        data.targetColumns(),
        targets,
        data.weights());
  }

  /**
   * What the last run put out, [rows, outputs]: logits, or values.
   *
   * @param preparation takes a regression back to its own units
   */
  public float[] outputs(Optional<Preparation> preparation) {
    requireRun();
    float[] predicted = outputs.clone();
    preparation.ifPresent(p -> p.restoreTargets(predicted));
    return predicted;
  }

  @Override
  public void close() {
    bounds.forEach(bound -> bound.operations.close());
    memory.close();
    owned.forEach(Buffer::close);
  }
}
