package dev.evenkeel.data;

import java.math.BigDecimal;

/**
 * How a column writes numbers that have more to them than digits: a currency, a percent sign,
 * thousands apart, as in $1,200.50, 1.200,50 €, 45 % or ($1,200). They stand for what they say: 45
 * % for 45.
 *
 * @param unit "%", or how the currency is written, which may be left out then; "" for none
 * @param comma whether a comma is in front of decimals, and not a point
 */
public record AmountForm(String unit, boolean comma) {

  /** The number that a text of this form stands for; NaN of others. */
  double value(String text) {
    AmountText amount = new AmountText();
    if (amount.read(text, comma)) {
      return takes(amount) ? amount.value : Double.NaN;
    }
    boolean exponent = text.indexOf('e') >= 0 || text.indexOf('E') >= 0;
    return exponent && !unit.equals(AmountText.PERCENT) ? Cells.number(text) : Double.NaN;
  }

  private boolean takes(AmountText amount) {
    return amount.unit.equals(unit)
        || amount.unit.isEmpty() && (!unit.equals(AmountText.PERCENT) || amount.value == 0);
  }

  /** With decimals the other way. */
  AmountForm withComma(boolean comma) {
    return new AmountForm(unit, comma);
  }

  /** How it writes a plain number. */
  String text(String number) {
    String plain = new BigDecimal(number).toPlainString();
    String decimals = comma ? plain.replace('.', ',') : plain;
    return unit.equals(AmountText.PERCENT) ? decimals + AmountText.PERCENT : decimals;
  }

  /** An example for messages. */
  String example() {
    if (unit.equals(AmountText.PERCENT)) {
      return comma ? "4,5%" : "4.5%";
    }
    if (comma) {
      return ("1.200,5 " + unit).strip();
    }
    return unit + (unit.length() > 1 ? " " : "") + "1,200.5";
  }
}
