package dev.evenkeel.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Single instructions against values computed another way, thousands of cases each. */
class InstructionTest {

  private static final int CASES = 2048;

  private static final long[] NASTY = {
    0,
    1,
    -1,
    2,
    31,
    32,
    33,
    63,
    64,
    0x7fffffffL,
    0x80000000L,
    0x7fffffffffffffffL,
    1L << 63,
    255,
    256,
    0xffffL,
    0x8000L,
    0x7fffL
  };

  private static final double[] NASTY_VALUES = {
    0,
    -0.0,
    1,
    -1,
    0.5,
    -0.5,
    1.5,
    2.5,
    0.1,
    0x1p31,
    -0x1p31,
    0x1p32,
    0x1p63,
    0x1p64,
    1e-40,
    -1e-44,
    0x1p-149,
    0x1p-126,
    0x1p-150,
    65504,
    65520,
    3.4028234663852886e38,
    1e300,
    0x1p-1074,
    Double.NaN,
    Double.POSITIVE_INFINITY,
    Double.NEGATIVE_INFINITY,
    88.7,
    -104,
    16777217,
    0x1p-14,
    0x1p-24,
    0x1p-25
  };

  static Stream<InstructionRow> integers() {
    return IntegerRows.all().stream();
  }

  static Stream<InstructionRow> floats() {
    return FloatRows.all().stream();
  }

  static Stream<InstructionRow> conversions() {
    return ConversionRows.all().stream();
  }

  @ParameterizedTest
  @MethodSource({"integers", "floats", "conversions"})
  void givesTheBitsOfTheReference(InstructionRow row) {
    long[][] inputs = inputs(row, row.opcode().hashCode());
    long[] results = run(row, inputs, ExecutionOptions.standard());
    for (int i = 0; i < CASES; i++) {
      long expected = row.expected().of(inputs[i]);
      long[] bits = inputs[i];
      int at = i;
      assertEquals(
          Long.toHexString(mask(expected, row.result())),
          Long.toHexString(mask(results[i], row.result())),
          () -> "case %d: %s".formatted(at, hex(bits)));
    }
  }

  @Test
  void tablesAreNotEmpty() {
    assertTrue(integers().count() > 60 && floats().count() > 60 && conversions().count() > 60);
  }

  private static String hex(long[] bits) {
    return Arrays.stream(bits).mapToObj(Long::toHexString).toList().toString();
  }

  private static long mask(long bits, String type) {
    int bytes = type.equals("pred") ? 4 : PtxType.bytes(type);
    return bytes == 8 ? bits : bits & (1L << 8 * bytes) - 1;
  }

  static long[][] inputs(InstructionRow row, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int count = row.sources().size();
    long[][] inputs = new long[CASES][count];
    for (long[] one : inputs) {
      for (int s = 0; s < count; s++) {
        one[s] = mask(input(row.sources().get(s), random, one, s), row.sources().get(s));
      }
    }
    return inputs;
  }

  private static long input(String type, SplittableRandom random, long[] before, int s) {
    int kind = random.nextInt(8);
    if (PtxType.isFloat(type)) {
      double value =
          kind < 3
              ? NASTY_VALUES[random.nextInt(NASTY_VALUES.length)]
              : (random.nextBoolean() ? 1 : -1)
                  * Math.scalb(1 + random.nextDouble(), random.nextInt(-30, 40));
      // Nearly cancelling operands show wrong rounding best.
      if (kind == 7 && s > 0) {
        return before[s - 1] ^ (1L << 8 * PtxType.bytes(type) - 1) ^ random.nextInt(4);
      }
      return kind == 6
          ? random.nextLong()
          : switch (type) {
            case "f64" -> Double.doubleToRawLongBits(value);
            case "f32" -> Float.floatToRawIntBits((float) value);
            default -> random.nextLong();
          };
    }
    return kind < 3
        ? NASTY[random.nextInt(NASTY.length)]
        : kind < 5 ? random.nextInt(70) : random.nextLong();
  }

  static long[] run(InstructionRow row, long[][] inputs, ExecutionOptions options) {
    GlobalMemory memory = new GlobalMemory();
    Object[] addresses = new Object[5];
    for (int s = 0; s < 5; s++) {
      ByteBuffer bytes = ByteBuffer.allocate(8 * CASES).order(ByteOrder.LITTLE_ENDIAN);
      for (int i = 0; i < CASES; i++) {
        bytes.putLong(8 * i, s < row.sources().size() ? inputs[i][s] : 0);
      }
      long address = memory.allocate(8L * CASES, "source " + s);
      memory.write(address, bytes);
      addresses[s] = address;
    }
    PtxKernel kernel = PtxModule.parse(row.ptx(), "row.ptx").kernel("row");
    byte[] packed = Gpu.pack(kernel, addresses);
    Execution.run(kernel, CASES / 256, 1, 256, 1, packed, memory, options);
    long[] results = new long[CASES];
    ByteBuffer.wrap(memory.read((long) addresses[4], 8 * CASES))
        .order(ByteOrder.LITTLE_ENDIAN)
        .asLongBuffer()
        .get(results);
    return results;
  }

  record Approximate(String opcode, Function function, double relative, double absolute) {

    interface Function {
      double of(double x);
    }
  }

  /** Bounds as the PTX manual gives them. */
  static List<Approximate> approximations() {
    return List.of(
        new Approximate("ex2.approx.f32", x -> StrictMath.pow(2, x), 0x1p-22, 0),
        new Approximate("ex2.approx.ftz.f32", x -> StrictMath.pow(2, x), 0x1p-22, 0),
        new Approximate(
            "lg2.approx.f32", x -> StrictMath.log(x) / StrictMath.log(2), 0x1p-22, 0x1p-22),
        new Approximate("rcp.approx.f32", x -> 1 / x, 0x1p-23, 0),
        new Approximate("rcp.approx.ftz.f32", x -> 1 / x, 0x1p-23, 0),
        new Approximate("rsqrt.approx.f32", x -> 1 / StrictMath.sqrt(x), 0x1.12p-23, 0),
        new Approximate("sqrt.approx.f32", StrictMath::sqrt, 0x1p-23, 0),
        new Approximate("sin.approx.f32", StrictMath::sin, 0, 0x1.6ap-21),
        new Approximate("cos.approx.f32", StrictMath::cos, 0, 0x1.6ap-21),
        new Approximate("tanh.approx.f32", StrictMath::tanh, 0x1p-11, 0));
  }

  /** Whether a value lies within the bound, and what float32 itself rounds away. */
  private static boolean within(float seen, double exact, Approximate a) {
    if (exact != exact || Double.isInfinite(exact) || Math.abs(exact) > Float.MAX_VALUE) {
      return seen != seen ? exact != exact : Float.isInfinite(seen);
    }
    if (Math.abs(exact) < Float.MIN_NORMAL) {
      return Math.abs(seen) <= Float.MIN_NORMAL; // below, .ftz may have made it zero
    }
    double allowed = Math.max(a.absolute, a.relative * Math.abs(exact));
    // Rounded at the end of the bound, which may lie where numbers are sparser.
    return Math.abs(seen - exact) <= allowed + Math.ulp((float) (Math.abs(exact) + allowed)) / 2;
  }

  @ParameterizedTest
  @MethodSource("approximations")
  void approximationsKeepTheirBoundAlsoWhenPerturbed(Approximate a) {
    InstructionRow row = InstructionRow.of(a.opcode, "f32", "f32", b -> 0);
    long[][] inputs = new long[CASES][1];
    SplittableRandom random = new SplittableRandom(11);
    for (long[] one : inputs) {
      one[0] = Float.floatToRawIntBits((float) random.nextDouble(-3, 3));
    }
    long[] near = run(row, inputs, ExecutionOptions.standard());
    long[] far = run(row, inputs, ExecutionOptions.standard().withPerturb(true));
    int moved = 0;
    for (int i = 0; i < CASES; i++) {
      float x = Float.intBitsToFloat((int) inputs[i][0]);
      double exact = a.function.of(x);
      String what = a.opcode + " of " + x;
      assertTrue(within(Float.intBitsToFloat((int) near[i]), exact, a), what);
      assertTrue(within(Float.intBitsToFloat((int) far[i]), exact, a), what);
      moved += near[i] != far[i] ? 1 : 0;
    }
    // lg2, rsqrt and sqrt give NaN for the half of the inputs that is negative.
    assertTrue(moved > CASES / 4, a.opcode + " was moved in only " + moved + " cases");
  }
}
