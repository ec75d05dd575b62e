package dev.evenkeel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import org.junit.jupiter.api.AfterEach;

/** Tests on a CPU backend of one thread; whatever they take there, they give back. */
public abstract class OnCpu {

  protected final Backend backend = Device.cpu(1);

  @AfterEach
  protected void everythingWasGivenBack() {
    assertEquals(0, backend.allocated());
    backend.close();
  }
}
