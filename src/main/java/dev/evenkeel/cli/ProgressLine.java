package dev.evenkeel.cli;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.DeviceMemoryException;
import dev.evenkeel.train.Epoch;
import dev.evenkeel.train.Listener;
import dev.evenkeel.train.Trained;
import java.util.List;
import java.util.stream.Collectors;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * What people see while training: a line for each epoch, and on a terminal a bar below it with the
 * time left, examples/s, the loss and the share of time spent waiting for data.
 */
final class ProgressLine implements Listener, AutoCloseable {

  static final boolean TERMINAL = Boolean.getBoolean("evenkeel.terminal");
  static final int UPDATE_MILLIS = 200;

  private final Backend backend;
  private ProgressBar bar;
  private int epochs;
  private long stepsBefore;
  private long totalSteps;
  private long started;
  private long lastUpdate;
  private long rowsSeen;
  private int epochOfRate;
  private double rateOfEpoch; // of its first step: that of the last step of all is 0

  ProgressLine(Backend backend) {
    this.backend = backend;
  }

  @Override
  public void onStart(int epoch, int epochs, long step, long totalSteps, List<Epoch> before) {
    this.epochs = epochs;
    this.stepsBefore = step;
    this.totalSteps = totalSteps;
    this.started = System.nanoTime();
    if (step > 0) {
      line("Going on after step %,d of %,d".formatted(step, totalSteps));
    }
    if (TERMINAL) {
      bar = bar(step, totalSteps);
    }
  }

  /** A bar on the terminal, for whatever takes long. */
  static ProgressBar bar(long done, long all) {
    return new ProgressBarBuilder()
        .setTaskName("")
        .setInitialMax(all)
        .startsFrom(done, java.time.Duration.ZERO)
        .setStyle(ProgressBarStyle.UNICODE_BLOCK)
        .setUpdateIntervalMillis(UPDATE_MILLIS)
        .setConsumer(new ConsoleProgressBarConsumer(System.err))
        .hideEta()
        .build();
  }

  @Override
  public void onMemory(long bytes) {
    line(
        "%s · %s for data, parameters, activations and gradients, taken once"
            .formatted(backend.description(), DeviceMemoryException.megabytes(bytes)));
  }

  @Override
  public void onStep(
      int epoch, long step, int rows, float loss, double learningRate, long dataNanos) {
    rowsSeen += rows;
    if (epoch != epochOfRate) {
      epochOfRate = epoch;
      rateOfEpoch = learningRate;
    }
    if (bar == null) {
      return;
    }
    bar.stepTo(step);
    long now = System.nanoTime();
    if (now - lastUpdate > UPDATE_MILLIS * 1_000_000L) {
      lastUpdate = now;
      double seconds = (now - started) * 1e-9;
      double left = seconds * (totalSteps - step) / (step - stepsBefore);
      bar.setExtraMessage(
          " %.0f s left, loss %.4f, %,.0f rows/s, data %.0f %%"
              .formatted(left, loss, rowsSeen / seconds, 100 * dataNanos * 1e-9 / seconds));
    }
  }

  @Override
  public void onEpoch(Epoch epoch) {
    String validation =
        epoch.validation().entrySet().stream()
            .map(
                e ->
                    e.getKey().equals("loss")
                        ? "valid loss %.4f".formatted(e.getValue())
                        : Evaluation.format(e.getKey(), e.getValue()))
            .collect(Collectors.joining(", "));
    line(
        "epoch %d/%d  loss %.4f  %s  %,.0f rows/s, data %.0f %%, lr %.2g%s"
            .formatted(
                epoch.number(),
                epochs,
                epoch.trainLoss(),
                validation,
                epoch.examplesPerSecond(),
                100 * epoch.dataShare(),
                rateOfEpoch,
                epoch.best() ? "  *" : ""));
  }

  @Override
  public void onEnd(Trained result) {
    if (stepsBefore > 0 && result.steps() == stepsBefore) {
      line("The run had come to its end: nothing was left to train");
    }
  }

  private void line(String text) {
    System.err.println((bar == null ? "" : "\r\033[K") + text);
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
