package dev.evenkeel.report;

import dev.evenkeel.EvenkeelException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** The charting library and how it is used here: texts to be written into a page, or served. */
public final class UPlot {

  private static final String VERSION = "1.6.30";
  private static final String FOLDER =
      "META-INF/resources/webjars/uplot/" + VERSION + "/dist/uPlot.";

  /** Finds what is in other jars; a class of a named module sees its own only. */
  private static final ClassLoader LIBRARIES = UPlot.class.getClassLoader();

  private UPlot() {}

  /** Whether it is on the class path. */
  public static boolean isPresent() {
    return LIBRARIES.getResource(FOLDER + "iife.min.js") != null;
  }

  /** The library, and the function that draws a {@link Plot}. */
  public static String script() {
    return library("iife.min.js") + "\n" + own("charts.js");
  }

  /** The library's style, and that of our pages. */
  public static String style() {
    return library("min.css") + "\n" + own("page.css");
  }

  private static String library(String file) {
    return text(LIBRARIES.getResourceAsStream(FOLDER + file));
  }

  private static String own(String file) {
    return text(UPlot.class.getResourceAsStream(file));
  }

  private static String text(InputStream resource) {
    try (InputStream in = resource) {
      if (in == null) {
        throw new EvenkeelException(
            "Pages need the charting library uPlot, which is not on the class path. help: add org.webjars.npm:uplot:"
                + VERSION);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // our own jar can't be read
    }
  }
}
