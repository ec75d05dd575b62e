package dev.evenkeel.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class VerdictTest {

  private static Check check(double measured) {
    return new Check("what", measured, true, Scale.SMOKE).above(0);
  }

  private static Check unjudged(double measured) {
    return check(measured).notAtSmoke("too small");
  }

  @Test
  void whatIsNotJudgedHoldsNoClaim() {
    assertEquals(Verdict.HOLDS, Verdict.of(List.of(check(1), check(2))));
    assertEquals(Verdict.PARTLY, Verdict.of(List.of(check(1), check(-1), unjudged(1))));
    assertEquals(Verdict.DOES_NOT_HOLD, Verdict.of(List.of(check(-1))));
    assertEquals(Verdict.OPEN, Verdict.of(List.of(unjudged(1))));
    assertEquals(Verdict.OPEN, Verdict.of(List.of(check(1), unjudged(-1))));
  }
}
