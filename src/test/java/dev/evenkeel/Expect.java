package dev.evenkeel;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.function.Executable;

/** Holds failures to their words. */
public final class Expect {

  private Expect() {}

  /** The code must fail with a message that has all of the parts. */
  public static void failure(Executable code, String... parts) {
    String message = assertThrows(EvenkeelException.class, code).getMessage();
    for (String part : parts) {
      assertTrue(message.contains(part), () -> "no \"" + part + "\" in: " + message);
    }
  }
}
