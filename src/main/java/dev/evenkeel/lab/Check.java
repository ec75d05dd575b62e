package dev.evenkeel.lab;

import java.util.Optional;
import java.util.function.DoublePredicate;

/**
 * A number that was measured, and what it was expected to be: say so by one of {@link #near},
 * {@link #below}, {@link #above} and {@link #between}.
 *
 * <p>A check of the claim decides on the verdict. One against the literature only tells whether our
 * number is the published one; it may well agree on a claim that is false.
 */
public final class Check {

  private final String what;
  private final double measured;
  private final boolean ofClaim;
  private final Scale scale;
  private String expected = "";
  private DoublePredicate rule = value -> false;
  private Optional<String> notJudged = Optional.empty();
  private Optional<String> knownToFail = Optional.empty();

  Check(String what, double measured, boolean ofClaim, Scale scale) {
    this.what = what;
    this.measured = measured;
    this.ofClaim = ofClaim;
    this.scale = scale;
  }

  /** Passes if measured = {@code value} ± {@code tolerance}. */
  public Check near(double value, double tolerance) {
    return expect(
        Numbers.text(value) + " ± " + Numbers.text(tolerance),
        seen -> Math.abs(seen - value) <= tolerance);
  }

  public Check below(double limit) {
    return expect("below " + Numbers.text(limit), seen -> seen < limit);
  }

  public Check above(double limit) {
    return expect("above " + Numbers.text(limit), seen -> seen > limit);
  }

  public Check between(double low, double high) {
    return expect(
        Numbers.text(low) + " to " + Numbers.text(high), seen -> seen >= low && seen <= high);
  }

  private Check expect(String words, DoublePredicate rule) {
    this.expected = words;
    this.rule = rule;
    return this;
  }

  /** At the smallest size the number is shown, but says nothing. */
  public Check notAtSmoke(String why) {
    if (scale == Scale.SMOKE) {
      notJudged = Optional.of(why);
    }
    return this;
  }

  /** This part of the claim is known to be false, and why: a test expects that it fails. */
  public Check knownToFail(String why) {
    knownToFail = Optional.of(why);
    return this;
  }

  public String what() {
    return what;
  }

  public double measured() {
    return measured;
  }

  /** "0.235 ± 0.03", "below 1e-12". */
  public String expected() {
    return expected;
  }

  public boolean passed() {
    return rule.test(measured);
  }

  public boolean isOfClaim() {
    return ofClaim;
  }

  public boolean isJudged() {
    return notJudged.isEmpty();
  }

  /** Whether it came out as it should: passed, or failed where that is known. */
  public boolean isAsKnown() {
    return passed() == knownToFail.isEmpty();
  }

  /** "yes", "no", or why there is no answer, and what is known about it. */
  String answer() {
    String answer = notJudged.map(why -> "not judged: " + why).orElse(passed() ? "yes" : "no");
    return answer + knownToFail.map(why -> "; " + why).orElse("");
  }

  @Override
  public String toString() {
    return "%s: %s, expected %s: %s".formatted(what, Numbers.text(measured), expected, answer());
  }
}
