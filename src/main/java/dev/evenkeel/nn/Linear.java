package dev.evenkeel.nn;

import com.fasterxml.jackson.annotation.JacksonInject;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.OptBoolean;
import dev.evenkeel.EvenkeelException;

/**
 * z = x Wᵀ + b, with W [units, inputs].
 *
 * @param bias whether there is a b; {@link Bias#AUTO} leaves it out right in front of a batch norm,
 *     which subtracts it again with the mean, and whose shift β makes it redundant. In front of a
 *     row norm it stays: the mean over a row's features takes off only what all units' b have in
 *     common
 * @param initialiser of the weights, or of the directions where they are normalised: {@link
 *     Initialiser.Kind#AUTO} is then normal(0.05)
 * @param weightNorm {@link WeightNorm#NONE} where W itself is learned
 */
public record Linear(
    int units,
    Bias bias,
    Initialiser initialiser,
    @JsonInclude(value = JsonInclude.Include.CUSTOM, valueFilter = Linear.IfPlain.class)
        WeightNorm weightNorm)
    implements Layer {

  public enum Bias {
    AUTO,
    YES,
    NO
  }

  /** What is injected stands for a property that files of plain layers do not have. */
  public Linear(
      @JsonProperty("units") int units,
      @JsonProperty("bias") Bias bias,
      @JsonProperty("initialiser") Initialiser initialiser,
      @JsonProperty("weightNorm")
          @JacksonInject(value = "{\"start\":\"NONE\",\"gain\":1}", useInput = OptBoolean.TRUE)
          WeightNorm weightNorm) {
    if (units < 1) {
      throw new EvenkeelException("A linear layer needs at least 1 unit, not " + units);
    }
    this.units = units;
    this.bias = bias;
    this.initialiser = initialiser;
    this.weightNorm = weightNorm;
  }

  public Linear(int units, Bias bias, Initialiser initialiser) {
    this(units, bias, initialiser, WeightNorm.NONE);
  }

  public static Linear of(int units) {
    return new Linear(units, Bias.AUTO, Initialiser.auto());
  }

  public Linear withBias(boolean present) {
    return new Linear(units, present ? Bias.YES : Bias.NO, initialiser, weightNorm);
  }

  public Linear withInitialiser(Initialiser initialiser) {
    return new Linear(units, bias, initialiser, weightNorm);
  }

  public Linear withWeightNorm(WeightNorm weightNorm) {
    return new Linear(units, bias, initialiser, weightNorm);
  }

  public boolean hasWeightNorm() {
    return !weightNorm.equals(WeightNorm.NONE);
  }

  /** Keeps what says nothing out of the JSON. */
  static final class IfPlain {
    @Override
    public boolean equals(Object value) {
      return WeightNorm.NONE.equals(value);
    }

    @Override
    public int hashCode() {
      return WeightNorm.NONE.hashCode();
    }
  }
}
