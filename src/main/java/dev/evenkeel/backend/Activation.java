package dev.evenkeel.backend;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import dev.evenkeel.EvenkeelException;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** The element-wise non-linearities, by the names and constants of their papers. */
public enum Activation {
  IDENTITY,
  RELU,
  /** x for x &gt; 0, else 0.01 x. */
  LEAKY_RELU,
  /** x for x &gt; 0, else exp(x) − 1. */
  ELU,
  /** Klambauer et al. 2017: λx for x &gt; 0, else λα(exp(x) − 1). */
  SELU,
  /** x Φ(x), with the exact normal distribution function. */
  GELU,
  /** x σ(x), also called swish. */
  SILU,
  SIGMOID,
  TANH,
  /** log(1 + exp(x)). */
  SOFTPLUS;

  public static final double LEAKY_SLOPE = 0.01;
  public static final double SELU_ALPHA = 1.6732632423543772848170429916717;
  public static final double SELU_LAMBDA = 1.0507009873554804934193349852946;

  /** "leaky-relu": the name on the command line and in files. */
  @JsonValue
  public String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  @JsonCreator
  public static Activation named(String label) {
    for (Activation activation : values()) {
      if (activation.label().equals(label.toLowerCase(Locale.ROOT))) {
        return activation;
      }
    }
    throw new EvenkeelException(
        "Unknown activation '%s'; there are: %s"
            .formatted(
                label,
                Arrays.stream(values()).map(Activation::label).collect(Collectors.joining(", "))));
  }
}
