package dev.evenkeel.report;

/** Texts in HTML. */
public final class Html {

  private Html() {}

  /** Escaped. */
  public static String text(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }

  /** An element that holds nothing but a text, which is escaped. */
  public static String element(String name, String text) {
    return "<" + name + ">" + text(text) + "</" + name + ">\n";
  }
}
