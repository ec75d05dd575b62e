package dev.evenkeel.train;

import dev.evenkeel.data.Dataset;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Parameter;
import dev.evenkeel.nn.Pass;
import dev.evenkeel.tensor.Matrix;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Keeps layers.csv beside a run's history: at the ends of epochs, the norm of each layer's gradient
 * and the percentiles of what each activation function gets. Between the ends of epochs it does
 * nothing. The gradients are those of an epoch's last batch, before clipping.
 *
 * <p>Make it before the training, which it only watches, and close it after. A run that goes on
 * appends to the file; lines from beyond the checkpoint are cut first. Should the file become
 * unwritable on the way, training goes on without it.
 */
public final class Observations implements Listener, AutoCloseable {

  public static final String FILE = "layers.csv";

  /** The columns of the file. */
  public static final List<String> COLUMNS = List.of("epoch", "layer", "what", "value");

  /** What is said of a layer: the norm of its gradient, or a percentile "p15", "p50", "p85". */
  public static final String GRADIENT_NORM = "gradient_norm";

  /** The lectures' and the paper's. */
  public static final List<Integer> PERCENTILES = List.of(15, 50, 85);

  /** Percentiles of so many values are nearly those of all, and sorting all would take longer. */
  private static final int MOST_VALUES = 1 << 12;

  private final GrowingCsv file;
  private final Model model;
  private final ActivationSample sample;
  private final Map<String, Double> squaresOfGradients = new LinkedHashMap<>();
  private int epochs;

  /**
   * @param data some rows of which are run through the model
   * @param say hears when the file became unwritable
   */
  public Observations(Path folder, Model model, Dataset data, Consumer<String> say) {
    this.file = new GrowingCsv(folder.resolve(FILE), COLUMNS, say);
    this.model = model;
    this.sample = new ActivationSample(model, data, Pass::showingInputs);
  }

  @Override
  public void onStart(int epoch, int epochs, long step, long totalSteps, List<Epoch> before) {
    this.epochs = epochs;
    file.keepUpTo(before.size());
  }

  @Override
  public boolean wantsGradients() {
    return !file.failed();
  }

  /** The squared norm of each layer's gradient; a layer is all parameters of one number. */
  @Override
  public void onGradient(Parameter parameter, float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += (double) value * value;
    }
    squaresOfGradients.merge(parameter.layer(), sum, Double::sum);
  }

  @Override
  public void onEpoch(Epoch epoch) {
    if (file.failed() || !Epoch.isLookedInto(epoch.number(), epochs)) {
      return;
    }
    StringBuilder lines = new StringBuilder();
    squaresOfGradients.forEach(
        (layer, squares) -> line(lines, epoch, layer, GRADIENT_NORM, Math.sqrt(squares)));
    squaresOfGradients.clear();
    activations(lines, epoch);
    file.append(lines);
  }

  private static void line(
      StringBuilder lines, Epoch epoch, String layer, String what, double value) {
    lines.append(epoch.number()).append(',').append(layer).append(',');
    lines.append(what).append(',').append(value).append('\n');
  }

  private void activations(StringBuilder lines, Epoch epoch) {
    List<Pass.Named> operations = sample.pass().forward();
    int done = 0;
    for (Pass.ActivationInput input : sample.pass().activationInputs()) {
      for (; done < input.beforeOperation(); done++) {
        operations.get(done).operation().run();
      }
      float[] values = sorted(input.values());
      for (int percentile : PERCENTILES) {
        int at = (int) Math.round(percentile * (values.length - 1) / 100.0);
        line(lines, epoch, input.layer(), "p" + percentile, values[at]);
      }
    }
  }

  private float[] sorted(Matrix matrix) {
    float[] all = new float[(int) matrix.size()];
    model.backend().read(matrix, all); // now: what comes next may overwrite it
    int stride = (all.length + MOST_VALUES - 1) / MOST_VALUES;
    stride += stride > 1 && matrix.columns() % stride == 0 ? 1 : 0; // else always the same units
    float[] some = new float[(all.length + stride - 1) / stride];
    for (int i = 0; i < some.length; i++) {
      some[i] = all[i * stride];
    }
    Arrays.sort(some);
    return some;
  }

  @Override
  public void close() {
    sample.close();
    file.close();
  }
}
