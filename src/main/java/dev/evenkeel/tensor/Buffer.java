package dev.evenkeel.tensor;

/** Float32 memory that a backend owns; what is behind it only that backend knows. */
public abstract class Buffer implements AutoCloseable {

  private final long length;

  protected Buffer(long length) {
    this.length = length;
  }

  /** The number of floats. */
  public final long length() {
    return length;
  }

  /** Gives the memory back; closing twice is harmless. */
  @Override
  public abstract void close();
}
