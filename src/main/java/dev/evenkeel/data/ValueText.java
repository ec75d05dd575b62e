package dev.evenkeel.data;

import dev.evenkeel.EvenkeelException;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.util.Arrays;
import java.util.Calendar;
import java.util.Collection;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** What a file would hold of a value that a program has. */
final class ValueText {

  private ValueText() {}

  /** "" of one that is missing; null of one that no field of a file can hold. */
  static String of(Object value) {
    if (value == null) {
      return "";
    } else if (value instanceof String text) {
      return text;
    } else if (value instanceof Optional<?> optional) {
      return of(optional.orElse(null));
    } else if (value instanceof OptionalInt optional) {
      return optional.isPresent() ? Integer.toString(optional.getAsInt()) : "";
    } else if (value instanceof OptionalLong optional) {
      return optional.isPresent() ? Long.toString(optional.getAsLong()) : "";
    } else if (value instanceof OptionalDouble optional) {
      return optional.isPresent() ? Double.toString(optional.getAsDouble()) : "";
    } else if (value.getClass() == Date.class) { // those of java.sql write themselves well
      return Instant.ofEpochMilli(((Date) value).getTime()).toString();
    } else if (value instanceof Calendar date) {
      return date.toInstant().toString();
    } else if (value instanceof ZonedDateTime date) {
      return date.toInstant().toString();
    } else if (value instanceof float[] vector) {
      return Arrays.toString(vector);
    } else if (value instanceof double[] vector) {
      return Arrays.toString(vector);
    } else if (value instanceof List<?> list && list.stream().allMatch(Number.class::isInstance)) {
      return list.toString();
    }
    return holdsSeveral(value) ? null : written(value);
  }

  /** The number that a value is, or may hold. */
  static Optional<Number> number(Object value) {
    if (value instanceof Number number) {
      return Optional.of(number);
    } else if (value instanceof Optional<?> optional) {
      return number(optional.orElse(null));
    } else if (value instanceof OptionalDouble optional && optional.isPresent()) {
      return Optional.of(optional.getAsDouble());
    } else if (value instanceof OptionalInt optional && optional.isPresent()) {
      return Optional.of(optional.getAsInt());
    } else if (value instanceof OptionalLong optional && optional.isPresent()) {
      return Optional.of(optional.getAsLong());
    }
    return Optional.empty();
  }

  private static boolean holdsSeveral(Object value) {
    return value.getClass().isArray() || value instanceof Collection || value instanceof Map;
  }

  /** Null where it is but the name of its class and where it lies in memory. */
  private static String written(Object value) {
    String text = value.toString();
    boolean none =
        text == null
            || text.indexOf('@') > 0
                && text.equals(
                    value.getClass().getName() + "@" + Integer.toHexString(value.hashCode()));
    return none ? null : text;
  }

  /**
   * @param column with what else says where it is, to begin a sentence
   */
  static EvenkeelException refusal(String column, Object value) {
    Object held = value instanceof Optional<?> optional ? optional.orElseThrow() : value;
    return new EvenkeelException(
        "%s: a value of type %s can't be a field of a table. help: give a text, a number, a boolean, an enum or a date; several numbers are a column each, or a vector: float[], double[] or a List"
            .formatted(column, held.getClass().getTypeName()));
  }
}
