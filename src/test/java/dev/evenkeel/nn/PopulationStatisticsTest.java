package dev.evenkeel.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.Expect;
import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.tensor.Buffer;
import dev.evenkeel.tensor.InputLayout;
import dev.evenkeel.tensor.Matrix;
import dev.evenkeel.tensor.Rows;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PopulationStatisticsTest {

  private int columnStatistics;

  /** The contract of columnStatistics lets no result lie where its input lies. */
  private Backend watching(Backend backend) {
    return (Backend)
        Proxy.newProxyInstance(
            Backend.class.getClassLoader(),
            new Class<?>[] {Backend.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("columnStatistics")) {
                columnStatistics++;
                Matrix x = (Matrix) arguments[0];
                assertNotSame(x.buffer(), ((Matrix) arguments[1]).buffer(), "the mean");
                assertNotSame(x.buffer(), ((Matrix) arguments[2]).buffer(), "the variance");
              }
              try {
                return method.invoke(backend, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  @Test
  void noStatisticIsWrittenOverTheActivationsItIsTakenFrom() {
    BatchNorm norm = BatchNorm.standard().withRunning(RunningStatistics.population());
    Network network =
        Network.of(
            4,
            Linear.of(6),
            norm,
            Activate.relu(),
            Residual.of(Linear.of(8), norm, Activate.of(Activation.TANH), Linear.of(6)),
            norm,
            Linear.of(2),
            norm);
    try (Backend backend = watching(Device.cpu(1))) {
      Matrix table = backend.inputs(new float[4 * 10], 10, 4);
      try (Buffer held = table.buffer();
          Model model = network.build(backend, 1)) {
        PopulationStatistics.update(model, table, 4);
      }
      assertEquals(4 * 3, columnStatistics, "four norms in three chunks");
      assertEquals(0, backend.allocated());
    }
  }

  /**
   * The law of AdaBN: the first norm takes a positive scale and a shift of all inputs off again.
   * All but for ε, and for roundings, which 2 x + 30 makes larger than x has them.
   */
  @Test
  void adaptingUndoesAScaleAndAShiftOfAllInputsAndNoInversion() {
    BatchNorm norm = BatchNorm.standard().withEpsilon(0);
    Network network =
        Network.of(
            5,
            Linear.of(8),
            norm.withRunning(RunningStatistics.cumulative()),
            Activate.relu(),
            Linear.of(6),
            norm.withGhost(4),
            Activate.of(Activation.TANH),
            Linear.of(4),
            BatchNorm.meanOnly(),
            Activate.relu(),
            Linear.of(3));
    int rows = 50;
    float[][] inputs = new float[3][rows * 5];
    Random random = new Random(4);
    for (int i = 0; i < rows * 5; i++) {
      inputs[0][i] = (float) random.nextGaussian();
      inputs[1][i] = 2 * inputs[0][i] + 30;
      inputs[2][i] = 1 - inputs[0][i];
    }
    try (Backend backend = Device.cpu(1)) {
      float[][] outputs = new float[3][];
      for (int i = 0; i < 3; i++) {
        try (Model model = network.build(backend, 1)) {
          float[] before = values(model, model.flatParameters());
          PopulationStatistics.adapt(model, Rows.of(inputs[i], 5), InputLayout.plain(5), 16);
          assertArrayEquals(before, values(model, model.flatParameters()), "weights stay");
          outputs[i] = AsTrained.outputs(model, inputs[i]);
        }
      }
      assertEquals(0, distance(outputs[0], outputs[1]), 1e-4);
      assertTrue(distance(outputs[0], outputs[2]) > 0.1, "inverted");
      assertEquals(0, backend.allocated());
    }
  }

  private static float[] values(Model model, Matrix flat) {
    float[] values = new float[flat.columns()];
    model.backend().read(flat, values);
    return values;
  }

  private static double distance(float[] a, float[] b) {
    double largest = 0;
    for (int i = 0; i < a.length; i++) {
      largest = Math.max(largest, Math.abs(a[i] - b[i]));
    }
    return largest;
  }

  @Test
  void aModelWithoutBatchNormCannotBeAdapted() {
    try (Backend backend = Device.cpu(1);
        Model model = Network.of(2, Linear.of(4), RowNorm.layer()).build(backend, 1)) {
      Expect.failure(
          () ->
              PopulationStatistics.adapt(model, Rows.of(new float[4], 2), InputLayout.plain(2), 2),
          "The model has no batch norm, so it has no statistics to adapt");
    }
  }
}
