package dev.evenkeel.cli;

import dev.evenkeel.lab.About;
import dev.evenkeel.lab.Finding;
import dev.evenkeel.lab.LabListener;
import me.tongfei.progressbar.ProgressBar;

/**
 * What people see while experiments run: a line for each, and on a terminal a bar below it with the
 * run under way and the time left. Elsewhere a line every so often.
 */
final class LabProgress implements LabListener, AutoCloseable {

  private static final int PARTS = 1000;
  private static final long LINE_NANOS = 10_000_000_000L;

  private ProgressBar bar;
  private String run = "";
  private long started;
  private long lastShown;

  @Override
  public void onStart(About about, int number, int of) {
    String count = of == 1 ? "" : "%d/%d ".formatted(number, of);
    System.err.println(count + about.name() + ": " + about.claim());
    lastShown = System.nanoTime();
  }

  @Override
  public void onRun(int number, int of, String what) {
    run = "run %d of %d (%s)".formatted(number, of, what);
    if (number == 1) {
      started = System.nanoTime();
      close();
      bar = ProgressLine.TERMINAL ? ProgressLine.bar(0, PARTS) : null;
    }
  }

  @Override
  public void onShare(double share) {
    long now = System.nanoTime();
    long wait = bar == null ? LINE_NANOS : ProgressLine.UPDATE_MILLIS * 1_000_000L;
    if (share <= 0 || now - lastShown < wait) {
      return;
    }
    lastShown = now;
    double left = (now - started) * 1e-9 * (1 - share) / share;
    String text = "%s, %.0f s left".formatted(run, left);
    if (bar == null) {
      System.err.println("  " + text);
    } else {
      bar.stepTo(Math.round(share * PARTS));
      bar.setExtraMessage(" " + text);
    }
  }

  @Override
  public void onEnd(Finding finding) {
    close();
  }

  /** Takes the bar away. */
  @Override
  public void close() {
    if (bar != null) {
      bar.close();
      bar = null;
      System.err.print("\033[A\r\033[K");
    }
  }
}
