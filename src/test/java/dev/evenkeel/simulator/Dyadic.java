package dev.evenkeel.simulator;

import java.math.BigInteger;

/**
 * An exact number, mantissa · 2^exponent: what finite floating-point numbers are, and their sums
 * and products.
 */
record Dyadic(BigInteger mantissa, int exponent) {

  /** More bits than any format keeps, for quotients and roots. */
  private static final int SPARE = 140;

  static Dyadic of(BigInteger value) {
    return new Dyadic(value, 0);
  }

  int signum() {
    return mantissa.signum();
  }

  Dyadic negate() {
    return new Dyadic(mantissa.negate(), exponent);
  }

  Dyadic add(Dyadic other) {
    int low = Math.min(exponent, other.exponent);
    return new Dyadic(at(low).add(other.at(low)), low);
  }

  Dyadic subtract(Dyadic other) {
    return add(other.negate());
  }

  Dyadic multiply(Dyadic other) {
    return new Dyadic(mantissa.multiply(other.mantissa), exponent + other.exponent);
  }

  private BigInteger at(int lower) {
    return mantissa.shiftLeft(exponent - lower);
  }

  /** Enough bits of the quotient, and a last one that says whether more follow. */
  Dyadic divide(Dyadic by) {
    int shift = SPARE + by.mantissa.bitLength();
    BigInteger[] parts = mantissa.abs().shiftLeft(shift).divideAndRemainder(by.mantissa.abs());
    Dyadic size = sticky(parts[0], parts[1], exponent - by.exponent - shift);
    return signum() * by.signum() < 0 ? size.negate() : size;
  }

  /** The same of the square root. */
  Dyadic squareRoot() {
    int shift = 2 * SPARE + (exponent & 1);
    BigInteger[] parts = mantissa.shiftLeft(shift).sqrtAndRemainder();
    return sticky(parts[0], parts[1], (exponent - shift) / 2);
  }

  private static Dyadic sticky(BigInteger whole, BigInteger rest, int exponent) {
    BigInteger last = rest.signum() == 0 ? BigInteger.ZERO : BigInteger.ONE;
    return new Dyadic(whole.shiftLeft(1).add(last), exponent - 1);
  }

  /** How many units of 2^unit the size of this number has, rounded. */
  BigInteger units(int unit, Rounding mode) {
    int drop = unit - exponent;
    BigInteger size = mantissa.abs();
    if (drop <= 0) {
      return size.shiftLeft(-drop);
    }
    BigInteger whole = size.shiftRight(drop);
    BigInteger rest = size.subtract(whole.shiftLeft(drop));
    int half = rest.compareTo(BigInteger.ONE.shiftLeft(drop - 1));
    boolean away =
        switch (mode) {
          case ZERO -> false;
          case DOWN -> signum() < 0 && rest.signum() > 0;
          case UP -> signum() > 0 && rest.signum() > 0;
          case NEAREST -> half > 0 || half == 0 && whole.testBit(0);
        };
    return away ? whole.add(BigInteger.ONE) : whole;
  }

  BigInteger toInteger(Rounding mode) {
    return signum() < 0 ? units(0, mode).negate() : units(0, mode);
  }
}
