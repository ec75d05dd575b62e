package dev.evenkeel.backend.cuda;

/** What an element is in device memory. */
public enum ElementType {
  FLOAT32(4),
  BFLOAT16(2);

  public final int bytes;

  ElementType(int bytes) {
    this.bytes = bytes;
  }
}
