package dev.evenkeel.lab.experiments;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Operation;
import dev.evenkeel.backend.Step;
import dev.evenkeel.lab.LabData;
import dev.evenkeel.loss.Loss;
import dev.evenkeel.nn.DataStart;
import dev.evenkeel.nn.Memory;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import dev.evenkeel.nn.Pass;
import dev.evenkeel.tensor.Buffer;
import dev.evenkeel.tensor.Matrix;
import dev.evenkeel.tensor.Philox;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How large gradients are on their way back through a network that has not been trained yet. The
 * backward operations are run one by one, since each may overwrite what the one before it made.
 *
 * @param flowing norms of the gradient that enters the last layer from behind, and of those that
 *     each linear layer hands on, from the last to the second; the first hands none on
 * @param weights norms of the gradients of the linear layers' weights, from the first to the last
 */
record GradientFlow(double[] flowing, double[] weights) {

  /** Of Philox, apart from those of initial weights and shuffles. */
  private static final long INPUTS = 1;

  private static final long OUTPUT_GRADIENT = 2;

  /** Back from gradients of normal numbers, for inputs of normal numbers. */
  static GradientFlow ofNoise(Backend backend, Network network, int rows, long seed) {
    int inputs = network.inputs();
    try (Buffer table = backend.allocateActivations(rows, inputs)) {
      Matrix batch = Matrix.of(table, rows, inputs);
      backend.write(noise(batch.size(), seed, INPUTS), batch);
      return walk(
          backend,
          network,
          batch,
          seed,
          (pass, gradient) ->
              () -> backend.write(noise(gradient.size(), seed, OUTPUT_GRADIENT), gradient));
    }
  }

  /** Back from the cross-entropy of the first training rows. */
  static GradientFlow ofLoss(Backend backend, Network network, LabData data, int rows, long seed) {
    float[] features = Arrays.copyOf(data.train().features(), rows * data.inputs());
    float[] classes = Arrays.copyOf(data.train().targets(), rows);
    Matrix batch = backend.inputs(features, rows, data.inputs());
    Matrix targets = backend.table(classes, rows, 1);
    try (Buffer batchMemory = batch.buffer();
        Buffer targetMemory = targets.buffer();
        Buffer value = backend.allocate(1)) {
      Loss loss = Loss.crossEntropy();
      Matrix total = Matrix.of(value, 1, 1);
      return walk(
          backend,
          network,
          batch,
          seed,
          (pass, gradient) ->
              loss.bind(
                  backend,
                  new Loss.Bound(pass.loss(targets, gradient, total), false, Matrix.NONE)));
    }
  }

  /** What makes the gradient of the outputs. */
  private interface Head {
    Operation bind(Pass pass, Matrix gradient);
  }

  private static GradientFlow walk(
      Backend backend, Network network, Matrix batch, long seed, Head head) {
    try (Model model = network.build(backend, seed);
        Memory memory = new Memory(backend, batch.rows());
        Buffer flat = backend.allocate(model.flatParameters().columns())) {
      DataStart.set(model, batch, IntStream.range(0, batch.rows()).toArray());
      Matrix gradients = Matrix.of(flat, 1, (int) flat.length());
      Pass pass = Pass.training(model, memory, batch, gradients, new Step(), seed);
      Matrix gradient = memory.take(batch.rows(), pass.output().columns());
      List<Pass.Named> backward = pass.backward(gradient);
      pass.forward().forEach(named -> named.operation().run());
      head.bind(pass, gradient).run();
      return back(backend, backward, gradient);
    }
  }

  private static GradientFlow back(
      Backend backend, List<Pass.Named> backward, Matrix outputGradient) {
    List<Double> flowing = new ArrayList<>(List.of(norm(backend, outputGradient)));
    List<Double> weights = new ArrayList<>();
    for (Pass.Named named : backward) {
      named.operation().run();
      if (named.name().endsWith(" linear dx")) {
        flowing.add(norm(backend, named.result()));
      } else if (named.name().endsWith(" linear dW")) {
        weights.add(0, norm(backend, named.result()));
      }
    }
    return new GradientFlow(numbers(flowing), numbers(weights));
  }

  /**
   * By what a layer multiplies the gradient on its way back: the geometric mean over the layers.
   */
  double factor() {
    return Math.pow(flowing[flowing.length - 1] / flowing[0], 1.0 / (flowing.length - 1));
  }

  private static double[] numbers(List<Double> values) {
    return values.stream().mapToDouble(value -> value).toArray();
  }

  private static float[] noise(long count, long seed, long stream) {
    Philox random = new Philox(seed, stream);
    float[] values = new float[(int) count];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static double norm(Backend backend, Matrix matrix) {
    float[] values = new float[(int) matrix.size()];
    backend.read(matrix, values);
    double squares = 0;
    for (float value : values) {
      squares += (double) value * value;
    }
    return Math.sqrt(squares);
  }
}
