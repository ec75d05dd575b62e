package dev.evenkeel.lab;

/** How large an experiment is run. */
public enum Scale {
  /** Seconds, on the embedded digits: shows that the experiment works, and its surest numbers. */
  SMOKE("smoke"),
  /** At most two minutes on two cores. */
  DEFAULT("default"),
  /** The size that the literature used. */
  FULL("full");

  private final String label;

  Scale(String label) {
    this.label = label;
  }

  public String label() {
    return label;
  }
}
