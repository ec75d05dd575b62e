package dev.evenkeel.train;

import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/**
 * Keeps steps.csv beside a run's history: how training goes within epochs, which may take minutes.
 * A line is the mean over the steps since the line before. There are five lines a second at first,
 * and then the fewer the older the run is, each a 500th of its age after the last: a few thousand
 * in a week.
 *
 * <p>It uses nothing but losses that were taken anyway; steps neither wait for it nor allocate.
 * Should the file become unwritable on the way, training goes on without it. Make it before the
 * training and close it after; a run that goes on appends to the file, and lines from beyond the
 * checkpoint are cut first.
 */
public final class StepFile implements Listener, AutoCloseable {

  public static final String FILE = "steps.csv";

  /** The columns of the file; the epoch is a fraction, 1 where the first one ends. */
  public static final List<String> COLUMNS =
      List.of("step", "epoch", "seconds", "train_loss", "learning_rate", "examples_per_second");

  private static final int SECONDS = COLUMNS.indexOf("seconds");

  private static final double SHORTEST_SECONDS = 0.2;
  private static final double SHARE_OF_AGE = 1.0 / 500;

  private final GrowingCsv file;
  private final int rowsOfEpoch;
  private final double shortest;
  private final double shareOfAge;
  private final StringBuilder line = new StringBuilder(160);

  private int epochUnderWay;
  private long stepsBeforeEpoch;
  private double secondsBeforeEpoch;
  private long nanosOfEpoch; // when its first loss came

  private double secondsOfLine;
  private double lossSum;
  private long rows;
  private long rowsTimed; // all but those of the first loss, at which the clock starts

  /**
   * @param rowsOfEpoch the training rows
   * @param say hears when the file became unwritable
   */
  public StepFile(Path folder, int rowsOfEpoch, Consumer<String> say) {
    this(folder, rowsOfEpoch, say, SHORTEST_SECONDS, SHARE_OF_AGE);
  }

  StepFile(Path folder, int rowsOfEpoch, Consumer<String> say, double shortest, double shareOfAge) {
    this.file = new GrowingCsv(folder.resolve(FILE), COLUMNS, say);
    this.rowsOfEpoch = rowsOfEpoch;
    this.shortest = shortest;
    this.shareOfAge = shareOfAge;
  }

  @Override
  public void onStart(int epoch, int epochs, long step, long totalSteps, List<Epoch> before) {
    if (!before.isEmpty()) {
      endOf(before.get(before.size() - 1));
    }
    String last = file.keepUpTo(step);
    try {
      if (!last.isEmpty()) {
        double seconds = Double.parseDouble(last.split(",")[SECONDS]);
        secondsBeforeEpoch = Math.max(secondsBeforeEpoch, seconds); // it may stand amid an epoch
      }
    } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
      file.refuse();
    }
    secondsOfLine = secondsBeforeEpoch;
  }

  @Override
  public void onStep(
      int epoch, long step, int rowsOfStep, float loss, double learningRate, long dataNanos) {
    long now = System.nanoTime();
    rowsTimed += epochUnderWay == 0 ? 0 : rowsOfStep;
    if (epoch != epochUnderWay) {
      epochUnderWay = epoch;
      nanosOfEpoch = now;
    }
    lossSum += (double) loss * rowsOfStep;
    rows += rowsOfStep;
    double seconds = secondsBeforeEpoch + (now - nanosOfEpoch) * 1e-9;
    double passed = seconds - secondsOfLine;
    if (passed < Math.max(shortest, seconds * shareOfAge) || passed <= 0 || file.failed()) {
      return;
    }
    double done = Math.min(1, (double) (step - stepsBeforeEpoch) * rowsOfStep / rowsOfEpoch);
    line.append(step);
    number(epoch - 1 + done);
    number(seconds);
    number(lossSum / rows);
    number(learningRate);
    number(rowsTimed / passed);
    line.append('\n');
    file.append(line);
    line.setLength(0);
    secondsOfLine = seconds;
    lossSum = 0;
    rows = 0;
    rowsTimed = 0;
  }

  private void number(double value) {
    line.append(',');
    append(line, value);
  }

  /**
   * Appends a number of seven digits, like 1.250000e-3. Java's own conversion, which knows of the
   * shortest form, allocates.
   */
  static void append(StringBuilder text, double value) {
    double size = Math.abs(value);
    if (!(size >= 1e-300)) { // 10 to its exponent would be infinite
      text.append('0');
      return;
    }
    int exponent = (int) Math.floor(Math.log10(size));
    long digits = Math.round(size * Math.pow(10, 6 - exponent));
    text.append(value < 0 ? "-" : "").append(digits / 1_000_000).append('.');
    for (int place = 100_000; place > 0; place /= 10) {
      text.append((char) ('0' + digits / place % 10));
    }
    text.append('e').append(exponent);
  }

  @Override
  public void onEpoch(Epoch epoch) {
    endOf(epoch);
  }

  private void endOf(Epoch epoch) {
    stepsBeforeEpoch = epoch.steps();
    secondsBeforeEpoch = epoch.seconds();
  }

  @Override
  public void close() {
    file.close();
  }
}
