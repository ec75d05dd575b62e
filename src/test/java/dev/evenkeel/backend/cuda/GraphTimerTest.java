package dev.evenkeel.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.backend.Operation;
import dev.evenkeel.simulator.SimulatedDriver;
import java.util.List;
import org.junit.jupiter.api.Test;

class GraphTimerTest {

  /** As a library might that is not made for recording. */
  @Test
  void theCallThatRecordingRefusesIsTold() {
    try (SimulatedDriver driver = new SimulatedDriver(1)) {
      long stream = driver.createStream();
      GraphTimer timer = new GraphTimer(driver, stream, 1, 3);
      Operation waits = () -> driver.synchronize(stream);
      CudaException refused =
          assertThrows(CudaException.class, () -> timer.microseconds(List.of(waits)));
      assertTrue(refused.getMessage().startsWith("cuStreamSynchronize"), refused::getMessage);
      assertTrue(refused.getSuppressed()[0].getMessage().startsWith("cuStreamEndCapture"));
    }
  }

  /** An error is not caught, and must not leave a stream that records for ever. */
  @Test
  void anErrorEndsTheRecordingToo() {
    try (SimulatedDriver driver = new SimulatedDriver(1)) {
      long stream = driver.createStream();
      int[] runs = new int[1];
      Operation fails =
          () -> {
            if (++runs[0] == 2) {
              throw new LinkageError("a library is not whole");
            }
          };
      GraphTimer timer = new GraphTimer(driver, stream, 1, 3);
      assertThrows(LinkageError.class, () -> timer.microseconds(List.of(fails)));
      driver.synchronize(stream); // which a stream that records refuses
    }
  }
}
