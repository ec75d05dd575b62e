package dev.evenkeel.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Lanes that part, and meet again. */
class ControlFlowTest {

  private static final int THREADS = 64;
  private static final PtxModule CONTROL = Gpu.module("control");

  private final Gpu gpu = new Gpu();

  private static int collatz(int n) {
    int steps = 0;
    while (n != 1) {
      n = n % 2 == 0 ? n / 2 : 3 * n + 1;
      steps++;
    }
    return steps;
  }

  private static int[] kinds() {
    int[] kinds = new int[THREADS];
    for (int i = 0; i < THREADS; i++) {
      kinds[i] = i * 7 % 9;
    }
    return kinds;
  }

  private long zeros(int count) {
    return gpu.ints("out", new int[count]);
  }

  @Test
  void lanesOfLoopsOfDifferentLengthMeetForTheBallot() {
    for (int seed = 0; seed < 5; seed++) {
      gpu.options = gpu.options.withSeed(seed);
      long out = zeros(THREADS);
      long ballots = zeros(THREADS);
      gpu.run(CONTROL.kernel("loops"), 1, THREADS, out, ballots);
      for (int t = 0; t < THREADS; t++) {
        assertEquals(collatz(t + 1), gpu.memory.getInt(out + 4 * t));
        int odd = 0;
        for (int l = 0; l < 32; l++) {
          odd |= (collatz(t / 32 * 32 + l + 1) & 1) << l;
        }
        assertEquals(odd, gpu.memory.getInt(ballots + 4 * t));
      }
    }
  }

  @Test
  void functionsAreCalledUnderDivergence() {
    long out = zeros(THREADS);
    gpu.run(CONTROL.kernel("calls"), 1, THREADS, out);
    for (int t = 0; t < THREADS; t++) {
      assertEquals(t % 3 == 0 ? -1 : collatz(t + 1), gpu.memory.getInt(out + 4 * t));
    }
  }

  /** A kernel that parts into two ways, each with its own return. */
  @Test
  void lanesMeetOnAWayThatLeadsToAnEarlyReturnAlone() {
    int[] way = {1, 5};
    int[] parted = {2, 3};
    int[][] successors = {way, parted, {3}, {4}, {}, {6, 7}, {7}, {8}, {9}, {}};
    int[] meeting = new ControlFlow(List.of(successors)).meeting;
    assertEquals(3, meeting[1]);
    assertEquals(7, meeting[5]);
  }

  @Test
  void lanesMeetAlthoughOthersReturnedEarly() {
    int[] kinds = kinds();
    for (int seed = 0; seed < 5; seed++) {
      gpu.options = gpu.options.withSeed(seed);
      long out = zeros(THREADS);
      gpu.run(CONTROL.kernel("returns"), 1, THREADS, out, gpu.ints("kind", kinds));
      for (int t = 0; t < THREADS; t++) {
        int together = 0;
        for (int l = 0; l < 32; l++) {
          together += kinds[t / 32 * 32 + l] <= 5 ? 1 : 0;
        }
        int k = kinds[t];
        int expected = k > 5 ? 100 + k : (k > 2 ? 50 + k : -1) + 1000 * together;
        assertEquals(expected, gpu.memory.getInt(out + 4 * t), "thread " + t);
      }
    }
  }

  @Test
  void switchGoesEveryWayInOneWarp() {
    int[] kinds = kinds();
    long out = zeros(256 + THREADS);
    gpu.run(CONTROL.kernel("switches"), 1, THREADS, out, gpu.ints("kind", kinds));
    for (int t = 0; t < THREADS; t++) {
      int expected =
          switch (kinds[t]) {
            case 0 -> t * 3 + 1;
            case 1 -> (t ^ 0x55) - 7;
            case 2 -> t - 7;
            case 3 -> Integer.reverse(t);
            case 4 -> Integer.bitCount(t);
            case 5 -> t * t;
            case 6 -> Integer.numberOfLeadingZeros(t);
            case 7 -> ~t;
            default -> -5;
          };
      assertEquals(expected, gpu.memory.getInt(out + 4 * (256 + t)), "thread " + t);
    }
  }

  @Test
  void indexedBranchesShufflesVotesAndBarrierReductions() {
    String ptx =
        """
        .version 6.3
        .target sm_75
        .address_size 64
        .visible .entry k(.param .u64 out)
        {
          .reg .b32 %r<20>;
          .reg .b64 %rd<4>;
          .reg .pred %p<6>;
          mov.u32 %r0, %tid.x;
          rem.u32 %r1, %r0, 3;
          table: .branchtargets A, B, C;
          brx.idx %r1, table;
          A: mov.u32 %r2, 100; bra.uni JOIN;
          B: mov.u32 %r2, 200; bra.uni JOIN;
          C: mov.u32 %r2, 300;
          JOIN:
          shfl.sync.bfly.b32 %r3, %r2, 1, 0x1f, 0xffffffff;
          shfl.sync.up.b32 %r4|%p1, %r0, 2, 0x1800, 0xffffffff;
          selp.b32 %r5, 1, 0, %p1;
          setp.eq.u32 %p2, %r1, 0;
          vote.sync.all.pred %p3, %p2, 0xffffffff;
          selp.b32 %r6, 1, 0, %p3;
          bar.red.popc.u32 %r7, 0, %p2;
          bar.red.or.pred %p4, 0, %p2;
          selp.b32 %r8, 1, 0, %p4;
          ld.param.u64 %rd1, [out];
          mul.wide.u32 %rd2, %r0, 32;
          add.s64 %rd1, %rd1, %rd2;
          st.global.v4.b32 [%rd1], {%r2, %r3, %r4, %r5};
          st.global.v4.b32 [%rd1+16], {%r6, %r7, %r8, 9};
          ret;
        }
        """;
    long out = zeros(8 * THREADS);
    gpu.run(PtxModule.parse(ptx, "k.ptx").kernel("k"), 1, THREADS, out);
    int[] ways = {100, 200, 300};
    for (int t = 0; t < THREADS; t++) {
      boolean inSegment = t % 8 >= 2;
      int[] expected = {
        ways[t % 3], ways[(t ^ 1) % 3], inSegment ? t - 2 : t, inSegment ? 1 : 0, 0, 22, 1, 9
      };
      for (int i = 0; i < 8; i++) {
        assertEquals(expected[i], gpu.memory.getInt(out + 32 * t + 4 * i), t + ", " + i);
      }
    }
  }

  /** Salmon et al.'s known answers, as the CPU's Philox is held to. */
  @Test
  void philoxKernelGivesTheKnownAnswers() {
    PtxKernel kernel = Gpu.module("philox").kernel("philox");
    int[][] known = {
      {0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
      {-1, -1, -1, -1, -1, -1, 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd},
      {
        0x243f6a88,
        0x85a308d3,
        0x13198a2e,
        0x03707344,
        0xa4093822,
        0x299f31d0,
        0xd16cfe09,
        0x94fdcceb,
        0x5001e420,
        0x24126ea1
      }
    };
    for (int[] row : known) {
      java.nio.ByteBuffer packed =
          java.nio.ByteBuffer.allocate(32).order(java.nio.ByteOrder.LITTLE_ENDIAN);
      for (int i = 0; i < 6; i++) {
        packed.putInt(row[i]);
      }
      long out = zeros(4);
      packed.putLong(out);
      Execution.run(kernel, 1, 1, 1, 1, packed.array(), gpu.memory, gpu.options);
      for (int i = 0; i < 4; i++) {
        assertEquals(row[6 + i], gpu.memory.getInt(out + 4 * i));
      }
    }
  }
}
