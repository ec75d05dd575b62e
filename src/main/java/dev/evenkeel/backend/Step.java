package dev.evenkeel.backend;

/**
 * The few scalars that change from one training step to the next. Operations are bound to a Step
 * and read it when they run; a backend that replays a captured step mirrors it in device memory.
 */
public final class Step {

  private long number;
  private float learningRate;
  private float decay = 1;
  private double dropout = 1;

  /** Steps taken before this one: 0 during the first. Dropout and Adam's correction count by it. */
  public long number() {
    return number;
  }

  public float learningRate() {
    return learningRate;
  }

  /** A factor on the weight decay. */
  public float decay() {
    return decay;
  }

  /** A factor on the probability of every dropout. */
  public double dropout() {
    return dropout;
  }

  /** With all of the weight decay and dropout. */
  public void set(long number, double learningRate) {
    set(number, learningRate, 1, 1);
  }

  public void set(long number, double learningRate, double decay, double dropout) {
    this.number = number;
    this.learningRate = (float) learningRate;
    this.decay = (float) decay;
    this.dropout = dropout;
  }
}
