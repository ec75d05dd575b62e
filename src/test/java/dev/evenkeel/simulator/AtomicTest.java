package dev.evenkeel.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Atomics: each alone on its word, and many on one. */
class AtomicTest {

  private static final int CASES = 256;

  /** What an operation leaves in memory. */
  record Row(String opcode, Result result) {

    interface Result {
      int of(int old, int b);
    }

    @Override
    public String toString() {
      return opcode;
    }
  }

  static Stream<Row> rows() {
    return List.of(
        new Row("add.u32", (a, b) -> a + b),
        new Row("exch.b32", (a, b) -> b),
        new Row("and.b32", (a, b) -> a & b),
        new Row("or.b32", (a, b) -> a | b),
        new Row("xor.b32", (a, b) -> a ^ b),
        new Row("min.s32", Math::min),
        new Row("max.s32", Math::max),
        new Row("min.u32", (a, b) -> (int) Math.min(wide(a), wide(b))),
        new Row("max.u32", (a, b) -> (int) Math.max(wide(a), wide(b))),
        new Row("inc.u32", (a, b) -> wide(a) >= wide(b) ? 0 : a + 1),
        new Row("dec.u32", (a, b) -> a == 0 || wide(a) > wide(b) ? b : a - 1),
        new Row("cas.b32", (a, b) -> a == b ? 77 : a),
        new Row(
            "add.f32",
            (a, b) -> Float.floatToIntBits(Float.intBitsToFloat(a) + Float.intBitsToFloat(b))))
        .stream();
  }

  private static long wide(int value) {
    return Integer.toUnsignedLong(value);
  }

  private static String ptx(String opcode, int scale) {
    return """
        .version 6.3
        .target sm_75
        .address_size 64
        .visible .entry k(.param .u64 words, .param .u64 b, .param .u64 old)
        {
          .reg .b32 %%r<8>;
          .reg .b64 %%rd<8>;
          mov.u32 %%r0, %%tid.x;
          mul.wide.u32 %%rd0, %%r0, 4;
          mul.wide.u32 %%rd1, %%r0, %d;
          ld.param.u64 %%rd2, [words];
          add.s64 %%rd2, %%rd2, %%rd1;
          ld.param.u64 %%rd3, [b];
          add.s64 %%rd3, %%rd3, %%rd0;
          ld.param.u64 %%rd4, [old];
          add.s64 %%rd4, %%rd4, %%rd0;
          ld.global.u32 %%r1, [%%rd3];
          atom.global.%s %%r2, [%%rd2], %%r1%s;
          st.global.u32 [%%rd4], %%r2;
          ret;
        }
        """
        .formatted(scale, opcode, opcode.startsWith("cas") ? ", 77" : "");
  }

  @ParameterizedTest
  @MethodSource("rows")
  void givesTheOldValueAndLeavesTheNewOne(Row row) {
    SplittableRandom random = new SplittableRandom(1);
    int[] old = new int[CASES];
    int[] b = new int[CASES];
    boolean real = row.opcode.endsWith("f32");
    for (int i = 0; i < CASES; i++) {
      old[i] = real ? Float.floatToIntBits((float) random.nextDouble(-9, 9)) : value(random);
      b[i] = real ? Float.floatToIntBits((float) random.nextDouble(-9, 9)) : value(random);
    }
    Gpu gpu = new Gpu();
    long words = gpu.ints("words", old);
    long got = gpu.memory.allocate(4 * CASES, "old");
    PtxKernel kernel = PtxModule.parse(ptx(row.opcode, 4), "k.ptx").kernel("k");
    gpu.run(kernel, 1, CASES, words, gpu.ints("b", b), got);
    for (int i = 0; i < CASES; i++) {
      assertEquals(old[i], gpu.memory.getInt(got + 4 * i));
      assertEquals(row.result.of(old[i], b[i]), gpu.memory.getInt(words + 4 * i), "case " + i);
    }
  }

  private static int value(SplittableRandom random) {
    return random.nextBoolean() ? random.nextInt(4) : random.nextInt();
  }

  @Test
  void nothingIsLostWhenBlocksRunOnSeveralHostThreads() {
    PtxKernel kernel = PtxModule.parse(ptx("add.u32", 0), "k.ptx").kernel("k");
    Gpu gpu = new Gpu();
    gpu.options = gpu.options.withHostThreads(4);
    int[] ones = new int[CASES];
    java.util.Arrays.fill(ones, 1);
    long word = gpu.ints("word", 0);
    long old = gpu.memory.allocate(4 * CASES, "old");
    gpu.run(kernel, 200, CASES, word, gpu.ints("b", ones), old);
    assertEquals(200 * CASES, gpu.memory.getInt(word));
  }

  /** The manual's words: flushed on global memory. */
  @Test
  void subnormalSumsInGlobalMemoryBecomeZero() {
    PtxKernel kernel = PtxModule.parse(ptx("add.f32", 4), "k.ptx").kernel("k");
    Gpu gpu = new Gpu();
    long word = gpu.floats("word", 1e-40f);
    gpu.run(kernel, 1, 1, word, gpu.floats("b", 1e-40f), gpu.memory.allocate(4, "old"));
    assertEquals(0f, gpu.memory.getFloat(word));
  }
}
