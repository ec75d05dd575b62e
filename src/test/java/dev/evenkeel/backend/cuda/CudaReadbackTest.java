package dev.evenkeel.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Operation;
import dev.evenkeel.backend.Readback;
import dev.evenkeel.simulator.SimulatedDriver;
import dev.evenkeel.simulator.SimulatedGpu;
import dev.evenkeel.tensor.Matrix;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/**
 * Values of a scalar come to the host whole and in order, and the device's stream waits for none.
 */
class CudaReadbackTest {

  private static final int SEEDS = 10;

  /** A scalar on a device, and an operation that adds one to it. */
  private static final class Counter implements AutoCloseable {
    private final SimulatedDriver driver;
    private final CudaBackend gpu;
    private final Matrix scalar;
    private final Matrix one;
    private final Operation addOne;

    Counter(long seed) {
      driver = new SimulatedDriver(seed);
      gpu = SimulatedGpu.open(driver);
      scalar = scalar(0);
      one = scalar(1);
      addOne = gpu.add(scalar, one, scalar);
    }

    Matrix scalar(float value) {
      Matrix made = Matrix.of(gpu.allocate(1), 1, 1);
      gpu.write(new float[] {value}, made);
      return made;
    }

    long copies() {
      return driver.counters().copiesToHost;
    }

    long launches() {
      return driver.counters().runs.getOrDefault("set_words", 0L);
    }

    @Override
    public void close() {
      List.of(scalar, one).forEach(matrix -> matrix.buffer().close());
      gpu.close();
      driver.assertNothingLeaked();
    }
  }

  @Test
  void allValuesComeInOrderHoweverTheyAreTaken() {
    for (int seed = 0; seed < SEEDS; seed++) {
      Random random = new Random(seed);
      try (Counter counter = new Counter(seed);
          Readback back = counter.gpu.readback(counter.scalar);
          Backend.Sequence step = counter.gpu.sequence(List.of(counter.addOne))) {
        int sent = 0;
        int taken = 0;
        while (taken < 300) {
          if (back.pending() < Readback.CAPACITY && random.nextInt(5) > 0) {
            (random.nextBoolean() ? step : counter.addOne).run();
            back.send();
            sent++;
          } else if (back.pending() > 0 && (random.nextInt(4) == 0 || back.isHere())) {
            assertEquals(++taken, back.take());
          }
          assertEquals(sent - taken, back.pending());
        }
      }
    }
  }

  /** What is put aside has no step's words to go with here. */
  @Test
  void aValueThatNobodyWaitsForIsCopiedWithOthers() {
    int steps = 48;
    try (Counter counter = new Counter(1);
        Readback back = counter.gpu.readback(counter.scalar);
        Backend.Sequence step = counter.gpu.sequence(List.of(counter.addOne))) {
      for (int i = 0; i < steps; i++) {
        step.run();
        back.send();
      }
      float taken = 0;
      while (taken < steps - CudaReadback.TOGETHER) {
        if (back.isHere()) {
          assertEquals(++taken, back.take());
        }
      }
      assertEquals(steps / CudaReadback.TOGETHER - 1, counter.copies());
      assertFalse(back.isHere(), "more were not sent, and none was asked for");
      while (back.pending() > 0) {
        assertEquals(++taken, back.take());
      }
      assertEquals(steps / CudaReadback.TOGETHER, counter.copies());
      assertEquals(steps, counter.launches());
    }
  }

  @Test
  void aValueIsPutAsideBeforeAnythingOverwritesIt() {
    for (int seed = 0; seed < SEEDS; seed++) {
      try (Counter counter = new Counter(seed);
          Readback back = counter.gpu.readback(counter.scalar);
          Readback other = counter.gpu.readback(counter.one);
          Backend.Sequence step = counter.gpu.sequence(List.of(counter.addOne))) {
        CudaBackend gpu = counter.gpu;
        Backend.Beside product =
            gpu.linearBackwardWeightBeside(counter.one, counter.one, counter.scalar).orElseThrow();
        List<Consumer<Matrix>> ways =
            List.of(
                scalar -> counter.addOne.run(),
                scalar -> step.run(),
                scalar -> gpu.write(new float[] {-1}, scalar),
                scalar -> product.begin().run(),
                scalar -> gpu.sequence(List.of(product.begin(), product.end())).run(),
                scalar -> back.send());
        for (Consumer<Matrix> way : ways) {
          gpu.write(new float[] {seed}, counter.scalar);
          other.send();
          back.send();
          way.accept(counter.scalar);
          assertEquals(seed, back.take());
          assertEquals(1, other.take());
        }
        assertEquals(seed, back.take(), "sent twice");
      }
    }
  }

  @Test
  void twoOfThemDoNotMeet() {
    for (int seed = 0; seed < SEEDS; seed++) {
      try (Counter counter = new Counter(seed);
          Readback first = counter.gpu.readback(counter.scalar);
          Readback second = counter.gpu.readback(counter.scalar)) {
        Deque<Float> ofFirst = new ArrayDeque<>();
        Deque<Float> ofSecond = new ArrayDeque<>();
        for (int i = 1; i <= 60; i++) {
          counter.addOne.run();
          if (i % 2 == 0) {
            first.send();
            ofFirst.add((float) i);
          }
          if (i % 3 == 0) {
            second.send();
            ofSecond.add((float) i);
          }
        }
        ofFirst.forEach(value -> assertEquals(value, first.take()));
        ofSecond.forEach(value -> assertEquals(value, second.take()));
      }
    }
  }

  @Test
  void noMoreAreUnderWayThanTheRingHolds() {
    try (Counter counter = new Counter(1);
        Readback back = counter.gpu.readback(counter.scalar)) {
      for (int i = 0; i < Readback.CAPACITY; i++) {
        back.send();
      }
      assertThrows(IllegalStateException.class, back::send);
      assertEquals(0, back.take());
      back.send();
    }
  }

  @Test
  void whatIsUnderWayIsForgottenWithIt() {
    for (int seed = 0; seed < SEEDS; seed++) {
      for (int values = 1; values < 20; values++) {
        try (Counter counter = new Counter(seed)) {
          long held = counter.gpu.allocatedBytes();
          Readback back = counter.gpu.readback(counter.scalar);
          for (int i = 0; i < values; i++) {
            back.send();
            counter.addOne.run();
          }
          back.send();
          back.close();
          back.close();
          assertEquals(held, counter.gpu.allocatedBytes());
          counter.addOne.run(); // takes nothing along
        }
      }
    }
  }

  /** The parts that bring a scalar back, on a driver that is looked at. */
  private static final class Parts implements InvocationHandler, AutoCloseable {
    private final SimulatedDriver simulated = new SimulatedDriver(1);
    private final CudaDriver driver =
        (CudaDriver)
            Proxy.newProxyInstance(
                CudaDriver.class.getClassLoader(), new Class<?>[] {CudaDriver.class}, this);
    private final long stream = driver.createStream();
    private final CudaMemory memory = new CudaMemory(driver, stream);
    private final DataKernels kernels = new Kernels(memory, 0).data;
    private final StepScalars scalars = new StepScalars(memory, new Staging(memory), kernels);
    private final View value = View.floats(memory.allocate(4), 1, 1);
    private final CudaOperation twiceAndOne =
        new CudaOperation(scalars, kernels.scaleShift(value, 2, 1, value), null);
    private final CudaReadback back = new CudaReadback(memory, scalars, value.address());
    private long setWords;

    /** So many launches that would put a value aside are refused. */
    private int refusals;

    /** Copies to the host, and waits for events, by the stream. */
    private final List<Object> streams = new ArrayList<>();

    @Override
    public Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
      Object result;
      try {
        result = method.invoke(simulated, arguments);
      } catch (InvocationTargetException e) {
        throw e.getCause();
      }
      switch (method.getName()) {
        case "function" -> setWords = arguments[1].equals("set_words") ? (Long) result : setWords;
        case "copyToHost" -> streams.add(arguments[4]);
        case "await" -> streams.add(arguments[0]);
        default -> {}
      }
      boolean carries = method.getName().equals("launch") && arguments[0].equals(setWords);
      return carries ? (Operation) () -> runOrRefuse((Operation) result) : result;
    }

    private void runOrRefuse(Operation launch) {
      if (refusals > 0) {
        refusals--;
        throw new CudaException("cuLaunchKernel()", 700, "refused");
      }
      launch.run();
    }

    @Override
    public void close() {
      back.close();
      driver.close();
    }
  }

  @Test
  void aLaunchThatFailsNeitherLosesAValueNorBringsItTwice() {
    try (Parts parts = new Parts()) {
      CudaReadback back = parts.back;
      parts.twiceAndOne.run();
      back.send();
      parts.refusals = 2;
      assertThrows(CudaException.class, parts.twiceAndOne::run);
      assertThrows(CudaException.class, back::send);
      assertEquals(1, back.pending(), "what was not sent is not under way");
      parts.twiceAndOne.run();
      back.send();
      parts.refusals = 1;
      assertThrows(CudaException.class, back::take);
      assertEquals(1, back.take());
      assertEquals(3, back.take());
      parts.twiceAndOne.run();
      parts.driver.synchronize(parts.stream);
      assertEquals(2, parts.simulated.counters().runs.get("set_words"));
    }
  }

  @Test
  void theStepsStreamHasNoCopiesAndWaitsForNone() {
    try (Parts parts = new Parts()) {
      for (int i = 0; i < Readback.CAPACITY; i++) {
        parts.twiceAndOne.run();
        parts.back.send();
      }
      assertEquals(1, parts.back.take());
      assertEquals(2 * (Readback.CAPACITY / CudaReadback.TOGETHER - 1), parts.streams.size());
      assertFalse(parts.streams.contains(parts.stream));
    }
  }
}
