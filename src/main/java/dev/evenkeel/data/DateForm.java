package dev.evenkeel.data;

import java.time.Month;
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
  private static final int[] DAYS = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

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
    boolean leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (month < 1 || month > 12 || day < 1 || day > DAYS[month - 1]) {
      return Double.NaN;
    }
    if (month == 2 && day == 29 && !leap) {
      return Double.NaN;
    }
    // counted from 1 March, so that a leap day ends a year
    int y = month > 2 ? year : year - 1;
    int sinceMarch = (month + 9) % 12;
    long before = 365L * y + Math.floorDiv(y, 4) - Math.floorDiv(y, 100) + Math.floorDiv(y, 400);
    return before + (153 * sinceMarch + 2) / 5 + day - 1 - 719_468;
  }

  /** The share of a day: nothing, or " 13:05", "T13:05:30.5", "… 13:05Z", "… 13:05+01:00". */
  private static double time(String text, int start) {
    if (start == text.length()) {
      return 0;
    }
    if (text.charAt(start) != ' ' && text.charAt(start) != 'T') {
      return Double.NaN;
    }
    int zone = start + 1;
    while (zone < text.length() && (isDigit(text, zone) || ":.".indexOf(text.charAt(zone)) >= 0)) {
      zone++;
    }
    double seconds = clock(text, start + 1, zone);
    if (zone == text.length() || text.charAt(zone) == 'Z' && zone == text.length() - 1) {
      return seconds / 86_400;
    }
    char sign = text.charAt(zone);
    boolean colon = text.length() - zone == 6 && text.charAt(zone + 3) == ':';
    if (sign != '+' && sign != '-' || !colon && text.length() - zone != 5) {
      return Double.NaN;
    }
    int hours = digits(text, zone + 1, zone + 3);
    int minutes = digits(text, zone + (colon ? 4 : 3), text.length());
    double ahead = hours < 0 || minutes < 0 ? Double.NaN : hours * 3600.0 + minutes * 60.0;
    return (seconds - (sign == '+' ? ahead : -ahead)) / 86_400;
  }

  /** Seconds of hh:mm, hh:mm:ss or hh:mm:ss.fff; NaN else. */
  private static double clock(String text, int start, int end) {
    int length = end - start;
    boolean whole = length == 5 || length == 8 || length > 9 && text.charAt(start + 8) == '.';
    if (!whole || text.charAt(start + 2) != ':' || length > 5 && text.charAt(start + 5) != ':') {
      return Double.NaN;
    }
    int hours = digits(text, start, start + 2);
    int minutes = digits(text, start + 3, start + 5);
    int seconds = length > 5 ? digits(text, start + 6, start + 8) : 0;
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || seconds < 0 || seconds > 60) {
      return Double.NaN;
    }
    double fraction = 0;
    double unit = 0.1;
    for (int i = start + 9; i < end; i++, unit /= 10) {
      if (!isDigit(text, i)) {
        return Double.NaN;
      }
      fraction += (text.charAt(i) - '0') * unit;
    }
    return hours * 3600.0 + minutes * 60.0 + seconds + fraction;
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
