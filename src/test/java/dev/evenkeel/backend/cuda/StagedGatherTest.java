package dev.evenkeel.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.evenkeel.EvenkeelException;
import org.junit.jupiter.api.Test;

/** How large a batch of a table on the host may be. */
class StagedGatherTest {

  private static View batch(int rows, int columns, int pitch) {
    return new View(0, rows, columns, pitch, ElementType.FLOAT32);
  }

  @Test
  void aBatchThatNoBufferHoldsIsRefusedWithTheLargestThatOneDoes() {
    EvenkeelException refused =
        assertThrows(
            EvenkeelException.class, () -> StagedGather.slotBytes(batch(100_000, 8_191, 8_192)));
    assertEquals(
        "A batch of 100,000 rows of 8,191 inputs has 3,277 MB, and one of a table that stays on the host may have 1,074 MB. help: --batch 32767 or less",
        refused.getMessage());
    assertEquals(32_767 * 8_192 * 4, StagedGather.slotBytes(batch(32_767, 8_191, 8_192)));
  }
}
