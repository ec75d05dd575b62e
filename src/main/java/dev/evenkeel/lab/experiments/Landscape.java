package dev.evenkeel.lab.experiments;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Operation;
import dev.evenkeel.backend.Step;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.loss.Loss;
import dev.evenkeel.nn.Memory;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Pass;
import dev.evenkeel.tensor.Buffer;
import dev.evenkeel.tensor.Matrix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The loss around a model, on one batch: looks along the gradient and puts all that it touched back
 * where it was, parameters and running statistics.
 */
final class Landscape implements AutoCloseable {

  /**
   * What was seen along the gradient.
   *
   * @param lowest loss at the steps looked at
   * @param nearest smallest ‖g(x) − g(x − ηg)‖
   * @param farthest largest of it
   * @param beta effective β-smoothness: largest of it over the distance η‖g‖
   */
  record View(double lowest, double highest, double nearest, double farthest, double beta) {

    double range() {
      return highest - lowest;
    }
  }

  private final Model model;
  private final Backend backend;
  private final Memory memory;
  private final List<Buffer> owned = new ArrayList<>();
  private final Matrix gradients;
  private final Matrix loss;
  private final List<Operation> operations = new ArrayList<>();

  Landscape(Model model, Dataset data, int rows) {
    this.model = model;
    this.backend = model.backend();
    this.memory = new Memory(backend, rows);
    int columns = data.columns();
    Matrix batch =
        own(backend.inputs(Arrays.copyOf(data.features(), rows * columns), rows, columns));
    Matrix targets = own(backend.table(Arrays.copyOf(data.targets(), rows), rows, 1));
    int parameters = model.flatParameters().columns();
    this.gradients = own(Matrix.of(backend.allocate(parameters), 1, parameters));
    this.loss = own(Matrix.of(backend.allocate(1), 1, 1));
    Pass pass = Pass.training(model, memory, batch, gradients, new Step(), 0);
    Matrix gradient = memory.take(rows, pass.output().columns());
    pass.forward().forEach(named -> operations.add(named.operation()));
    operations.add(
        Loss.crossEntropy()
            .bind(backend, new Loss.Bound(pass.loss(targets, gradient, loss), false, Matrix.NONE)));
    pass.backward(gradient).forEach(named -> operations.add(named.operation()));
  }

  private Matrix own(Matrix matrix) {
    owned.add(matrix.buffer());
    return matrix;
  }

  /** Looks at the points that steps of these sizes along the gradient lead to. */
  View look(List<Double> stepSizes) {
    float[] parameters = values(model.flatParameters());
    float[] statistics = values(model.flatStatistics());
    try {
      walk();
      float[] here = values(gradients);
      double norm = norm(here, new float[here.length]);
      View view = new View(Double.MAX_VALUE, 0, Double.MAX_VALUE, 0, 0);
      for (double size : stepSizes) {
        backend.write(moved(parameters, here, size), model.flatParameters());
        walk();
        double there = values(loss)[0];
        double change = norm(here, values(gradients));
        view =
            new View(
                Math.min(view.lowest, there),
                Math.max(view.highest, there),
                Math.min(view.nearest, change),
                Math.max(view.farthest, change),
                Math.max(view.beta, change / (size * norm)));
      }
      return view;
    } finally {
      backend.write(parameters, model.flatParameters());
      backend.write(statistics, model.flatStatistics());
    }
  }

  private void walk() {
    operations.forEach(Operation::run);
  }

  private static float[] moved(float[] from, float[] along, double size) {
    float[] to = new float[from.length];
    for (int i = 0; i < to.length; i++) {
      to[i] = (float) (from[i] - size * along[i]);
    }
    return to;
  }

  private float[] values(Matrix matrix) {
    float[] values = new float[(int) matrix.size()];
    backend.read(matrix, values);
    return values;
  }

  private static double norm(float[] a, float[] b) {
    double squares = 0;
    for (int i = 0; i < a.length; i++) {
      double difference = (double) a[i] - b[i];
      squares += difference * difference;
    }
    return Math.sqrt(squares);
  }

  @Override
  public void close() {
    memory.close();
    owned.forEach(Buffer::close);
  }
}
