package dev.evenkeel.train;

import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.io.AtomicFile;
import dev.evenkeel.nn.Activate;
import dev.evenkeel.nn.BatchNorm;
import dev.evenkeel.nn.Dropout;
import dev.evenkeel.nn.Linear;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import dev.evenkeel.nn.Residual;
import dev.evenkeel.optim.Optimizer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/** What tests of training runs share, here and on a real GPU: how they run, and what they leave. */
public final class Runs {

  /**
   * With ε = 1e-8 the rounding noise of a gradient that is 0 becomes a whole step, in another
   * direction on each device.
   */
  public static final Optimizer STEADY_ADAM = new Optimizer.AdamW(2e-3, 0.9, 0.999, 1e-4, 0.01);

  /** For the digits. */
  public static final Network RICH = rich(BatchNorm.standard());

  private Runs() {}

  static Network rich(BatchNorm norm) {
    return Network.of(
        64,
        Linear.of(24),
        norm,
        Activate.relu(),
        new Dropout(0.2),
        Residual.of(Linear.of(24), norm, Activate.of(Activation.SILU)),
        Linear.of(13),
        Activate.of(Activation.TANH),
        Linear.of(10));
  }

  /** The first rows. */
  static Dataset rows(Dataset data, int rows) {
    return data.select(IntStream.range(0, rows).toArray());
  }

  /** Hears of a step, from 1 on. */
  interface Steps {
    void hear(int epoch, long step, int rows, float loss);
  }

  static Listener atSteps(Steps steps) {
    return new Listener() {
      @Override
      public void onStep(int epoch, long step, int rows, float loss, double rate, long nanos) {
        steps.hear(epoch, step, rows, loss);
      }
    };
  }

  static Listener atStep(long wanted, Runnable action) {
    return atSteps(
        (epoch, step, rows, loss) -> {
          if (step == wanted) {
            action.run();
          }
        });
  }

  static Listener atEpochs(Consumer<Epoch> epochs) {
    return new Listener() {
      @Override
      public void onEpoch(Epoch epoch) {
        epochs.accept(epoch);
      }
    };
  }

  static Listener atCheckpoints(Consumer<Path> files) {
    return new Listener() {
      @Override
      public void onCheckpoint(Path file) {
        files.accept(file);
      }
    };
  }

  /** Keeps the losses of all steps. */
  public static Listener into(List<Float> losses) {
    return atSteps((epoch, step, rows, loss) -> losses.add(loss));
  }

  /**
   * Ends a run as its user would, at the end of the epoch of that step, with a checkpoint there.
   *
   * @return the steps done
   */
  public static int stopAfter(int step, Trainer trainer, Path folder) {
    trainer
        .withCheckpoints(folder)
        .withListener(
            atEpochs(
                epoch -> {
                  if (epoch.steps() >= step) {
                    AtomicFile.write(folder.resolve("stop"), out -> {});
                    LockSupport.parkNanos(2 * RunMark.LOOK_NANOS);
                  }
                }));
    return (int) assertThrows(StoppedException.class, trainer::fit).steps();
  }

  /** The parameters as they are, with what lies between them. */
  static float[] parameters(Model model) {
    float[] parameters = new float[model.flatParameters().columns()];
    model.backend().read(model.flatParameters(), parameters);
    return parameters;
  }

  /** The parameters, and batch norm's running statistics behind them. */
  public static float[] values(Model model) {
    float[] parameters = parameters(model);
    float[] statistics = new float[model.flatStatistics().columns()];
    model.backend().read(model.flatStatistics(), statistics);
    float[] all = Arrays.copyOf(parameters, parameters.length + statistics.length);
    System.arraycopy(statistics, 0, all, parameters.length, statistics.length);
    return all;
  }
}
