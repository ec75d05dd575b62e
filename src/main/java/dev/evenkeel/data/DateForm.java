package dev.evenkeel.data;

import java.time.LocalDate;
import java.time.Month;
import java.time.YearMonth;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How a column writes its dates, each with or without a time of day behind it. All become days
 * since the start of 1970, in Greenwich where the time says how far it is from there.
 */
public enum DateForm {
  /** 2024-01-31. */
  ISO,
  /** 2024/01/31. */
  YEAR_FIRST,
  /** 31.01.2024. */
  DOTS,
  /** 31/01/2024. */
  DAY_FIRST,
  /** 01/31/2024. */
  MONTH_FIRST,
  /** Jan 31 2024, January 31, 2024, 31 Jan 2024 or 31-Jan-2024, in English. */
  NAMED;

  private static final Pattern NAMED_DATE =
      Pattern.compile(
          "(?:(?<month>[A-Za-z]{3,9})\\.? (?<day>\\d{1,2}),?|(?<first>\\d{1,2})[ -](?<second>[A-Za-z]{3,9})\\.?)[ -](?<year>\\d{4})(?!\\d)");
  private static final Pattern TIME =
      Pattern.compile(
          "[ T]([01]\\d|2[0-3]):([0-5]\\d)(?::([0-5]\\d|60)(?:\\.(\\d+))?)?(?:Z|([+-])(\\d\\d):?(\\d\\d))?");

  /** The one form that all texts have; none where two would do, as for 01/02/2024. */
  static Optional<DateForm> of(List<String> texts) {
    DateForm found = null;
    for (DateForm form : values()) {
      if (!texts.isEmpty() && texts.stream().noneMatch(text -> Double.isNaN(form.days(text)))) {
        if (found != null) {
          return Optional.empty();
        }
        found = form;
      }
    }
    return Optional.ofNullable(found);
  }

  String example() {
    return switch (this) {
      case ISO -> "2024-01-31";
      case YEAR_FIRST -> "2024/01/31";
      case DOTS -> "31.01.2024";
      case DAY_FIRST -> "31/01/2024";
      case MONTH_FIRST -> "01/31/2024";
      case NAMED -> "Jan 31 2024";
    };
  }

  /** Whether a text is a date in any of the forms. */
  static boolean isDate(String text) {
    for (DateForm form : values()) {
      if (!Double.isNaN(form.days(text))) {
        return true;
      }
    }
    return false;
  }

  /** Whether a text goes on behind the date. */
  static boolean hasTime(String text) {
    return text.indexOf(':') >= 0;
  }

  /** Days since the start of 1970, with the time as a fraction; NaN where the text is no date. */
  double days(String text) {
    return this == NAMED ? named(text) : numbered(text);
  }

  private static double named(String text) {
    Matcher date = NAMED_DATE.matcher(text);
    if (!date.lookingAt()) {
      return Double.NaN;
    }
    boolean dayFirst = date.group("first") != null;
    int month = month(date.group(dayFirst ? "second" : "month"));
    int day = Integer.parseInt(date.group(dayFirst ? "first" : "day"));
    return days(Integer.parseInt(date.group("year")), month, day) + time(text, date.end());
  }

  /** Of its name, whole or the first letters; 0 where there is none. */
  private static int month(String name) {
    String large = name.toUpperCase(Locale.ROOT);
    boolean shortened = large.length() == 3 || large.equals("SEPT");
    for (Month month : Month.values()) {
      if (large.equals(month.name()) || shortened && month.name().startsWith(large)) {
        return month.getValue();
      }
    }
    return 0;
  }

  private double numbered(String text) {
    char between = this == ISO ? '-' : this == DOTS ? '.' : '/';
    int one = text.indexOf(between);
    int two = text.indexOf(between, one + 1);
    if (one < 1 || two < 0) {
      return Double.NaN;
    }
    int end = two + 1;
    while (end < text.length() && isDigit(text, end)) {
      end++;
    }
    int a = digits(text, 0, one);
    int b = digits(text, one + 1, two);
    int c = digits(text, two + 1, end);
    boolean yearLast = this != ISO && this != YEAR_FIRST;
    int longest = Math.max(two - one - 1, yearLast ? one : end - two - 1);
    if ((yearLast ? end - two - 1 : one) != 4 || longest > 2 || a < 0 || b < 0 || c < 0) {
      return Double.NaN;
    }
    int year = yearLast ? c : a;
    int month = this == MONTH_FIRST ? a : b;
    int day = !yearLast ? c : this == MONTH_FIRST ? b : a;
    if (this == YEAR_FIRST && (year < 1500 || year >= 2500)) {
      return Double.NaN; // else a number of a plot or a file, 4711/3/2
    }
    return days(year, month, day) + time(text, end);
  }

  /** Of the Gregorian calendar; NaN where it has no such day. */
  private static double days(int year, int month, int day) {
    return month < 1 || month > 12 || day < 1 || day > YearMonth.of(year, month).lengthOfMonth()
        ? Double.NaN
        : LocalDate.of(year, month, day).toEpochDay();
  }

  /** The share of a day: nothing, or " 13:05", "T13:05:30.5", "… 13:05Z", "… 13:05+01:00". */
  private static double time(String text, int start) {
    Matcher time = TIME.matcher(text).region(start, text.length());
    if (start == text.length() || !time.matches()) {
      return start == text.length() ? 0 : Double.NaN;
    }
    double seconds = number(time, 1) * 3600.0 + number(time, 2) * 60.0 + number(time, 3);
    double fraction = 0;
    double unit = 0.1;
    for (int i = 0; time.group(4) != null && i < time.group(4).length(); i++, unit /= 10) {
      fraction += (time.group(4).charAt(i) - '0') * unit;
    }
    double ahead = number(time, 6) * 3600.0 + number(time, 7) * 60.0;
    return (seconds + fraction - ("-".equals(time.group(5)) ? -ahead : ahead)) / 86_400;
  }

  private static int number(Matcher time, int group) {
    return time.group(group) == null ? 0 : Integer.parseInt(time.group(group));
  }

  /** −1 where it is not one to four digits. */
  private static int digits(String text, int start, int end) {
    int value = 0;
    for (int i = start; i < end; i++) {
      if (!isDigit(text, i)) {
        return -1;
      }
      value = value * 10 + text.charAt(i) - '0';
    }
    return end > start && end - start <= 4 ? value : -1;
  }

  private static boolean isDigit(String text, int place) {
    return text.charAt(place) >= '0' && text.charAt(place) <= '9';
  }
}
