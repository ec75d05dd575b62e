package dev.evenkeel.io;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * One message in the wire format of protocol buffers, written field by field. Used again after
 * {@link #clear}, it allocates no more once it is large enough.
 */
final class ProtobufMessage {

  private static final int VARINT = 0;
  private static final int FIXED64 = 1;
  private static final int LENGTH_DELIMITED = 2;
  private static final int FIXED32 = 5;

  private static final int LONGEST_VARINT = 10;

  private ByteBuffer bytes = ByteBuffer.allocate(256).order(ByteOrder.LITTLE_ENDIAN);

  void clear() {
    bytes.clear();
  }

  int length() {
    return bytes.position();
  }

  /** Its bytes are the first {@link #length} of these. */
  byte[] array() {
    return bytes.array();
  }

  void integer(int field, long value) {
    key(field, VARINT);
    varint(value);
  }

  void real(int field, float value) {
    key(field, FIXED32);
    reserve(Float.BYTES);
    bytes.putFloat(value);
  }

  void real(int field, double value) {
    key(field, FIXED64);
    reserve(Double.BYTES);
    bytes.putDouble(value);
  }

  /** A repeated field, packed. */
  void reals(int field, double[] values) {
    int size = Math.multiplyExact(values.length, Double.BYTES);
    key(field, LENGTH_DELIMITED);
    varint(size);
    reserve(size);
    for (double value : values) {
      bytes.putDouble(value);
    }
  }

  void message(int field, ProtobufMessage inner) {
    block(field, inner.array(), inner.length());
  }

  void text(int field, String text) {
    if (!isAscii(text)) {
      byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
      block(field, utf8, utf8.length);
      return;
    }
    key(field, LENGTH_DELIMITED);
    varint(text.length());
    reserve(text.length());
    for (int i = 0; i < text.length(); i++) {
      bytes.put((byte) text.charAt(i));
    }
  }

  private static boolean isAscii(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) >= 128) {
        return false;
      }
    }
    return true;
  }

  private void block(int field, byte[] block, int length) {
    key(field, LENGTH_DELIMITED);
    varint(length);
    reserve(length);
    bytes.put(block, 0, length);
  }

  private void key(int field, int type) {
    varint((long) field << 3 | type);
  }

  /** Seven bits a byte, the lowest first; the top bit says that more follow. */
  private void varint(long value) {
    reserve(LONGEST_VARINT);
    long rest = value;
    while ((rest & ~0x7FL) != 0) {
      bytes.put((byte) (rest | 0x80));
      rest >>>= 7;
    }
    bytes.put((byte) rest);
  }

  private void reserve(int more) {
    if (bytes.remaining() < more) {
      int capacity = Math.max(2 * bytes.capacity(), Math.addExact(bytes.position(), more));
      bytes = ByteBuffer.allocate(capacity).order(ByteOrder.LITTLE_ENDIAN).put(bytes.flip());
    }
  }
}
