package dev.evenkeel.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AmountFormTest {

  /** Texts of one column, then what they are. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "$5;$1,200;$1,234,567.50 | 5;1200;1234567.5",
        "$.50;$0.75;$3 | 0.5;0.75;3",
        "-$5;$-6.5;($7);+$8;−$9 | -5;-6.5;-7;8;-9",
        "5 €;1.200,50 €;1.234.567 € | 5;1200.5;1234567",
        "€ 5;0;€ 7 | 5;0;7",
        "EUR 5;EUR 1,200.00 | 5;1200",
        "1'200 CHF;900.50 CHF | 1200;900.5",
        "1’200.50;900 | 1200.5;900",
        "45%;5.5%;-1% | 45;5.5;-1",
        "45 %;5,5 % | 45;5.5",
        "999;1,024;1,234,567 | 999;1024;1234567",
        "1,024.5;7.25 | 1024.5;7.25",
        "1.024,5;7,25 | 1024.5;7.25",
        "1.024.000;7;9 | 1024000;7;9",
        "1 024;7;12 345,6 | 1024;7;12345.6",
        "1\u00a0024 €;7\u00a0€ | 1024;7",
        "1\u202f024,5;7 | 1024.5;7",
        "₹1,024;₹7 | 1024;7",
        "−1.250;2.500;0 | -1.25;2.5;0",
        "45%;0;5% | 45;0;5",
        "$5;1.2e3 | 5;1200",
        "USD 5;USD 1,200 | 5;1200",
        // either could be meant
        "$1,200;$2,500 | 1200;2500",
        "999 €;1.234 € | 999;1234",
        "$3.459;$3.289 | 3.459;3.289",
        "12.345%;7% | 12.345;7",
      })
  void columns(String texts, String numbers) {
    List<String> all = List.of(texts.split(";"));
    AmountForm form = AmountTrial.of(all, "").orElseThrow();
    assertEquals(
        numbers, String.join(";", all.stream().map(form::value).map(Cells::text).toList()));
    assertTrue(all.stream().noneMatch(text -> Double.isNaN(form.value(text))));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "$5;€6",
        "45%;0.45",
        "5 kg;6 kg",
        "$5;many",
        "ABC 5;ABC 6",
        "A12;A13",
        "192.168.100.101;192.168.100.199",
        "612 345 678;555 123 456",
        "1.200.300;1.300.400",
        "101,202;101",
        "100 200 300;400 500 600",
        "1.100.200;2.300",
        "1 800 535;800 472",
        "45 525 235;1 525 235;112",
        "$5;$5",
        "SHP1001;SHP1002",
        "AMD 5600;AMD 5700",
        "XXX 1.5;XXX 2.5",
        "(612);(613)",
        "1.250;2;(1.125)",
        "PEN001;PEN002",
        "01,234;1",
        "$0,500;$5,0.1",
        "1,2,3;1,4,5",
        "12,34,567;1",
        "1.2.3;1",
        "1,024'000;1",
        "$ ;$5",
        "$5 %;$6 %",
        "--5$;5$",
        "(5;5)",
        "(-$5);$6",
        "5$6;5$7",
        "555 123 4567;1",
        "2024-01-31;2024-02-01",
        "1e5 €;5 €",
      })
  void others(String texts) {
    assertEquals(Optional.empty(), AmountTrial.of(List.of(texts.split(";")), ""));
  }

  @Test
  void decimalsThatAreKnown() {
    List<String> both = List.of("1,200 €", "1,500 €");
    assertEquals(1200, AmountTrial.of(both, ".").orElseThrow().value("1,200 €"));
    assertEquals(1.2, AmountTrial.of(both, ",").orElseThrow().value("1,200 €"));
    assertEquals(Optional.empty(), AmountTrial.of(List.of("1.200,50 €"), "."));
    assertEquals(Optional.empty(), AmountTrial.of(List.of(), ""));
  }

  /** What it says of itself it reads. */
  @Test
  void examples() {
    for (String unit : List.of("", "%", "$", "CHF")) {
      for (boolean comma : new boolean[] {false, true}) {
        AmountForm form = new AmountForm(unit, comma);
        double value = form.value(form.example());
        assertTrue(Arrays.asList(4.5, 1200.5).contains(value), form + ": " + value);
      }
    }
  }
}
