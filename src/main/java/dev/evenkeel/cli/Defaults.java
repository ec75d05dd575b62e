package dev.evenkeel.cli;

import java.util.List;

/**
 * What {@code --recipe} names: the values of options that are not given.
 *
 * @param epochs 0 for as many as make enough steps
 * @param labelSmoothing of cross-entropy, nothing to other losses
 * @param fade the schedule of weight decay and dropout
 * @param keep "last" or "best": the epoch whose weights are kept
 */
record Defaults(
    List<Integer> hidden,
    String norm,
    String activation,
    double dropout,
    String scale,
    int epochs,
    int batch,
    double learningRate,
    String schedule,
    double weightDecay,
    double beta2,
    double labelSmoothing,
    String fade,
    String keep) {

  static final String PLAIN_NAME = "plain";
  static final String TABULAR_NAME = "tabular";

  static final Defaults PLAIN =
      new Defaults(
          List.of(256, 256),
          "batch",
          "relu",
          0,
          "standard",
          0,
          128,
          1e-3,
          "cosine",
          0.01,
          0.999,
          0,
          "constant",
          "last");

  /** Of {@link dev.evenkeel.train.Recipe#tabular}, and what belongs to it. */
  static final Defaults TABULAR =
      new Defaults(
          List.of(256, 256, 256),
          "none",
          "silu",
          0.15,
          "robust",
          256,
          256,
          2.5e-3,
          "cosine-log",
          0.32,
          0.95,
          0.1,
          "flat-cosine",
          "best");

  static Defaults named(String recipe) {
    return Flag.choice("--recipe", recipe, PLAIN_NAME, TABULAR_NAME).equals(TABULAR_NAME)
        ? TABULAR
        : PLAIN;
  }
}
