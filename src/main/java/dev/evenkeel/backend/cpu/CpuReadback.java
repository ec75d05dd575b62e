package dev.evenkeel.backend.cpu;

import dev.evenkeel.backend.Readback;
import dev.evenkeel.tensor.Matrix;

/** On the CPU a value is there as soon as it is sent. */
final class CpuReadback implements Readback {

  private final Floats scalar;
  private final float[] values = new float[CAPACITY];
  private int first;
  private int pending;

  CpuReadback(Matrix scalar) {
    this.scalar = Floats.of(scalar);
  }

  @Override
  public void send() {
    if (pending == CAPACITY) {
      throw new IllegalStateException("More than " + CAPACITY + " values are under way");
    }
    values[(first + pending++) % CAPACITY] = scalar.get(0);
  }

  @Override
  public int pending() {
    return pending;
  }

  @Override
  public boolean isHere() {
    return pending > 0;
  }

  @Override
  public float take() {
    if (pending == 0) {
      throw new IllegalStateException("No value is under way");
    }
    float value = values[first];
    first = (first + 1) % CAPACITY;
    pending--;
    return value;
  }

  @Override
  public void close() {}
}
