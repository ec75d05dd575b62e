package dev.evenkeel;

/** Refuses nulls where others hand something in, by name. */
public final class Required {

  private Required() {}

  /**
   * @param name begins the sentence: "The row"
   * @param expected ends it
   */
  public static void there(Object value, String name, String expected) {
    if (value == null) {
      throw new EvenkeelException("%s is null, but it must be %s".formatted(name, expected));
    }
  }
}
