package dev.evenkeel.io;

import dev.evenkeel.EvenkeelException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;

/**
 * The type of an NPY file's values, by NumPy's name for it: a byte order, a kind and a width.
 *
 * @param kind {@code f}, {@code i}, {@code u} or {@code b} of numbers, {@code U} or {@code S} of
 *     texts
 * @param width of a value, in bytes
 */
record NpyElement(String descr, char kind, int width, ByteOrder order) {

  private static final int LONGEST_TEXT = 1 << 16;

  static NpyElement of(String name, String descr) {
    boolean text = descr.matches("[<>]U\\d{1,5}|\\|S\\d{1,5}");
    if (!text && !descr.matches("[<>]f[248]|[<>|][iu]1|\\|b1|[<>][iu][248]")) {
      throw new EvenkeelException(
          "%s holds values of type %s, but floats, integers, booleans or texts are needed. Convert it, as by array.astype('<f4')."
              .formatted(name, descr.startsWith("[") ? descr : "'" + descr + "'"));
    }
    int size = Integer.parseInt(descr.substring(2));
    if (text && (size == 0 || size > LONGEST_TEXT)) {
      throw new EvenkeelException(
          "%s holds texts of %,d characters, but 1 to %,d are taken."
              .formatted(name, size, LONGEST_TEXT));
    }
    ByteOrder order = descr.charAt(0) == '>' ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
    char kind = descr.charAt(1);
    return new NpyElement(descr, kind, kind == 'U' ? 4 * size : size, order);
  }

  boolean isText() {
    return kind == 'U' || kind == 'S';
  }

  /** A text fills its width up with zeros. */
  String text(byte[] bytes) throws CharacterCodingException {
    Charset charset =
        kind == 'S'
            ? StandardCharsets.UTF_8
            : Charset.forName(order == ByteOrder.BIG_ENDIAN ? "UTF-32BE" : "UTF-32LE");
    String text = charset.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    int end = text.length();
    while (end > 0 && text.charAt(end - 1) == 0) {
      end--;
    }
    return text.substring(0, end);
  }

  /** Whether values are floats of 32 bits, as they are wanted. */
  boolean isFloat() {
    return kind == 'f' && width == 4;
  }

  /** Of so many values, from byte {@code from} of the buffer on; its position stays. */
  void decode(ByteBuffer bytes, int from, float[] to, int start, int count) {
    if (kind == 'f' && width == 2) {
      for (int i = 0; i < count; i++) {
        to[start + i] = Halves.FLOATS[bytes.getShort(from + 2 * i) & 0xFFFF];
      }
      return;
    }
    for (int i = 0; i < count; i++) {
      int at = from + i * width;
      to[start + i] =
          switch (kind) {
            case 'f' -> isFloat() ? bytes.getFloat(at) : (float) bytes.getDouble(at);
            case 'i' -> ofSigned(bytes, at);
            default -> ofUnsigned(bytes, at);
          };
    }
  }

  private float ofSigned(ByteBuffer bytes, int at) {
    return switch (width) {
      case 1 -> bytes.get(at);
      case 2 -> bytes.getShort(at);
      case 4 -> bytes.getInt(at);
      default -> bytes.getLong(at);
    };
  }

  private float ofUnsigned(ByteBuffer bytes, int at) {
    return switch (width) {
      case 1 -> bytes.get(at) & 0xFF;
      case 2 -> bytes.getShort(at) & 0xFFFF;
      case 4 -> bytes.getInt(at) & 0xFFFFFFFFL;
      default -> ofUnsigned(bytes.getLong(at));
    };
  }

  /** Every float of 16 bits as one of 32: to look it up is faster than to shift it together. */
  private static final class Halves {

    static final float[] FLOATS = new float[1 << 16];

    static {
      for (int bits = 0; bits < FLOATS.length; bits++) {
        FLOATS[bits] = of(bits);
      }
    }

    /** A sign, five bits of exponent, ten of fraction. */
    private static float of(int bits) {
      int exponent = bits >> 10 & 0x1F;
      int fraction = bits & 0x3FF;
      int sign = bits & 0x8000;
      if (exponent == 0) {
        float value = fraction * 0x1p-24f;
        return sign == 0 ? value : -value;
      }
      int wide = exponent == 0x1F ? 0xFF : exponent + 112;
      return Float.intBitsToFloat(sign << 16 | wide << 23 | fraction << 13);
    }
  }

  /** Halved with its lowest bit kept, so that the rounding to float stays right. */
  private static float ofUnsigned(long bits) {
    return bits >= 0 ? bits : 2f * (bits >>> 1 | bits & 1);
  }
}
