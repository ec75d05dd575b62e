package dev.evenkeel.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.evenkeel.Expect;
import dev.evenkeel.backend.Activation;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The constants of normalisation propagation, against closed forms where there are any. */
class NormPropTest {

  private static final double NEAR = 1e-9;

  private static void assertMoments(
      Activation function, double mean, double secondMoment, double energy) {
    NormProp.Moments moments = NormProp.moments(function);
    double variance = secondMoment - mean * mean;
    assertEquals(mean, moments.mean(), NEAR, function + " mean");
    assertEquals(Math.sqrt(variance), moments.deviation(), NEAR, function + " deviation");
    assertEquals(Math.sqrt(energy / variance), moments.gradientFactor(), NEAR, function + "");
  }

  @Test
  void theConstantsOfReluAreThoseOfThePaper() {
    NormProp.Moments relu = NormProp.moments(Activation.RELU);
    assertEquals(1 / Math.sqrt(2 * Math.PI), relu.mean(), NEAR);
    assertEquals((1 - 1 / Math.PI) / 2, relu.deviation() * relu.deviation(), NEAR);
    assertEquals(Math.sqrt(Math.PI / (Math.PI - 1)), relu.gradientFactor(), NEAR);
    assertEquals(1.2111738962, relu.gradientFactor(), 1e-10);
    assertEquals(0.3989422804, relu.mean(), 1e-10);
    assertEquals(0.5838193701, relu.deviation(), 1e-10);
  }

  @Test
  void otherConstantsAreThoseOfTheirIntegrals() {
    double root = Math.sqrt(2 * Math.PI);
    double slope = 0.01;
    assertMoments(Activation.IDENTITY, 0, 1, 1);
    assertMoments(
        Activation.LEAKY_RELU,
        (1 - slope) / root,
        (1 + slope * slope) / 2,
        (1 + slope * slope) / 2);
    // E exp(az) over z < 0 is exp(a²/2) Φ(−a), with Φ(−1) and Φ(−2) from tables.
    double first = Math.exp(0.5) * 0.15865525393145705;
    double second = Math.exp(2) * 0.02275013194817921;
    assertMoments(
        Activation.ELU, 1 / root + first - 0.5, 0.5 + second - 2 * first + 0.5, 0.5 + second);
    double elu = 1.6732632423543772;
    double scale = 1.0507009873554805;
    assertMoments(
        Activation.SELU,
        scale * (1 / root + elu * (first - 0.5)),
        scale * scale * (0.5 + elu * elu * (second - 2 * first + 0.5)),
        scale * scale * (0.5 + elu * elu * second));
    // E z Φ(z) = 1 / (2 √π); E (z Φ(z))² = 1/3 + 1 / (2 π √3).
    assertEquals(1 / (2 * Math.sqrt(Math.PI)), NormProp.moments(Activation.GELU).mean(), NEAR);
    double gelu = NormProp.moments(Activation.GELU).deviation();
    assertEquals(1.0 / 3 + 1 / (2 * Math.PI * Math.sqrt(3)) - 1 / (4 * Math.PI), gelu * gelu, NEAR);
    assertEquals(0.5, NormProp.moments(Activation.SIGMOID).mean(), NEAR);
    assertEquals(0, NormProp.moments(Activation.TANH).mean(), NEAR);
    // tanh(z) = 2 σ(2z) − 1 and z σ(z) = z / 2 + an even part, so E SiLU(z) = E σ′(z) by Stein.
    assertEquals(
        GaussianMoments.expectation(z -> 1 / (2 + Math.exp(z) + Math.exp(-z))),
        NormProp.moments(Activation.SILU).mean(),
        NEAR);
  }

  @Test
  void seluHasItsFixedPoint() {
    NormProp.Moments selu = NormProp.moments(Activation.SELU);
    assertEquals(0, selu.mean(), NEAR);
    assertEquals(1, selu.deviation(), NEAR);
  }

  /** Independent of the derivatives as written: differences of the functions themselves. */
  @Test
  void everyFactorAgreesWithDifferences() {
    for (Activation function : Activation.values()) {
      double step = 1e-4;
      double energy = 0;
      double width = 1e-3;
      for (double z = -9 + width / 2; z < 9; z += width) {
        double slope =
            (GaussianMoments.value(function, z + step) - GaussianMoments.value(function, z - step))
                / (2 * step);
        energy += width * Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI) * slope * slope;
      }
      NormProp.Moments moments = NormProp.moments(function);
      assertEquals(
          Math.sqrt(energy) / moments.deviation(), moments.gradientFactor(), 1e-6, function + "");
    }
  }

  @Test
  void aBlockBeginsWhereGradientsKeepTheirSize() {
    List<Layer> block = NormProp.block(7, Activation.RELU);
    Linear linear = (Linear) block.get(0);
    assertEquals(WeightNorm.Start.GAIN, linear.weightNorm().start());
    assertEquals(1 / 1.2111738962, linear.weightNorm().gain(), 1e-10);
    assertEquals(List.of(Activate.relu(), new NormProp(Activation.RELU)), block.subList(1, 3));
  }

  @Test
  void itStandsRightBehindItsActivationOrIsRefused() {
    NormProp relu = new NormProp(Activation.RELU);
    Expect.failure(
        () -> Network.of(3, relu),
        "NormProp's constants for relu hold right behind that activation alone, not behind nothing");
    Expect.failure(
        () -> Network.of(3, Activate.of(Activation.TANH), relu),
        "NormProp's constants for relu hold right behind that activation alone, not behind ",
        "TANH");
    Expect.failure(() -> Network.of(3, Activate.relu(), Residual.of(relu)), "not behind nothing");
  }
}
