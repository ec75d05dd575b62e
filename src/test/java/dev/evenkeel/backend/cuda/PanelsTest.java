package dev.evenkeel.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PanelsTest {

  /** Two doubles for each column and slab: batch norm's. */
  private static final int PARTIAL_BYTES = 16;

  /** Blocks that a GPU of 132 processors runs at once, two to each. */
  private static final int AT_ONCE = 264;

  @ParameterizedTest(name = "{0} x {1}, {2} elements of {3} bytes to an access")
  @CsvSource({"8192, 4096, 4, 4", "8192, 4096, 8, 2", "4096, 1024, 4, 4", "4096, 1024, 8, 2"})
  void sumsFillLargeGpusAndLeaveLittleToMerge(int rows, int columns, int width, int bytes) {
    Panels panels = Panels.ofSums(rows, columns, width, bytes);
    int blocks = panels.panels() * panels.slabs();
    assertTrue(blocks > AT_ONCE / 2 && blocks <= AT_ONCE, blocks + " blocks");
    int columnsOfPanel = panels.lanes() * width;
    assertTrue(columnsOfPanel * bytes >= 128, columnsOfPanel + " columns to a panel");
    int merged = panels.slabs() * columnsOfPanel * PARTIAL_BYTES;
    assertTrue(merged <= 32 << 10, merged + " bytes for one block to merge");
  }

  /** A gather of the smallest net's batch, a layer of it, and matrices that fill the GPU anyway. */
  @ParameterizedTest(name = "{0} x {1}, {2} elements to an access")
  @CsvSource({"256, 784, 4", "512, 2048, 8", "1024, 512, 4", "4096, 1024, 4", "8192, 4096, 8"})
  void elementsFillLargeGpus(int rows, int columns, int width) {
    Panels panels = Panels.ofElements(rows, columns, width);
    int blocks = panels.panels() * panels.slabs();
    assertTrue(blocks >= 224 && blocks <= 8192, blocks + " blocks");
    assertTrue((long) panels.slabs() * panels.rowsPerSlab() >= rows);
  }

  @ParameterizedTest
  @CsvSource({"3, 10, 1, 4", "1000, 10, 4, 4", "4096, 1023, 1, 4", "70000, 3, 8, 2"})
  void allRowsAndColumnsAreCovered(int rows, int columns, int width, int bytes) {
    Panels panels = Panels.ofSums(rows, columns, width, bytes);
    assertTrue(panels.panels() * panels.lanes() * width >= columns);
    assertTrue((long) panels.slabs() * panels.rowsPerSlab() >= rows);
    assertTrue((panels.slabs() - 1L) * panels.rowsPerSlab() < rows, "a slab without rows");
    assertEquals(1, Integer.bitCount(panels.lanes()));
  }
}
