package dev.evenkeel.train;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import dev.evenkeel.EvenkeelException;

/**
 * What is kept from training, to validate or to test on: a share of the rows, or all rows of a file
 * of their own. As JSON it is a number or a text.
 *
 * @param share 0 beside a file
 * @param file "" beside a share
 */
public record Portion(double share, String file) {

  public static final Portion NONE = ofShare(0);

  public Portion {
    if (!file.isEmpty() && share != 0) {
      throw new EvenkeelException(
          "Rows are kept apart by a share or in a file, not by both: %s and %s"
              .formatted(share, file));
    }
  }

  public static Portion ofShare(double share) {
    return new Portion(share, "");
  }

  public static Portion ofFile(String file) {
    return new Portion(0, file);
  }

  /** Of a text: a number is a share, anything else a file. */
  public static Portion of(String text) {
    try {
      return ofShare(Double.parseDouble(text.strip()));
    } catch (NumberFormatException e) {
      return ofFile(text);
    }
  }

  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  static Portion ofJson(Object json) {
    if (json instanceof Number share) {
      return ofShare(share.doubleValue());
    }
    if (json instanceof String file && !file.isEmpty()) {
      return ofFile(file);
    }
    throw new EvenkeelException("Rows are kept apart by a share or in a file, not by " + json);
  }

  @JsonValue
  Object toJson() {
    return isFile() ? (Object) file : (Object) share;
  }

  public boolean isFile() {
    return !file.isEmpty();
  }

  /** Whether there is nothing to validate or to test on. */
  public boolean isNone() {
    return !isFile() && share == 0;
  }

  @Override
  public String toString() {
    return toJson().toString();
  }
}
