package dev.evenkeel.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.simulator.SimulatedDriver;

/** Holds at each epoch's end that a GPU has been asked for no memory since training began. */
final class NothingTaken implements Listener {

  private final SimulatedDriver driver;
  private final Backend backend;
  private long allocations;
  private long pinnedAllocations;
  private long bytes;
  private int epochs;

  NothingTaken(SimulatedDriver driver, Backend backend) {
    this.driver = driver;
    this.backend = backend;
  }

  @Override
  public void onMemory(long bytes) {
    allocations = driver.counters().allocations;
    pinnedAllocations = driver.counters().pinnedAllocations;
    this.bytes = bytes;
  }

  @Override
  public void onEpoch(Epoch epoch) {
    assertTrue(bytes > 0);
    assertEquals(allocations, driver.counters().allocations);
    assertEquals(pinnedAllocations, driver.counters().pinnedAllocations);
    assertEquals(bytes, backend.allocatedBytes());
    epochs++;
  }

  void assertLookedAt() {
    assertTrue(epochs > 0);
  }
}
