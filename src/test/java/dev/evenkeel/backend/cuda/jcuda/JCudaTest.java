package dev.evenkeel.backend.cuda.jcuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The bodies on JCuda, with its true natives, over libraries that stand in for NVIDIA's. */
class JCudaTest {

  private static final String NOTHING_LEFT =
      "left: memory 0, pinned 0, streams 0, events 0, modules 0, graphs 0, executables 0";

  @TempDir static Path folder;

  private static FakeCuda cuda;

  @BeforeAll
  static void compile() throws Exception {
    cuda = FakeCuda.compile(folder);
  }

  private static List<String> exercise(String... arguments) throws Exception {
    return cuda.java(Map.of(), JCudaExercise.class, arguments).succeeded().lines();
  }

  @Test
  void theDriverGetsTheArgumentsAndGivesTheResults() throws Exception {
    assertEquals(List.of(NOTHING_LEFT), exercise("driver"));
  }

  @Test
  void closingTheDriverGivesEverythingBack() throws Exception {
    assertEquals(List.of(NOTHING_LEFT), exercise("leaks"));
  }

  @Test
  void productsOfRowsWithGapsComeOutRightAndInThePrecisionAskedFor() throws Exception {
    List<String> lines = exercise("blas");
    assertEquals("workspace of 33554432 bytes", lines.get(0));
    assertEquals("types 0 0 0, compute 69, algorithm -1", lines.get(1), "FP32 is pedantic");
    assertTrue(lines.contains("types 0 0 0, compute 77, algorithm -1"), "TF32");
    assertTrue(lines.contains("types 14 14 0, compute 68, algorithm -1"), "bfloat16");
    assertEquals(NOTHING_LEFT, lines.get(lines.size() - 1));
  }

  @Test
  void batchNormIsDescribedToCudnnByStrides() throws Exception {
    List<String> lines = exercise("cudnn");
    assertTrue(lines.contains("tensor 0: 3 2 1 1, strides 4 1 1 1"), "per activation");
    assertTrue(lines.contains("tensor 0: 3 2 1 1, strides 4 1 4 4"), "channels last");
    assertTrue(lines.contains("descriptors left: 0"), lines::toString);
  }

  @Test
  void whatIsWrongWithTheDriverOrTheGpuIsSaid() throws Exception {
    assertEquals(List.of("available"), exercise("unavailable", "0"));
    assertEquals(
        List.of(
            "Fake 1 has compute capability 6.0, and 7.5 is the least that the kernels run on:"
                + " choose a GPU of Turing or later"),
        exercise("unavailable", "1"));
    assertEquals(
        List.of(
            "there is no GPU 5, for the driver sees 2, counted from 0: choose another, or look at"
                + " CUDA_VISIBLE_DEVICES"),
        exercise("unavailable", "5"));
    assertEquals(
        List.of(
            "the NVIDIA driver is of CUDA 11.4, and 12.0 is the oldest that will do: install"
                + " version 525 or newer"),
        cuda.java(Map.of("FAKE_DRIVER", "11040"), JCudaExercise.class, "unavailable", "0").lines());
    assertEquals(
        List.of(
            "the NVIDIA driver can't be started, CUDA_ERROR_NO_DEVICE (100): see whether nvidia-smi"
                + " lists the GPU, and whether CUDA_VISIBLE_DEVICES or the container hides it"),
        cuda.java(Map.of("FAKE_INIT", "100"), JCudaExercise.class, "unavailable", "0").lines());
  }
}
