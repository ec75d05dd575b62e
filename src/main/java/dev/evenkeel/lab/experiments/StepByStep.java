package dev.evenkeel.lab.experiments;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Operation;
import dev.evenkeel.backend.Step;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.lab.LabData;
import dev.evenkeel.loss.Loss;
import dev.evenkeel.nn.Memory;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import dev.evenkeel.nn.Pass;
import dev.evenkeel.nn.Streams;
import dev.evenkeel.optim.Optimizer;
import dev.evenkeel.tensor.Buffer;
import dev.evenkeel.tensor.Matrix;
import dev.evenkeel.tensor.RowOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * A training by gradient descent whose operations run one by one, so that noise can stand behind
 * its batch norms and the inputs of its last activation can be read. It needs an activation that is
 * not fused to what is in front of it.
 */
final class StepByStep implements AutoCloseable {

  private final Backend backend;
  private final Model model;
  private final Matrix gradients;
  private final LabData data;
  private final int batch;
  private final double learningRate;
  private final long seed;
  private final SplittableRandom random;
  private final boolean noisy;
  private final Step step = new Step();
  private final RowOrder order = new RowOrder(new int[0]);
  private final List<Runnable> owned = new ArrayList<>();
  private final List<Operation> operations = new ArrayList<>();

  StepByStep(
      Backend backend,
      Network network,
      LabData data,
      int batch,
      double learningRate,
      boolean noisy,
      long seed) {
    this.backend = backend;
    this.data = data;
    this.batch = batch;
    this.learningRate = learningRate;
    this.noisy = noisy;
    this.seed = seed;
    this.random = new SplittableRandom(seed);
    this.model = network.build(backend, seed);
    owned.add(model::close);
    this.gradients = own(model.flatParameters().columns());
    bind();
  }

  private Matrix own(int columns) {
    return own(Matrix.of(backend.allocate(columns), 1, columns));
  }

  private Matrix own(Matrix matrix) {
    owned.add(matrix.buffer()::close);
    return matrix;
  }

  private void bind() {
    Dataset rows = data.train();
    Matrix table = own(backend.inputs(rows.features(), rows.rows(), rows.columns()));
    Matrix labels = own(backend.table(rows.targets(), rows.rows(), 1));
    Memory memory = new Memory(backend, batch);
    owned.add(memory::close);
    Matrix x = memory.take(batch, rows.columns());
    Matrix targets = memory.takeExact(batch, 1);
    Pass pass = Pass.training(model, memory, x, gradients, step, seed);
    Matrix dOutput = memory.take(batch, pass.output().columns());
    Loss.Bound loss = new Loss.Bound(pass.loss(targets, dOutput, own(1)), false, Matrix.NONE);
    operations.add(backend.gather(table, order, x));
    operations.add(backend.gather(labels, order, targets));
    Map<String, Noise> noises = new HashMap<>();
    operations.addAll(withNoise(pass.forward(), noises));
    operations.add(Loss.crossEntropy().bind(backend, loss));
    for (Pass.Named named : pass.backward(dOutput)) {
      Noise noise = noises.get(named.name().replace(" backward", ""));
      if (noise != null) {
        operations.add(noise.backward(named.result()));
      }
      operations.add(named.operation());
    }
    Backend.UpdateTarget update =
        new Backend.UpdateTarget(
            model.flatParameters(), gradients, model.decayed(), 0, Matrix.NONE, Matrix.NONE, step);
    operations.add(Optimizer.gradientDescent(learningRate).bind(backend, update, List.of()));
  }

  /** The same operations, each batch norm with noise behind it. */
  private List<Operation> withNoise(List<Pass.Named> forward, Map<String, Noise> noises) {
    List<Operation> all = new ArrayList<>();
    for (Pass.Named named : forward) {
      all.add(named.operation());
      if (noisy && named.name().endsWith("batch-norm")) {
        Noise noise = new Noise(named.result());
        noises.put(named.name(), noise);
        all.add(noise.forward());
      }
    }
    return all;
  }

  Model model() {
    return model;
  }

  /**
   * @param number of steps taken before
   */
  void step(long number) {
    int batches = data.train().rows() / batch; // the rest of the rows waits for another epoch
    int position = (int) (number % batches);
    if (position == 0) {
      order.replace(Streams.shuffled(data.train().rows(), seed, number / batches));
    }
    order.moveTo(position * batch);
    step.set(number, learningRate);
    operations.forEach(Operation::run);
  }

  /**
   * What the last activation gets of these rows, [rows, units], as in training: batch norm takes
   * them for one batch, and noise is where there is any. The model stays as it is.
   */
  float[] inputsOfLast(Dataset rows, Activation activation) {
    Matrix table = backend.inputs(rows.features(), rows.rows(), rows.columns());
    try (Buffer held = table.buffer();
        Memory memory = new Memory(backend, rows.rows())) {
      Matrix x = memory.take(rows.rows(), rows.columns());
      backend.gather(table, RowOrder.natural(rows.rows()), x).run();
      List<Pass.Named> forward = Pass.training(model, memory, x, gradients, step, seed).forward();
      int last = forward.size() - 1;
      while (!forward.get(last).name().endsWith(" " + activation.label())) {
        last--;
      }
      float[] running = new float[model.flatStatistics().columns()];
      backend.read(model.flatStatistics(), running);
      withNoise(forward.subList(0, last), new HashMap<>()).forEach(Operation::run);
      backend.write(running, model.flatStatistics());
      Matrix inputs = forward.get(last - 1).result();
      float[] values = new float[(int) inputs.size()];
      backend.read(inputs, values);
      return values;
    }
  }

  /**
   * y := s y + m. Every unit draws a mean and a scale anew in every step, and every value draws its
   * m and s around these.
   */
  private final class Noise {

    /** The mean is within ± this, the scale within 1 ± half of it. */
    private static final double RANGE = 1;

    /** Of a value around its unit's. */
    private static final double JITTER = 0.1;

    private final Matrix y;
    private final float[] values;
    private final float[] scales;

    Noise(Matrix y) {
      this.y = y;
      this.values = new float[(int) y.size()];
      this.scales = new float[values.length];
    }

    private double uniform(double range) {
      return range * (2 * random.nextDouble() - 1);
    }

    Operation forward() {
      return () -> {
        backend.read(y, values);
        for (int unit = 0; unit < y.columns(); unit++) {
          double mean = uniform(RANGE);
          double scale = 1 + uniform(RANGE / 2);
          for (int i = unit; i < values.length; i += y.columns()) {
            scales[i] = (float) (scale + uniform(JITTER));
            values[i] = (float) (scales[i] * values[i] + mean + uniform(JITTER));
          }
        }
        backend.write(values, y);
      };
    }

    Operation backward(Matrix dy) {
      return () -> {
        backend.read(dy, values);
        for (int i = 0; i < values.length; i++) {
          values[i] *= scales[i];
        }
        backend.write(values, dy);
      };
    }
  }

  @Override
  public void close() {
    owned.forEach(Runnable::run);
  }
}
