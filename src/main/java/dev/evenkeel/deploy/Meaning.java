package dev.evenkeel.deploy;

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

  /**
   * @param outputs [rows, columns], which may be overwritten
   */
  float[] answers(float[] outputs, int columns) {
    switch (this) {
      case PROBABILITIES -> {
        for (int from = 0; from < outputs.length; from += columns) {
          softmax(outputs, from, from + columns);
        }
      }
      case SECOND_OF_TWO -> {
        return both(outputs);
      }
      case INDEPENDENT -> {
        for (int i = 0; i < outputs.length; i++) {
          outputs[i] = sigmoid(outputs[i]);
        }
      }
      case VALUES -> {}
    }
    return outputs;
  }

  private static float[] both(float[] logits) {
    float[] both = new float[2 * logits.length];
    for (int row = 0; row < logits.length; row++) {
      both[2 * row] = sigmoid(-logits[row]);
      both[2 * row + 1] = sigmoid(logits[row]);
    }
    return both;
  }

  private static float sigmoid(float logit) {
    return (float) (1 / (1 + Math.exp(-logit)));
  }

  private static void softmax(float[] logits, int from, int to) {
    float top = Float.NEGATIVE_INFINITY;
    for (int k = from; k < to; k++) {
      top = Math.max(top, logits[k]);
    }
    double sum = 0;
    for (int k = from; k < to; k++) {
      sum += Math.exp(logits[k] - top);
    }
    for (int k = from; k < to; k++) {
      logits[k] = (float) (Math.exp(logits[k] - top) / sum);
    }
  }
}
