package dev.evenkeel.backend;

/**
 * The few scalars that change from one training step to the next. Operations are bound to a Step
 * and read it when they run; a backend that replays a captured step mirrors it in device memory.
 */
public final class Step {

  private long number;
  private float learningRate;

  /** Steps taken before this one: 0 during the first. Dropout and Adam's correction count by it. */
  public long number() {
    return number;
  }

  public float learningRate() {
    return learningRate;
  }

  public void set(long number, double learningRate) {
    this.number = number;
    this.learningRate = (float) learningRate;
  }
}
