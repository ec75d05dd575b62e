package dev.evenkeel.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DateFormTest {

  @Test
  void everyDayOfFourHundredYearsIsJavas() {
    for (long day = LocalDate.of(1800, 1, 1).toEpochDay(); day < 84_000; day++) {
      LocalDate date = LocalDate.ofEpochDay(day);
      assertEquals(day, DateForm.ISO.days(date.toString()), date.toString());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "2000-01-01T12:00,10957.5",
    "2000-01-01 06:00:00,10957.25",
    "2000-01-01T00:00:43.2,10957.0005",
    "2000-01-01T12:00Z,10957.5",
    "2000-01-01T12:00+06:00,10957.25",
    "2000-01-01T12:00:00-0600,10957.75"
  })
  void timesAreFractions(String text, double days) {
    assertEquals(days, DateForm.ISO.days(text), 1e-9);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "YEAR_FIRST;2001/01/02 06:00;2001-01-02T06:00",
        "YEAR_FIRST;2001/1/2;2001-01-02",
        "NAMED;Jun 12 1998;1998-06-12",
        "NAMED;September 25, 2021;2021-09-25",
        "NAMED;Sept. 5, 2021;2021-09-05",
        "NAMED;12 Jun 1998 18:30;1998-06-12 18:30",
        "NAMED;12-JUN-1998;1998-06-12",
        "NAMED;29 feb 2024;2024-02-29"
      })
  void aYearInFrontAndTheNameOfAMonthTellTheForm(DateForm form, String text, String iso) {
    assertEquals(Optional.of(form), DateForm.of(List.of(text)));
    assertEquals(DateForm.ISO.days(iso), form.days(text));
  }

  /** Of a plot, a file or an invoice. */
  @Test
  void numbersWithSlashesAreNoDates() {
    assertEquals(Optional.empty(), DateForm.of(List.of("1998/3/2", "4711/3/2")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "-",
        "--",
        "2024",
        "2024-01",
        "2024-02-30",
        "2023-02-29",
        "2024-13-01",
        "2024-00-10",
        "24-01-01",
        "2024-01-01x",
        "2024-01-01T",
        "2024-01-01T25:00",
        "2024-01-01T1:00",
        "2024-01-01T12:00+6",
        "2024-01-01T12:00+06:0x",
        "2024-01-01 12:00:00.x",
        "a-b-c",
        "2024-01-011",
        "12:00",
        "01.02.24",
        "1.2.3",
        "192.168.0.1",
        "/",
        "2024/13/01",
        "2024-01/02",
        "Juni 12 1998",
        "Ma 12 1998",
        "Jun 1998",
        "Feb 29 2023",
        "12 Jun 98",
        "Jun 12 19981",
        "Apollo 13, 1970",
        "Mary 12 2000",
        "2024-01-01T12:00:"
      })
  void whatIsNoDateIsNone(String text) {
    assertTrue(!DateForm.isDate(text), text);
  }
}
