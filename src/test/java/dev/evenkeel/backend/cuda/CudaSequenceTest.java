package dev.evenkeel.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.evenkeel.backend.Operation;
import dev.evenkeel.simulator.SimulatedDriver;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a sequence does when recording it goes wrong. */
class CudaSequenceTest {

  @Test
  void aRecordingThatFailedIsNeverReplayed() {
    try (SimulatedDriver driver = new SimulatedDriver(1)) {
      long stream = driver.createStream();
      CudaMemory memory = new CudaMemory(driver, stream);
      Staging staging = new Staging(memory);
      DataKernels kernels = new Kernels(memory, 0).data;
      StepScalars scalars = new StepScalars(memory, staging, kernels);
      int[] runs = new int[2];
      Operation first = () -> runs[0]++;
      Operation failsOnce =
          () -> {
            if (++runs[1] == 2) {
              throw new IllegalStateException("once");
            }
          };
      CudaSequence sequence =
          new CudaSequence(
              memory,
              scalars,
              List.of(
                  new CudaOperation(scalars, first, null),
                  new CudaOperation(scalars, failsOnce, null)),
              true);
      sequence.run();
      assertThrows(IllegalStateException.class, sequence::run);
      sequence.run();
      assertEquals(3, runs[0], "recorded again, from the first operation on");
      assertEquals(3, runs[1]);
    }
  }
}
