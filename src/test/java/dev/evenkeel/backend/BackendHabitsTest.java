package dev.evenkeel.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.evenkeel.EvenkeelException;
import dev.evenkeel.backend.cpu.CpuBackend;
import dev.evenkeel.tensor.Buffer;
import dev.evenkeel.tensor.Matrix;
import dev.evenkeel.tensor.RowOrder;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What a backend promises beside right numbers: the same bits again, and no garbage. */
class BackendHabitsTest {

  private static final int RUNS = 1000;
  private static final int ROWS = 163;
  private static final int COLUMNS = 269;

  /**
   * Relative, by Frobenius. Columns and rows are worked on alike wherever they are, so most results
   * are the same bits; the split of a matrix product moves the edges of BLAS' blocks.
   */
  private static final double BETWEEN_BACKENDS = 2e-6;

  @Test
  void theSameRunTwiceIsTheSameBits() {
    for (Supplier<Backend> supplier : Backends.all().values()) {
      Map<String, float[]> first = results(supplier, 2);
      Map<String, float[]> second = results(supplier, 2);
      first.forEach((name, values) -> assertArrayEquals(values, second.get(name), 0f, name));
    }
  }

  /** At the first run: what it leaves in z for the activation's backward pass is its own affair. */
  @Test
  void allBackendsAgree() {
    List<Map<String, float[]>> all =
        Backends.all().values().stream().map(one -> results(one, 1)).toList();
    assertTrue(all.size() > 1, "nothing to compare");
    Map<String, float[]> first = all.get(0);
    for (Map<String, float[]> other : all.subList(1, all.size())) {
      first.forEach(
          (name, values) -> {
            double error = 0;
            double size = 0;
            float[] others = other.get(name);
            for (int i = 0; i < values.length; i++) {
              double difference = (double) values[i] - others[i];
              error += difference * difference;
              size += (double) values[i] * values[i];
            }
            assertTrue(error <= BETWEEN_BACKENDS * BETWEEN_BACKENDS * size, name);
          });
    }
  }

  private static Map<String, float[]> results(Supplier<Backend> supplier, int runs) {
    try (Backend backend = supplier.get();
        EveryOperation every = Contract.bound(backend, ROWS, COLUMNS, false)) {
      for (int run = 1; run < runs; run++) {
        Contract.results(every);
      }
      return Contract.results(every);
    }
  }

  @Test
  void aRunningOperationAllocatesNothing() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (Backend backend = new CpuBackend(2);
        EveryOperation every = Contract.bound(backend, 67, 131, false)) {
      List<Long> ids = callerAndWorkers();
      Map<String, Long> garbage = new LinkedHashMap<>();
      every
          .bound()
          .forEach(
              (name, bound) -> {
                // The other activations differ in one loop: on busy cores each run may wait long.
                int runs = name.contains(" ") ? RUNS / 10 : RUNS;
                repeat(bound.operation(), runs);
                long before = allocatedBytes(threads, ids);
                repeat(bound.operation(), runs);
                long bytes = allocatedBytes(threads, ids) - before;
                // No object is smaller than 16 bytes; one or two are the JIT's, not an operation's.
                if (bytes >= 10 * runs) {
                  garbage.put(name, bytes);
                }
              });
      assertEquals(Map.of(), garbage, "bytes allocated after warming up");
    }
  }

  private static void repeat(Operation operation, int times) {
    for (int i = 0; i < times; i++) {
      operation.run();
    }
  }

  private static List<Long> callerAndWorkers() {
    List<Long> ids = new ArrayList<>();
    ids.add(Thread.currentThread().getId());
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      if (thread.getName().startsWith("evenkeel-worker-")) {
        ids.add(thread.getId());
      }
    }
    assertTrue(ids.size() >= 2, "workers were not found by their names");
    return ids;
  }

  private static long allocatedBytes(ThreadMXBean threads, List<Long> ids) {
    long sum = 0;
    for (int i = 0; i < ids.size(); i++) {
      sum += Math.max(0, threads.getThreadAllocatedBytes(ids.get(i)));
    }
    return sum;
  }

  @Test
  void memoryIsCountedUntilItIsClosed() {
    for (Supplier<Backend> supplier : Backends.all().values()) {
      Backend backend = supplier.get();
      assertEquals(0, backend.allocated());
      EveryOperation every = Contract.bound(backend, 7, 13, false);
      assertTrue(backend.allocated() > 0);
      every.close();
      every.close();
      assertEquals(0, backend.allocated(), "buffers closed twice count once");
      backend.close();
      assertEquals(0, backend.allocated());
    }
  }

  @Test
  void newMemoryIsZero() {
    for (Supplier<Backend> supplier : Backends.all().values()) {
      try (Backend backend = supplier.get();
          Buffer buffer = backend.allocate(1031)) {
        float[] values = new float[1031];
        values[3] = 1;
        backend.read(Matrix.of(buffer, 1, 1031), values);
        assertArrayEquals(new float[1031], values);
      }
    }
  }

  @Test
  void arraysOfAnotherLengthAreRefused() {
    for (Supplier<Backend> supplier : Backends.all().values()) {
      try (Backend backend = supplier.get();
          Buffer buffer = backend.allocate(6)) {
        Matrix matrix = Matrix.of(buffer, 2, 3);
        String writing =
            assertThrows(EvenkeelException.class, () -> backend.write(new float[7], matrix))
                .getMessage();
        String reading =
            assertThrows(EvenkeelException.class, () -> backend.read(matrix, new float[5]))
                .getMessage();
        assertTrue(writing.contains("7 floats") && writing.contains("[2, 3]"), writing);
        assertTrue(reading.contains("5 floats") && reading.contains("[2, 3]"), reading);
      }
    }
  }

  @Test
  void aFailureIsNotHeldAgainstTheNextOperation() {
    for (Supplier<Backend> supplier : Backends.all().values()) {
      try (Backend backend = supplier.get();
          Buffer tables = backend.allocate(ROWS * COLUMNS);
          Buffer batches = backend.allocate(ROWS * COLUMNS)) {
        Matrix table = Matrix.of(tables, ROWS, COLUMNS);
        Matrix batch = Matrix.of(batches, ROWS, COLUMNS);
        int[] nowhere = new int[ROWS];
        Arrays.fill(nowhere, ROWS);
        Operation outside = backend.gather(table, new RowOrder(nowhere), batch);
        assertThrows(RuntimeException.class, outside::run);
        backend.gather(table, new RowOrder(new int[ROWS]), batch).run();
        backend.gather(table, new RowOrder(new int[ROWS]), batch).run();
      }
    }
  }

  @Test
  void closingABackendEndsItsThreads() throws InterruptedException {
    for (Supplier<Backend> supplier : Backends.all().values()) {
      supplier.get().close();
    }
    for (int wait = 0; wait < 500 && !workers().isEmpty(); wait++) {
      Thread.sleep(10);
    }
    assertEquals(List.of(), workers());
  }

  private static List<String> workers() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(name -> name.startsWith("evenkeel-worker-"))
        .collect(Collectors.toList());
  }
}
