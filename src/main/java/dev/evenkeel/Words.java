package dev.evenkeel;

/** Counts in sentences: "1 row", "2,000 rows". */
public final class Words {

  private Words() {}

  /**
   * @param noun for one; a plural is it with "s", or "es" where it hisses
   */
  public static String counted(long count, String noun) {
    String ending = count == 1 ? "" : noun.endsWith("s") ? "es" : "s";
    return "%,d %s%s".formatted(count, noun, ending);
  }
}
