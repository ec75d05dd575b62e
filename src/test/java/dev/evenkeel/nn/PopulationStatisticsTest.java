package dev.evenkeel.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.tensor.Matrix;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
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
      try (Model model = network.build(backend, 1)) {
        PopulationStatistics.update(model, new float[4 * 10], 10, 4);
      }
      assertEquals(4 * 3, columnStatistics, "four norms in three chunks");
      assertEquals(0, backend.allocated());
    }
  }
}
