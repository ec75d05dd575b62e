package dev.evenkeel.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StatisticsTest {

  private final Gpu gpu = new Gpu();
  private final Statistics statistics = new Statistics();

  StatisticsTest() {
    gpu.options = gpu.options.withStatistics(statistics);
  }

  @ParameterizedTest
  @CsvSource({"1", "2"})
  void countsBytesSectorsAndWidthsOfAStream(int hostThreads) {
    gpu.options = gpu.options.withHostThreads(hostThreads);
    int n = 1024;
    long x = gpu.floats("x", new float[4 * n]);
    long y = gpu.memory.allocate(16L * n, "y");
    gpu.run(Gpu.module("throughput").kernel("throughput"), 4, 64, x, y, n, 1f, 0f);
    Statistics.Launch launch = statistics.last();
    assertEquals("throughput", launch.kernel());
    assertEquals(16L * n, launch.globalLoads().bytes());
    assertEquals(16L * n, launch.globalStores().bytes());
    assertEquals(16L * n / 32, launch.globalLoads().sectors());
    assertEquals(n / 32, launch.globalStores().requests());
    assertEquals(Map.of(16, (long) n), launch.globalLoads().widths());
    assertEquals(16L * n, launch.instructions().get("fma.rn.f32"));
    assertEquals(
        launch.laneInstructions(),
        launch.instructions().values().stream().mapToLong(Long::longValue).sum());
    assertEquals(0, launch.localBytes());
  }

  /** Words that are so many apart: how many sectors, and how many extra passes over the banks. */
  @ParameterizedTest
  @CsvSource({"0, 1, 0", "1, 4, 0", "2, 8, 1", "8, 32, 7", "32, 32, 31", "33, 32, 0"})
  void countsWhatAStrideCosts(int stride, int sectors, int conflicts) {
    String ptx =
        """
        .version 6.3
        .target sm_75
        .address_size 64
        .visible .entry k(.param .u64 x)
        {
          .reg .b32 %%r<4>;
          .reg .b64 %%rd<4>;
          .shared .align 4 .b8 tile[8192];
          mov.u32 %%r1, %%tid.x;
          mul.lo.u32 %%r1, %%r1, %d;
          mul.wide.u32 %%rd1, %%r1, 4;
          ld.param.u64 %%rd2, [x];
          add.s64 %%rd2, %%rd2, %%rd1;
          ld.global.u32 %%r2, [%%rd2];
          mov.u64 %%rd3, tile;
          add.s64 %%rd3, %%rd3, %%rd1;
          st.shared.u32 [%%rd3], %%r2;
          ret;
        }
        """
            .formatted(stride);
    long x = gpu.ints("x", new int[32 * 33]);
    gpu.run(PtxModule.parse(ptx, "k.ptx").kernel("k"), 1, 32, x);
    assertEquals(sectors, statistics.last().globalLoads().sectors());
    assertEquals(conflicts, statistics.last().sharedStores().bankConflicts());
    assertEquals(128, statistics.last().sharedStores().bytes());
  }
}
