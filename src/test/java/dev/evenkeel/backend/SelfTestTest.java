package dev.evenkeel.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.simulator.SimulatedDriver;
import dev.evenkeel.simulator.SimulatedGpu;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class SelfTestTest {

  @Test
  void everyOperationOfTheContractIsRunAndAgrees() {
    try (Backend one = Device.cpu(1);
        Backend two = Device.cpu(2)) {
      List<SelfTest.Result> results = SelfTest.run(one, two);
      assertEquals(List.of(), wrong(results));
      assertEquals(
          Contract.operations(),
          results.stream()
              .map(result -> result.operation().split(" ")[0])
              .collect(Collectors.toCollection(TreeSet::new)));
      assertEquals(0, one.allocated());
      assertEquals(0, two.allocated());
    }
  }

  /** Each in turn does nothing at all. */
  @Test
  void anOperationThatIsBrokenIsFound() {
    try (Backend whole = Device.cpu(1)) {
      for (String operation : Contract.operations()) {
        Operation nothing = new Nothing();
        Backend broken = with(whole, operation, arguments -> nothing);
        List<String> wrong = wrong(SelfTest.run(broken, whole));
        assertTrue(
            wrong.stream().anyMatch(name -> name.split(" ")[0].equals(operation)),
            operation + " is broken, and found were " + wrong);
      }
    }
  }

  private record Nothing() implements Backend.Sequence {
    @Override
    public void run() {}

    @Override
    public int nodes() {
      return 0;
    }

    @Override
    public void close() {}
  }

  @Test
  void theSimulatedGpuPasses() {
    SimulatedDriver driver = new SimulatedDriver(1);
    try (Backend gpu =
            SimulatedGpu.open(driver, SimulatedGpu.options().withPrecision(Precision.TF32));
        Backend cpu = Device.cpu(1)) {
      assertEquals(List.of(), wrong(SelfTest.run(gpu, cpu)));
    }
    driver.assertNothingLeaked();
  }

  @Test
  void aResultThatIsNotANumberIsFound() {
    try (Backend whole = Device.cpu(1)) {
      Function<Object[], Object> spoil =
          arguments -> {
            ((float[]) arguments[1])[0] = Float.NaN;
            return null;
          };
      List<SelfTest.Result> results = SelfTest.run(with(whole, "read", spoil), whole);
      assertEquals(results.size(), wrong(results).size());
    }
  }

  /** A backend with one method replaced. */
  private static Backend with(Backend whole, String method, Function<Object[], Object> body) {
    return (Backend)
        Proxy.newProxyInstance(
            Backend.class.getClassLoader(),
            new Class<?>[] {Backend.class},
            (proxy, called, arguments) ->
                called.getName().equals(method)
                    ? body.apply(arguments)
                    : called.invoke(whole, arguments));
  }

  private static List<String> wrong(List<SelfTest.Result> results) {
    return results.stream()
        .filter(result -> !result.passed())
        .map(SelfTest.Result::operation)
        .toList();
  }
}
