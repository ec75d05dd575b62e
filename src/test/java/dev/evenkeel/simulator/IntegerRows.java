package dev.evenkeel.simulator;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;

/** What integer instructions must give, by exact integers. */
final class IntegerRows {

  private static final BigInteger ONE = BigInteger.ONE;

  private final List<InstructionRow> rows = new ArrayList<>();

  private IntegerRows() {}

  static List<InstructionRow> all() {
    IntegerRows table = new IntegerRows();
    for (String type : List.of("s16", "u16", "s32", "u32", "s64", "u64")) {
      table.arithmetic(type);
    }
    for (String type : List.of("b16", "b32", "b64")) {
      table.bits(type);
    }
    table.fields();
    table.rest();
    return table.rows;
  }

  static BigInteger value(long bits, String type) {
    int width = 8 * PtxType.bytes(type);
    BigInteger low = BigInteger.valueOf(bits).and(ONE.shiftLeft(width).subtract(ONE));
    return type.startsWith("s") && low.testBit(width - 1)
        ? low.subtract(ONE.shiftLeft(width))
        : low;
  }

  private interface Exact {
    BigInteger of(BigInteger[] x);
  }

  private void add(String opcode, String result, String sources, Exact exact) {
    String[] types = sources.split(" ");
    rows.add(
        InstructionRow.of(
            opcode,
            result,
            sources,
            bits -> {
              BigInteger[] x = new BigInteger[types.length];
              for (int i = 0; i < x.length; i++) {
                x[i] = value(bits[i], types[i]);
              }
              return exact.of(x).longValue();
            }));
  }

  private void arithmetic(String t) {
    int width = 8 * PtxType.bytes(t);
    String two = t + " " + t;
    String three = two + " " + t;
    add("add." + t, t, two, x -> x[0].add(x[1]));
    add("sub." + t, t, two, x -> x[0].subtract(x[1]));
    add("mul.lo." + t, t, two, x -> x[0].multiply(x[1]));
    add("mul.hi." + t, t, two, x -> x[0].multiply(x[1]).shiftRight(width));
    add("mad.lo." + t, t, three, x -> x[0].multiply(x[1]).add(x[2]));
    add("min." + t, t, two, x -> x[0].min(x[1]));
    add("max." + t, t, two, x -> x[0].max(x[1]));
    // The GPU's own answers to division by zero: all ones, and the dividend.
    add("div." + t, t, two, x -> x[1].signum() == 0 ? ONE.negate() : x[0].divide(x[1]));
    add("rem." + t, t, two, x -> x[1].signum() == 0 ? x[0] : x[0].remainder(x[1]));
    add(
        "shr." + t,
        t,
        t + " u32",
        x -> x[0].shiftRight(x[1].min(BigInteger.valueOf(64)).intValue()));
    for (String c : List.of("eq", "ne", "lt", "le", "gt", "ge")) {
      add("setp." + c + "." + t, "pred", two, x -> holds(c, x[0].compareTo(x[1])));
    }
    if (width < 64) {
      String wide = t.charAt(0) + String.valueOf(2 * width);
      add("mul.wide." + t, wide, two, x -> x[0].multiply(x[1]));
    }
    if (width == 32) {
      String wide = t.charAt(0) + "64";
      add("mad.wide." + t, wide, two + " " + wide, x -> x[0].multiply(x[1]).add(x[2]));
      add("mad.hi." + t, t, three, x -> x[0].multiply(x[1]).shiftRight(32).add(x[2]));
    }
    if (t.startsWith("s")) {
      add("neg." + t, t, t, x -> x[0].negate());
      add("abs." + t, t, t, x -> x[0].abs());
    } else {
      add("setp.lo." + t, "pred", two, x -> holds("lt", x[0].compareTo(x[1])));
      add("setp.hs." + t, "pred", two, x -> holds("ge", x[0].compareTo(x[1])));
    }
  }

  private static BigInteger holds(String comparison, int order) {
    boolean holds =
        switch (comparison) {
          case "eq" -> order == 0;
          case "ne" -> order != 0;
          case "lt" -> order < 0;
          case "le" -> order <= 0;
          case "gt" -> order > 0;
          default -> order >= 0;
        };
    return holds ? ONE : BigInteger.ZERO;
  }

  private void bits(String t) {
    String two = t + " " + t;
    int width = 8 * PtxType.bytes(t);
    add("and." + t, t, two, x -> x[0].and(x[1]));
    add("or." + t, t, two, x -> x[0].or(x[1]));
    add("xor." + t, t, two, x -> x[0].xor(x[1]));
    add("not." + t, t, t, x -> x[0].not());
    add(
        "shl." + t,
        t,
        t + " u32",
        x -> x[0].shiftLeft(x[1].min(BigInteger.valueOf(64)).intValue()));
    add("mov." + t, t, t, x -> x[0]);
    if (width > 16) {
      add("clz." + t, "u32", t, x -> BigInteger.valueOf(width - x[0].bitLength()));
      add("popc." + t, "u32", t, x -> BigInteger.valueOf(x[0].bitCount()));
      add("brev." + t, t, t, x -> reverse(x[0], width));
    }
  }

  private static BigInteger reverse(BigInteger x, int width) {
    BigInteger result = BigInteger.ZERO;
    for (int i = 0; i < width; i++) {
      if (x.testBit(i)) {
        result = result.setBit(width - 1 - i);
      }
    }
    return result;
  }

  /** Bit by bit, as the PTX manual's own pseudo-code has it. */
  private void fields() {
    for (String t : List.of("u32", "s32", "u64", "s64")) {
      int width = 8 * PtxType.bytes(t);
      add(
          "bfe." + t,
          t,
          t + " u32 u32",
          x -> {
            int position = x[1].intValue() & 255;
            int length = x[2].intValue() & 255;
            boolean sign =
                t.startsWith("s")
                    && length > 0
                    && x[0].testBit(Math.min(position + length - 1, width - 1));
            BigInteger result = BigInteger.ZERO;
            for (int i = 0; i < width; i++) {
              boolean bit = i < length && position + i < width ? x[0].testBit(position + i) : sign;
              result = bit ? result.setBit(i) : result;
            }
            return result;
          });
    }
    for (String t : List.of("b32", "b64")) {
      int width = 8 * PtxType.bytes(t);
      add(
          "bfi." + t,
          t,
          t + " " + t + " u32 u32",
          x -> {
            int position = x[2].intValue() & 255;
            int length = x[3].intValue() & 255;
            BigInteger result = x[1];
            for (int i = 0; i < length && position + i < width; i++) {
              result =
                  x[0].testBit(i) ? result.setBit(position + i) : result.clearBit(position + i);
            }
            return result;
          });
    }
  }

  private void rest() {
    add("bfind.u32", "u32", "u32", x -> BigInteger.valueOf(x[0].bitLength() - 1));
    add("bfind.s32", "u32", "s32", x -> BigInteger.valueOf(x[0].bitLength() - 1));
    add(
        "set.lt.u32.s32",
        "u32",
        "s32 s32",
        x -> x[0].compareTo(x[1]) < 0 ? ONE.negate() : BigInteger.ZERO);
    add("prmt.b32", "b32", "b32 b32 u32", x -> permute(x[0].or(x[1].shiftLeft(32)), x[2]));
    for (String direction : List.of("l", "r")) {
      for (String mode : List.of("wrap", "clamp")) {
        add(
            "shf.%s.%s.b32".formatted(direction, mode),
            "b32",
            "b32 b32 u32",
            x -> {
              int n =
                  mode.equals("wrap")
                      ? x[2].intValue() & 31
                      : x[2].min(BigInteger.valueOf(32)).intValue();
              BigInteger both = x[0].or(x[1].shiftLeft(32));
              return direction.equals("l") ? both.shiftLeft(n).shiftRight(32) : both.shiftRight(n);
            });
      }
    }
    for (int table : new int[] {0x96, 0xe8, 0xca, 0x1b}) {
      rows.add(
          InstructionRow.of(
                  "lop3.b32",
                  "b32",
                  "b32 b32 b32",
                  bits -> {
                    long result = 0;
                    for (int i = 0; i < 32; i++) {
                      int at =
                          (int) (bits[0] >> i & 1) * 4
                              + (int) (bits[1] >> i & 1) * 2
                              + (int) (bits[2] >> i & 1);
                      result |= (long) (table >> at & 1) << i;
                    }
                    return result;
                  })
              .withLiterals(String.valueOf(table)));
    }
    add("add.sat.s32", "s32", "s32 s32", x -> clamp(x[0].add(x[1])));
    add("sub.sat.s32", "s32", "s32 s32", x -> clamp(x[0].subtract(x[1])));
    add("slct.b32.s32", "b32", "b32 b32 s32", x -> x[2].signum() >= 0 ? x[0] : x[1]);
  }

  private static BigInteger clamp(BigInteger x) {
    return x.min(BigInteger.valueOf(Integer.MAX_VALUE)).max(BigInteger.valueOf(Integer.MIN_VALUE));
  }

  private static BigInteger permute(BigInteger bytes, BigInteger control) {
    BigInteger result = BigInteger.ZERO;
    for (int i = 0; i < 4; i++) {
      int pick = control.shiftRight(4 * i).intValue() & 15;
      for (int bit = 0; bit < 8; bit++) {
        int from = (pick & 7) * 8 + (pick > 7 ? 7 : bit);
        if (bytes.testBit(from)) {
          result = result.setBit(8 * i + bit);
        }
      }
    }
    return result;
  }
}
