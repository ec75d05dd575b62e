package dev.evenkeel.simulator;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.backend.cuda.CudaException;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class SimulatedMemoryTest {

  private final SimulatedDriver driver =
      new SimulatedDriver(SimulatedOptions.standard(1).withMemory(10_000));

  @Test
  void memoryHasAnEnd() {
    long first = driver.allocate(6_000);
    assertEquals(4_000, driver.freeMemory());
    CudaException full = refused(2, () -> driver.allocate(4_001));
    assertEquals("cuMemAlloc(4001) failed: CUDA_ERROR_OUT_OF_MEMORY (2)", full.getMessage());
    driver.free(first);
    assertEquals(10_000, driver.freeMemory());
    assertEquals(0, driver.allocate(10_000) % 256);
  }

  @Test
  void whatWasNotAllocatedIsNotFreed() {
    long address = driver.allocate(100);
    refused(1, () -> driver.free(address + 4));
    refused(1, () -> driver.free(0));
    driver.free(address);
    CudaException twice = refused(1, () -> driver.free(address));
    assertTrue(twice.getMessage().contains("freed before"), twice.getMessage());
    refused(1, () -> driver.allocate(0));
  }

  @Test
  void aLeakNamesWhoMadeIt() {
    driver.free(driver.allocate(100));
    driver.allocate(200);
    driver.allocatePinned(300);
    long stream = driver.createStream();
    driver.createEvent(false);
    driver.beginCapture(stream);
    driver.endCapture(stream);
    driver.close();
    List<String> leaks = driver.leaks();
    assertEquals(5, leaks.size(), leaks.toString());
    for (String kind : List.of("200 bytes", "300 bytes", "stream", "event", "graph")) {
      assertTrue(leaks.stream().anyMatch(one -> one.contains(kind)), () -> kind + " in " + leaks);
    }
    assertTrue(
        leaks.stream().allMatch(one -> one.contains("aLeakNamesWhoMadeIt (SimulatedMemoryTest")),
        leaks.toString());
    AssertionError error = assertThrows(AssertionError.class, driver::assertNothingLeaked);
    assertTrue(error.getMessage().contains("200 bytes"), error.getMessage());
  }

  @Test
  void whatIsGivenBackIsNoLeak() {
    long memory = driver.allocate(200);
    ByteBuffer pinned = driver.allocatePinned(300);
    long stream = driver.createStream();
    long event = driver.createEvent(true);
    driver.beginCapture(stream);
    driver.endCapture(stream).close();
    driver.destroyEvent(event);
    driver.destroyStream(stream);
    driver.freePinned(pinned);
    driver.free(memory);
    driver.close();
    assertDoesNotThrow(driver::assertNothingLeaked);
    assertEquals(1, driver.counters().allocations);
    assertEquals(0, driver.counters().liveAllocations);
    assertEquals(200, driver.counters().peakBytes);
    assertEquals(0, driver.counters().livePinnedBytes);
    refused(709, driver::createStream);
  }

  @Test
  void copiesGoThereAndBack() {
    long stream = driver.createStream();
    long memory = driver.allocate(64);
    ByteBuffer pinned = driver.allocatePinned(128);
    pinned.putFloat(12, 2.5f).position(100);
    driver.fill(memory, Float.floatToIntBits(1.5f), 16, stream);
    driver.copyToDevice(pinned, 12, memory + 4, 4, stream);
    driver.copyToHost(memory, pinned, 64, 8, stream);
    driver.synchronize(stream);
    assertEquals(1.5f, pinned.getFloat(64));
    assertEquals(2.5f, pinned.getFloat(68));
    assertEquals(3, driver.counters().nodesRun());
    assertEquals(8, driver.counters().bytesToHost);
  }

  /** Planted: the result is read at once. */
  @Test
  void aResultReadWithoutSynchronisingIsRubbish() {
    boolean seen = false;
    for (int seed = 0; seed < 10; seed++) {
      try (SimulatedDriver late = new SimulatedDriver(seed)) {
        long stream = late.createStream();
        long memory = late.allocate(4);
        ByteBuffer pinned = late.allocatePinned(4);
        pinned.putFloat(0, 7);
        late.fill(memory, Float.floatToIntBits(7), 1, stream);
        late.copyToHost(memory, pinned, 0, 4, stream);
        seen |= Float.isNaN(pinned.getFloat(0));
        late.synchronize(stream);
        assertEquals(7, pinned.getFloat(0));
      }
    }
    assertTrue(seen, "ten seeds finished every copy at once");
  }

  /** Planted: the host goes on to the next batch while the last one is still to be copied. */
  @Test
  void overwritingPinnedMemoryTooEarlyIsAFault() {
    int faults = 0;
    for (int seed = 0; seed < 10; seed++) {
      SimulatedDriver late = new SimulatedDriver(seed);
      long stream = late.createStream();
      long memory = late.allocate(4);
      ByteBuffer pinned = late.allocatePinned(4);
      late.copyToDevice(pinned.putInt(0, 1), 0, memory, 4, stream);
      pinned.putInt(0, 2);
      try {
        late.copyToHost(memory, pinned, 0, 4, stream);
        late.synchronize(stream);
      } catch (GpuFault fault) {
        faults++;
        assertEquals(GpuFault.Kind.HOST_MEMORY, fault.kind());
        assertTrue(fault.getMessage().contains("the host changed byte 0"), fault.getMessage());
        assertThrows(GpuFault.class, () -> late.synchronize(stream), "a fault stays");
        // Giving back goes on, so that the first fault is not hidden by others.
        late.freePinned(pinned);
        late.free(memory);
        late.destroyStream(stream);
        late.close();
        late.assertNothingLeaked();
      }
    }
    assertTrue(faults > 0, "no seed was late");
  }

  @Test
  void aCopyRoundThroughTheHostNeedsNoWaitOfIt() {
    for (int seed = 0; seed < 20; seed++) {
      try (SimulatedDriver late = new SimulatedDriver(seed)) {
        long stream = late.createStream();
        long from = late.allocate(8);
        long to = late.allocate(8);
        ByteBuffer pinned = late.allocatePinned(8);
        late.fill(from, 5, 2, stream);
        late.copyToHost(from, pinned, 0, 8, stream);
        late.copyToDevice(pinned, 0, to, 8, stream);
        late.fill(from, 6, 2, stream);
        late.copyToHost(from, pinned, 0, 8, stream);
        late.synchronize(stream);
        assertEquals(5, late.memory().getInt(to));
        assertEquals(6, pinned.getInt(4));
      }
    }
  }

  @Test
  void pinnedMemoryIsWatchedAfterItWasFreed() {
    ByteBuffer pinned = driver.allocatePinned(8);
    driver.freePinned(pinned);
    long stream = driver.createStream();
    long memory = driver.allocate(8);
    fault("was freed", () -> driver.copyToDevice(pinned, 0, memory, 8, stream));
    fault("was freed", () -> driver.freePinned(pinned));
    pinned.put(3, (byte) 1);
    assertTrue(driver.leaks().toString().contains("written at byte 3 after it was freed"));
  }

  @Test
  void pinnedMemoryInUseIsNotFreed() {
    SimulatedDriver late = neverAhead();
    long stream = late.createStream();
    long memory = late.allocate(8);
    ByteBuffer pinned = late.allocatePinned(8);
    late.copyToDevice(pinned, 0, memory, 8, stream);
    fault("freed before 1 copies", () -> late.freePinned(pinned));
  }

  @Test
  void copiesStayInsideTheirMemory() {
    long stream = driver.createStream();
    long memory = driver.allocate(8);
    ByteBuffer pinned = driver.allocatePinned(8);
    fault("bytes 4 to 12", () -> driver.copyToHost(memory, pinned, 4, 8, stream));
    fault("not pinned", () -> driver.copyToHost(memory, ByteBuffer.allocate(8), 0, 8, stream));
    GpuFault past =
        assertThrows(
            GpuFault.class,
            () -> {
              driver.fill(memory, 0, 3, stream);
              driver.synchronize(stream);
            });
    assertEquals(GpuFault.Kind.OUT_OF_BOUNDS, past.kind());
  }

  @Test
  void memoryFreedBeforeItsWorkRanIsAFault() {
    SimulatedDriver late = neverAhead();
    long stream = late.createStream();
    long memory = late.allocate(8);
    late.fill(memory, 0, 2, stream);
    late.free(memory);
    GpuFault fault = assertThrows(GpuFault.class, () -> late.synchronize(stream));
    assertEquals(GpuFault.Kind.USE_AFTER_FREE, fault.kind());
    // The report tells where the work was asked for, not only where the host waited.
    Throwable origin = fault.getSuppressed()[0];
    assertTrue(origin.getMessage().contains("fill of 2 words"), origin.getMessage());
  }

  /** A device whose first seeded moments do nothing: what is put on a stream waits a while. */
  private static SimulatedDriver neverAhead() {
    for (int seed = 0; seed < 100; seed++) {
      SimulatedDriver probe = new SimulatedDriver(seed);
      long stream = probe.createStream();
      long memory = probe.allocate(8);
      ByteBuffer pinned = probe.allocatePinned(8);
      probe.copyToDevice(pinned, 0, memory, 8, stream);
      probe.freeMemory();
      if (probe.counters().nodesRun() == 0) {
        return new SimulatedDriver(seed);
      }
    }
    throw new AssertionError("no seed is late");
  }

  private static CudaException refused(int code, Executable call) {
    CudaException refusal = assertThrows(CudaException.class, call);
    assertEquals(code, refusal.code(), refusal.getMessage());
    return refusal;
  }

  private static void fault(String words, Executable call) {
    String message = assertThrows(GpuFault.class, call).getMessage();
    assertTrue(message.contains(words), message);
  }
}
