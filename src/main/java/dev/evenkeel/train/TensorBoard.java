package dev.evenkeel.train;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.io.EventFile;
import dev.evenkeel.io.Histogram;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Parameter;
import dev.evenkeel.nn.Pass;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/**
 * Writes what TensorBoard shows of a training. Loss, learning rate and speed come as training goes;
 * validation, and histograms of weights, gradients and activations, at the ends of epochs. Steps
 * neither wait for it nor allocate: between the ends of epochs it uses nothing but losses that were
 * taken anyway. The gradients are those of an epoch's last batch, before clipping.
 *
 * <p>Make it before the training, which it only watches, and close it after. Should the folder
 * become unwritable on the way, training goes on without it.
 */
public final class TensorBoard implements Listener, AutoCloseable {

  /** So many points of a curve, or a few more, does TensorBoard show without leaving out any. */
  private static final int POINTS = 1000;

  /** Losses come in bursts; over a shorter time their rate says nothing. */
  private static final long SHORTEST_NANOS = 100_000_000;

  private final Model model;
  private final Consumer<String> say;
  private final EventFile file;
  private final ActivationSample sample;
  private double squaresOfGradients;
  private boolean failed;

  private long stepsPerPoint;
  private double lossSum;
  private long rowsOfLoss;

  private int epochs;
  private int epochOfLast;
  private long nanosOfLast;
  private long nanos;
  private long rowsOfNanos;

  /**
   * @param folder of this run alone; made where it is missing
   * @param data some rows of which show the activations
   * @param say hears when the folder became unwritable
   */
  public TensorBoard(Path folder, Model model, Dataset data, Consumer<String> say) {
    this.model = model;
    this.say = say;
    this.file = EventFile.create(folder);
    try {
      this.sample = new ActivationSample(model, data, Pass::inference);
    } catch (RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  @Override
  public void onStart(int epoch, int epochs, long step, long totalSteps, List<Epoch> before) {
    this.epochs = epochs;
    stepsPerPoint = Math.max(1, totalSteps / POINTS);
    file.start(step + 1);
    flush();
  }

  @Override
  public void onStep(
      int epoch, long step, int rows, float loss, double learningRate, long dataNanos) {
    lossSum += (double) loss * rows;
    rowsOfLoss += rows;
    time(epoch, rows);
    if (step % stepsPerPoint == 0 && !failed) {
      file.scalar("loss/train", lossSum / rowsOfLoss);
      file.scalar("learning_rate", learningRate);
      if (nanos >= SHORTEST_NANOS) {
        file.scalar("examples_per_second/recent", rowsOfNanos * 1e9 / nanos);
        nanos = 0;
        rowsOfNanos = 0;
      }
      file.event(step);
      flush();
      lossSum = 0;
      rowsOfLoss = 0;
    }
  }

  /** From one step to the next; what lies between two epochs is not training. */
  private void time(int epoch, int rows) {
    long now = System.nanoTime();
    if (epoch == epochOfLast) {
      nanos += now - nanosOfLast;
      rowsOfNanos += rows;
    }
    epochOfLast = epoch;
    nanosOfLast = now;
  }

  @Override
  public boolean wantsGradients() {
    return !failed;
  }

  @Override
  public void onGradient(Parameter parameter, float[] values) {
    Histogram gradients = Histogram.of(values);
    file.histogram("gradients/" + parameter.name(), gradients);
    file.scalar("gradient_norm/" + parameter.name(), Math.sqrt(gradients.sumOfSquares()));
    squaresOfGradients += gradients.sumOfSquares();
  }

  @Override
  public void onEpoch(Epoch epoch) {
    if (failed) {
      return;
    }
    file.scalar("loss/train_epoch", epoch.trainLoss());
    file.scalar("examples_per_second/epoch", epoch.examplesPerSecond());
    epoch
        .validation()
        .forEach(
            (name, score) ->
                file.scalar(name.equals("loss") ? "loss/validation" : "metrics/" + name, score));
    if (Epoch.isLookedInto(epoch.number(), epochs)) {
      file.scalar("gradient_norm/all", Math.sqrt(squaresOfGradients));
      squaresOfGradients = 0;
      weights();
      activations();
    }
    file.event(epoch.steps());
    flush();
  }

  private void weights() {
    for (Parameter parameter : model.parameters()) {
      file.histogram("weights/" + parameter.name(), Histogram.of(model.values(parameter)));
    }
  }

  /** Of each layer's output, under a name like "1.batch-norm.relu". */
  private void activations() {
    List<Pass.Named> operations = sample.pass().forward();
    StringBuilder tag = new StringBuilder("activations/");
    int start = tag.length();
    for (int i = 0; i < operations.size(); i++) {
      Pass.Named named = operations.get(i);
      named.operation().run();
      append(tag, start, named.name());
      boolean layerGoesOn =
          i + 1 < operations.size() && layer(operations.get(i + 1)).equals(layer(named));
      if (!layerGoesOn) {
        float[] values = new float[(int) named.result().size()];
        model.backend().read(named.result(), values); // now: what comes next may overwrite it
        file.histogram(tag.toString(), Histogram.of(values));
        tag.setLength(start);
      }
    }
  }

  private static String layer(Pass.Named named) {
    return named.name().substring(0, named.name().indexOf(' '));
  }

  /** "0 linear", then "0 relu", make "0.linear.relu"; tags of TensorBoard have no + and spaces. */
  private static void append(StringBuilder tag, int start, String operation) {
    String name = operation.replace(" + ", ".").replace(' ', '.');
    if (tag.length() == start) {
      tag.append(name);
    } else if (!name.endsWith(".identity")) {
      tag.append(name.substring(name.lastIndexOf('.')));
    }
  }

  private void flush() {
    try {
      file.flush();
    } catch (EvenkeelException e) {
      failed = true;
      say.accept(e.getMessage() + ". Training goes on without them");
    }
  }

  @Override
  public void close() {
    sample.close();
    file.close();
  }
}
