package dev.evenkeel;

/** Counts in sentences and tables: "1 row", "2,000 rows", "2,000", "17.5". */
public final class Words {

  private Words() {}

  /**
   * @param noun for one; a plural is it with "s", or "es" where it hisses
   */
  public static String counted(long count, String noun) {
    String ending = count == 1 ? "" : noun.endsWith("s") ? "es" : "s";
    return "%,d %s%s".formatted(count, noun, ending);
  }

  /** Of rows that may have weights: whole, or with three digits at least. */
  public static String amount(double count) {
    boolean whole = count == Math.rint(count);
    return whole || count >= 100 ? "%,.0f".formatted(count) : "%.3g".formatted(count);
  }
}
