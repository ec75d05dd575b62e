package dev.evenkeel.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.DeviceMemoryException;
import dev.evenkeel.simulator.GpuFault;
import dev.evenkeel.simulator.SimulatedDriver;
import dev.evenkeel.simulator.SimulatedGpu;
import dev.evenkeel.tensor.Buffer;
import dev.evenkeel.tensor.Matrix;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** One piece of memory and the buffers in it. */
class ArenaTest {

  private final SimulatedDriver driver = new SimulatedDriver(5);
  private final Backend backend = SimulatedGpu.open(driver);

  @Test
  void buffersAreCutFromItUntilItIsFull() {
    long before = driver.counters().allocations;
    long held = backend.allocatedBytes();
    Backend.Arena arena = backend.arena(1024);
    Buffer first = backend.allocate(10);
    Buffer second = backend.allocateActivations(5, 9);
    assertEquals(256 + 512, arena.used(), "each begins at a multiple of 256 bytes");
    assertEquals(held + 1024, backend.allocatedBytes());
    assertEquals(before + 1, driver.counters().allocations);
    Buffer outside = backend.allocate(100);
    assertEquals(before + 2, driver.counters().allocations, "400 bytes have no room");
    Buffer last = backend.allocate(64);
    assertEquals(1024, arena.used());
    assertEquals(before + 2, driver.counters().allocations);
    for (Buffer buffer : new Buffer[] {first, second, outside, last}) {
      buffer.close();
    }
    arena.close();
    assertEquals(held, backend.allocatedBytes());
    backend.close();
    driver.assertNothingLeaked();
  }

  /** 65 floats are 260 bytes: what comes next begins at 512, or it would share the last float. */
  @Test
  void aFloatBeyondAMultipleTakesAsMuchAgain() {
    try (backend;
        Backend.Arena arena = backend.arena(1024);
        Buffer odd = backend.allocate(65);
        Buffer even = backend.allocate(64)) {
      assertEquals(512 + 256, arena.used());
      float[] ones = new float[64];
      Arrays.fill(ones, 1);
      backend.write(ones, Matrix.of(even, 1, 64));
      float[] read = new float[65];
      backend.read(Matrix.of(odd, 1, 65), read);
      assertArrayEquals(new float[65], read);
      backend.allocate(65).close();
      assertEquals(512 + 256, arena.used(), "260 bytes have no room in 256");
    }
  }

  @Test
  void itStaysAsLongAsABufferDoes() {
    long held = backend.allocatedBytes();
    Backend.Arena arena = backend.arena(512);
    Matrix kept = Matrix.of(backend.allocate(4), 2, 2);
    arena.close();
    backend.write(new float[] {1, 2, 3, 4}, kept);
    Buffer outside = backend.allocate(4);
    assertEquals(256, arena.used(), "once closed, nothing more is cut");
    outside.close();
    assertEquals(held + 512, backend.allocatedBytes());
    kept.buffer().close();
    assertEquals(held, backend.allocatedBytes());
    backend.close();
    driver.assertNothingLeaked();
  }

  @Test
  void aTableIsNoPartOfIt() {
    try (backend;
        Backend.Arena arena = backend.arena(4096)) {
      backend.table(new float[6], 3, 2);
      backend.inputs(new float[6], 3, 2);
      assertEquals(0, arena.used());
    }
  }

  /** In the arena 10 floats and 10 others lie 256 bytes apart: the first one too many is seen. */
  @Test
  void aFloatTooManyIsAFault() {
    try (SimulatedDriver checked = new SimulatedDriver(6)) {
      long stream = checked.createStream();
      CudaMemory memory = new CudaMemory(checked, stream);
      Kernels kernels = new Kernels(memory, memory.allocate(Kernels.SCRATCH_BYTES));
      memory.arena(2048);
      long from = memory.allocateBuffer(40);
      long to = memory.allocateBuffer(40);
      long large = memory.allocateBuffer(400);
      kernels.data.copy(View.floats(from, 1, 10), View.floats(to, 1, 10)).run();
      checked.synchronize(stream);
      kernels.data.copy(View.floats(large, 1, 11), View.floats(to, 1, 11)).run();
      String said = assertThrows(GpuFault.class, () -> checked.synchronize(stream)).getMessage();
      assertTrue(said.contains("store of 4 bytes"), said);
      assertTrue(said.contains("4 bytes past the end of slice 256..296"), said);
    }
  }

  @Test
  void slicesNeverOverlapNorOutliveTheirPiece() {
    try (SimulatedDriver checked = new SimulatedDriver(6)) {
      long block = checked.allocate(1024);
      long slice = checked.slice(block, 256, 300);
      for (long[] wrong : new long[][] {{0, 257}, {512, 10}, {768, 257}, {100, 10}, {0, 0}}) {
        assertThrows(CudaException.class, () -> checked.slice(block, wrong[0], wrong[1]));
      }
      checked.slice(block, 768, 256);
      assertTrue(
          assertThrows(CudaException.class, () -> checked.free(block))
              .getMessage()
              .contains("of which 2 slices are in use"));
      checked.endSlice(slice);
      assertThrows(CudaException.class, () -> checked.endSlice(slice));
      assertTrue(checked.leaks().toString().contains("slice 768..1024"), checked.leaks()::toString);
    }
  }

  @Test
  void whereThereIsNoRoomNothingIsTaken() {
    try (backend) {
      long free = driver.freeMemory();
      String said =
          assertThrows(DeviceMemoryException.class, () -> backend.arena(1L << 31)).getMessage();
      assertTrue(said.contains("has no room for 2,147 MB more: 1,0"), said);
      assertEquals(free, driver.freeMemory());
    }
  }
}
