package dev.evenkeel.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.backend.Operation;
import dev.evenkeel.backend.cuda.CudaDriver.Graph;
import dev.evenkeel.backend.cuda.CudaDriver.Grid;
import dev.evenkeel.backend.cuda.CudaException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Modules and launches on a simulated device, with the kernels of {@code launch.cu}. */
class SimulatedLaunchTest {

  private static final String PTX = resource("launch.ptx");
  private static final Grid GRID = Grid.of(4, 64);

  private final SimulatedDriver driver = new SimulatedDriver(5);
  private final long stream = driver.createStream();
  private final long module = driver.loadModule(PTX);
  private final long scale = driver.function(module, "scale");
  private final long memory = driver.allocate(1024);

  @Test
  void aKernelRunsInItsTurn() {
    driver.fill(memory, Float.floatToIntBits(3), 256, stream);
    Operation twice = driver.launch(scale, GRID, stream, memory, 255, 2f);
    twice.run();
    twice.run();
    driver.synchronize(stream);
    assertEquals(12, driver.memory().getFloat(memory));
    assertEquals(12, driver.memory().getFloat(memory + 4 * 254));
    assertEquals(3, driver.memory().getFloat(memory + 4 * 255));
    assertEquals(2, driver.counters().launches);
    assertEquals(2, driver.counters().runs.get("scale"));
    assertTrue(SimulatedDriver.kernelsEverRun().contains("scale"));
  }

  @Test
  void allKindsOfArgumentsArrive() {
    long reverse = driver.function(module, "reverse");
    driver.fill(memory, Float.floatToIntBits(1), 256, stream);
    driver.fill(memory + 400, Float.floatToIntBits(7), 1, stream);
    driver.launch(reverse, Grid.of(1, 64), stream, memory, 100L, 0.25).run();
    driver.synchronize(stream);
    assertEquals(1, driver.memory().getFloat(memory + 396));
    assertEquals(1.25f, driver.memory().getFloat(memory + 400));
    assertEquals(7.25f, driver.memory().getFloat(memory + 400 + 63 * 4));
  }

  @Test
  void replayIsTheSameWork() {
    driver.fill(memory, Float.floatToIntBits(1), 256, stream);
    Operation twice = driver.launch(scale, GRID, stream, memory, 256, 2f);
    driver.beginCapture(stream);
    twice.run();
    twice.run();
    Graph graph = driver.endCapture(stream);
    assertEquals(2, graph.nodes());
    graph.launch(stream);
    graph.launch(stream);
    driver.synchronize(stream);
    assertEquals(16, driver.memory().getFloat(memory));
    assertEquals(4, driver.counters().kernelsRun);
  }

  @Test
  void aFaultInAKernelComesOutLater() {
    driver.fill(memory, 0, 256, stream);
    long other = driver.allocate(1000);
    driver.fill(other, 0, 250, stream);
    driver.launch(scale, GRID, stream, other, 251, 2f).run();
    GpuFault fault = assertThrows(GpuFault.class, () -> driver.synchronize(stream));
    assertEquals(GpuFault.Kind.OUT_OF_BOUNDS, fault.kind());
    assertTrue(fault.getMessage().contains("scale"), fault.getMessage());
  }

  @Test
  void wrongArgumentsAreNamed() {
    badLaunch("takes 3 arguments, given 2", memory, 1);
    badLaunch("argument 1 of kernel scale", memory, 1L, 2f);
    badLaunch("is .u32 of 4 bytes, given Long 1", memory, 1L, 2f);
    badLaunch("is .f32 of 4 bytes, given Double 2.0", memory, 1, 2.0);
    badLaunch("given null", memory, 1, null);
  }

  private void badLaunch(String words, Object... arguments) {
    GpuFault fault =
        assertThrows(GpuFault.class, () -> driver.launch(scale, GRID, stream, arguments));
    assertEquals(GpuFault.Kind.BAD_LAUNCH, fault.kind());
    assertTrue(fault.getMessage().contains(words), fault.getMessage());
  }

  @Test
  void limitsOfALaunchAreHeld() {
    for (Grid grid :
        List.of(
            Grid.of(0, 64),
            Grid.of(1, 1025),
            new Grid(1, 65_536, 1, 1),
            new Grid(1, 1, 64, 17),
            new Grid(1, 1, 0, 1))) {
      refused(1, () -> driver.launch(scale, grid, stream, memory, 1, 2f));
    }
    driver.launch(scale, new Grid(1, 65_535, 32, 32), stream, memory, 1, 2f);
  }

  @Test
  void modulesAnswerAsCudasDo() {
    refused(500, () -> driver.function(module, "scales"));
    refused(218, () -> driver.loadModule("no PTX at all"));
    refused(218, () -> driver.loadModule(PTX.replace("mad.lo.s32", "mad.what.s32")));
    refused(209, () -> driver.loadModule(PTX.replace("sm_75", "sm_100")));
    refused(209, () -> driver.loadModule(PTX.replace("sm_75", "sm_80a")));
    refused(222, () -> driver.loadModule(PTX.replace(".version 6.3", ".version 9.1")));
    SimulatedDriver turing =
        new SimulatedDriver(
            SimulatedOptions.standard(1).withProperties(SimulatedOptions.device(7, 5, 40)));
    turing.unloadModule(turing.loadModule(PTX));
    refused(209, () -> turing.loadModule(PTX.replace("sm_75", "sm_80")));
    turing.close();
    turing.assertNothingLeaked();
  }

  @Test
  void anUnloadedModuleHasNoKernels() {
    Operation bound = driver.launch(scale, GRID, stream, memory, 1, 2f);
    driver.unloadModule(module);
    refused(400, bound::run);
    refused(400, () -> driver.function(module, "scale"));
    refused(400, () -> driver.unloadModule(module));
  }

  @Test
  void eachLaunchCanBeCounted() {
    Statistics statistics = new Statistics();
    driver.collect(statistics);
    driver.fill(memory, 0, 256, stream);
    driver.launch(scale, GRID, stream, memory, 256, 2f).run();
    driver.synchronize(stream);
    driver.collect(null);
    driver.launch(scale, GRID, stream, memory, 256, 2f).run();
    driver.synchronize(stream);
    assertEquals(1, statistics.launches().size());
    assertEquals("scale", statistics.last().kernel());
    assertEquals(256, statistics.last().instructions().get("mul.f32"));
  }

  private static void refused(int code, Executable call) {
    CudaException refusal = assertThrows(CudaException.class, call);
    assertEquals(code, refusal.code(), refusal.getMessage());
  }

  private static String resource(String name) {
    try (InputStream in = SimulatedLaunchTest.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }
}
