package dev.evenkeel.train;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Operation;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.data.Preparation;
import dev.evenkeel.loss.Loss;
import dev.evenkeel.metric.Predictions;
import dev.evenkeel.nn.Memory;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Pass;
import dev.evenkeel.tensor.Buffer;
import dev.evenkeel.tensor.Matrix;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Runs a model over a whole data set, with running statistics and without dropout, in chunks that
 * keep memory small. Made once for a data set, used after each epoch.
 */
public final class Evaluator implements AutoCloseable {

  private final Model model;
  private final Backend backend;
  private final Dataset data;
  private final Matrix features;
  private final List<Buffer> owned = new ArrayList<>();
  private final Memory memory;
  private final List<Chunk> chunks = new ArrayList<>();
  private final float[] outputs;
  private final float[] lossOnHost = new float[1];
  private double lossSum;
  private double weightSum;

  /**
   * @param host where its outputs are read to; chunks of one size share it
   * @param operations forward, then the loss where there is one
   * @param weight of its loss among the chunks; 0 where there is none
   */
  private record Chunk(
      int from,
      float[] host,
      Matrix outputs,
      Backend.Sequence operations,
      Matrix lossValue,
      double weight) {}

  /**
   * @param loss taken too where there is one and the data has targets
   */
  public Evaluator(Model model, Dataset data, Optional<Loss> loss, int chunkRows) {
    this.model = model;
    this.backend = model.backend();
    this.data = data;
    this.outputs = new float[Math.multiplyExact(data.rows(), model.network().outputs())];
    this.features = backend.inputs(data.features(), data.rows(), data.columns());
    owned.add(features.buffer());
    this.memory = new Memory(backend, Math.min(chunkRows, data.rows()));
    try {
      Matrix targets = Matrix.NONE;
      Matrix constants = Matrix.NONE;
      if (loss.isPresent() && data.hasTargets()) {
        targets = backend.table(data.targets(), data.rows(), data.targetColumns());
        owned.add(targets.buffer());
        if (loss.get().constants().length > 0) {
          constants = backend.table(loss.get().constants(), 1, loss.get().constants().length);
          owned.add(constants.buffer());
        }
      }
      for (int from = 0; from < data.rows(); from += memory.maxRows()) {
        int rows = Math.min(memory.maxRows(), data.rows() - from);
        chunks.add(chunk(from, rows, loss, targets, constants));
      }
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private Chunk chunk(int from, int rows, Optional<Loss> loss, Matrix targets, Matrix constants) {
    memory.reset();
    Matrix x = features.view((long) from * data.columns(), rows, data.columns());
    Pass pass = Pass.inference(model, memory, x);
    List<Operation> operations = new ArrayList<>();
    pass.forward().forEach(named -> operations.add(named.operation()));
    Matrix y = pass.output();
    float[] host = host((int) y.size());
    double weight = targets.isNone() ? 0 : loss.orElseThrow().weight(data.targets(), from, rows);
    if (weight == 0) { // a loss of 0/0
      return new Chunk(from, host, y, backend.sequence(operations), Matrix.NONE, 0);
    }
    Matrix gradient = memory.take(rows, y.columns());
    Matrix value = memory.takeFixed(1, 1);
    Matrix t = targets.view((long) from * data.targetColumns(), rows, data.targetColumns());
    operations.add(
        loss.orElseThrow().bind(backend, new Loss.Bound(y, t, constants, gradient, value)));
    return new Chunk(from, host, y, backend.sequence(operations), value, weight);
  }

  private float[] host(int size) {
    Chunk last = chunks.isEmpty() ? null : chunks.get(chunks.size() - 1);
    return last != null && last.host.length == size ? last.host : new float[size];
  }

  /**
   * Runs the model; the outputs [rows, outputs] are this object's own and change with the next run.
   */
  public float[] run() {
    lossSum = 0;
    weightSum = 0;
    for (int i = 0; i < chunks.size(); i++) {
      Chunk chunk = chunks.get(i);
      chunk.operations.run();
      backend.read(chunk.outputs, chunk.host);
      int at = chunk.from * chunk.outputs.columns();
      System.arraycopy(chunk.host, 0, outputs, at, chunk.host.length);
      if (chunk.weight > 0) {
        backend.read(chunk.lossValue, lossOnHost);
        lossSum += lossOnHost[0] * chunk.weight;
        weightSum += chunk.weight;
      }
    }
    return outputs;
  }

  /** The mean loss of the last run. */
  public double loss() {
    return lossSum / weightSum;
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
        targets);
  }

  /**
   * What the last run put out, [rows, outputs]: logits, or values.
   *
   * @param preparation takes a regression back to its own units
   */
  public float[] outputs(Optional<Preparation> preparation) {
    float[] predicted = outputs.clone();
    preparation.ifPresent(p -> p.restoreTargets(predicted));
    return predicted;
  }

  @Override
  public void close() {
    chunks.forEach(chunk -> chunk.operations.close());
    memory.close();
    owned.forEach(Buffer::close);
  }
}
