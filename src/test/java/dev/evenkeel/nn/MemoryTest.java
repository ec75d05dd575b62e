package dev.evenkeel.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.tensor.Matrix;
import org.junit.jupiter.api.Test;

class MemoryTest {

  @Test
  void whatIsReleasedIsTakenAgainAndTheSmallestThatFitsFirst() {
    try (Backend backend = Device.cpu(1);
        Memory memory = new Memory(backend, 10)) {
      Matrix wide = memory.take(10, 8);
      Matrix narrow = memory.take(10, 3);
      assertNotSame(wide.buffer(), narrow.buffer());
      memory.release(wide);
      memory.release(narrow);
      memory.release(narrow);
      assertSame(narrow.buffer(), memory.take(7, 2).buffer());
      assertSame(wide.buffer(), memory.take(7, 2).buffer());
      assertEquals(110, backend.allocated());
      memory.takeFixed(3, 5);
      assertEquals(125, backend.allocated());
    }
  }

  /** The best fit of a first walk, in empty memory, is not that of a second one. */
  @Test
  void aSecondWalkOfTheSameKindNeedsNoMoreMemory() {
    try (Backend backend = Device.cpu(1);
        Memory memory = new Memory(backend, 10)) {
      walk(memory, 10);
      long planned = backend.allocated();
      for (int rows = 9; rows > 0; rows -= 4) {
        memory.reset();
        walk(memory, rows);
        assertEquals(planned, backend.allocated(), rows + " rows");
      }
    }
  }

  private static void walk(Memory memory, int rows) {
    memory.release(memory.take(rows, 10));
    Matrix first = memory.take(rows, 6);
    memory.take(rows, 6);
    memory.release(first);
    memory.take(rows, 10);
  }

  @Test
  void closingGivesEverythingBack() {
    try (Backend backend = Device.cpu(1)) {
      Memory memory = new Memory(backend, 4);
      memory.release(memory.take(4, 4));
      memory.take(2, 9);
      memory.close();
      assertEquals(0, backend.allocated());
    }
  }
}
