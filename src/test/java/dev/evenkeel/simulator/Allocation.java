package dev.evenkeel.simulator;

import java.util.Arrays;

/** One piece of global memory, with which of its bytes were ever written. */
public final class Allocation {

  /** What a byte holds before it is first written: float32 and bfloat16 of such bytes are NaN. */
  static final byte POISON = (byte) 0xff;

  final long address;
  final String label;
  byte[] data;

  /** How large it was before it was freed. */
  int freedBytes;

  /** 1 for each byte that was written; null as soon as all of them were. */
  byte[] written;

  Allocation(long address, int bytes, String label) {
    this.address = address;
    this.label = label;
    data = new byte[bytes];
    written = new byte[bytes];
    Arrays.fill(data, POISON);
  }

  public long address() {
    return address;
  }

  public int bytes() {
    return data.length;
  }

  public String label() {
    return label;
  }

  void markWritten(int offset, int bytes) {
    if (bytes == data.length) {
      written = null;
    } else if (written != null) {
      Arrays.fill(written, offset, offset + bytes, (byte) 1);
    }
  }

  void forget(int offset, int bytes) {
    if (written == null) {
      written = new byte[data.length];
      Arrays.fill(written, (byte) 1);
    }
    Arrays.fill(written, offset, offset + bytes, (byte) 0);
    Arrays.fill(data, offset, offset + bytes, POISON);
  }

  boolean isWritten(int offset, int bytes) {
    byte[] shadow = written;
    if (shadow == null) {
      return true;
    }
    for (int i = offset; i < offset + bytes; i++) {
      if (shadow[i] == 0) {
        return false;
      }
    }
    return true;
  }

  @Override
  public String toString() {
    return "%s (%d bytes at 0x%x)".formatted(label, data.length, address);
  }
}
