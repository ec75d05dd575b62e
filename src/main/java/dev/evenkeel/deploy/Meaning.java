package dev.evenkeel.deploy;

import dev.evenkeel.Probabilities;

/** What turns the outputs of a network into what a user of the model wants to know. */
enum Meaning {
  /** Softmax over the outputs. */
  PROBABILITIES,
  /** One logit for two classes. */
  SECOND_OF_TWO,
  /** A logit each, of things that may be true together. */
  INDEPENDENT,
  /** Numbers, which are answers already. */
  VALUES;

  /** Room for one row's probabilities. */
  double[] scratch(int columns) {
    return new double[this == SECOND_OF_TWO ? 2 : columns];
  }

  /**
   * @param outputs [rows, columns], which may be overwritten
   */
  float[] answers(float[] outputs, int columns, double[] scratch) {
    return switch (this) {
      case PROBABILITIES -> classes(outputs, columns, scratch, outputs);
      case SECOND_OF_TWO -> classes(outputs, columns, scratch, new float[2 * outputs.length]);
      case INDEPENDENT -> flags(outputs);
      case VALUES -> outputs;
    };
  }

  private static float[] classes(float[] logits, int columns, double[] scratch, float[] answers) {
    for (int from = 0, to = 0; from < logits.length; from += columns) {
      Probabilities.ofClasses(logits, from, columns, scratch);
      for (double probability : scratch) {
        answers[to++] = (float) probability;
      }
    }
    return answers;
  }

  private static float[] flags(float[] logits) {
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) Probabilities.sigmoid(logits[i]);
    }
    return logits;
  }
}
