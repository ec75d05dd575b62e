package dev.evenkeel.lab;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.data.Batches;
import dev.evenkeel.loss.Loss;
import dev.evenkeel.nn.DataStart;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import dev.evenkeel.nn.Streams;
import dev.evenkeel.optim.Optimizer;
import dev.evenkeel.train.NonFiniteException;
import dev.evenkeel.train.TrainingStep;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongPredicate;

/**
 * A small training in memory, on a classification: cross-entropy, a constant learning rate, epochs
 * shuffled by the seed. It is the same on every device.
 *
 * @param watches look on as it goes
 */
public record Trial(
    Network network, LabData data, Optimizer optimizer, int batch, int steps, List<Watch> watches) {

  /** Steps that may be under way at once. */
  private static final int UNDER_WAY = 16;

  /** What looks at a training at some of its steps. */
  public record Watch(LongPredicate at, Consumer<Moment> look) {}

  /**
   * @param accuracy on the test rows at the end, from 0 to 1; that of guessing where it diverged
   * @param logLoss on the test rows at the end; infinite where it diverged
   * @param losses of every batch
   */
  public record Result(double accuracy, double logLoss, float[] losses) {

    public double percent() {
      return 100 * accuracy;
    }
  }

  /** Momentum 0.9 at a learning rate of 0.1, batches of 128, 1,000 steps. */
  public static Trial of(Network network, LabData data) {
    return new Trial(network, data, Optimizer.momentum(0.1), 128, 1000, List.of());
  }

  public Trial withOptimizer(Optimizer optimizer) {
    return new Trial(network, data, optimizer, batch, steps, watches);
  }

  public Trial withLearningRate(double learningRate) {
    return withOptimizer(optimizer.withLearningRate(learningRate));
  }

  public Trial withBatch(int batch) {
    return new Trial(network, data, optimizer, batch, steps, watches);
  }

  public Trial withSteps(int steps) {
    return new Trial(network, data, optimizer, batch, steps, watches);
  }

  /** Looks on before the first step (step 0) and after every {@code steps} steps. */
  public Trial every(int steps, Consumer<Moment> look) {
    return watch(step -> step % steps == 0, look);
  }

  /** Looks on after these numbers of steps; 0 is before the first. */
  public Trial at(List<Integer> steps, Consumer<Moment> look) {
    return watch(step -> steps.contains((int) step), look);
  }

  /** Looks on before the first step, and may change the model. */
  public Trial atStart(Consumer<Moment> look) {
    return at(List.of(0), look);
  }

  /** Looks on after the last step; not where it diverged. */
  public Trial atEnd(Consumer<Moment> look) {
    return watch(step -> step == steps, look);
  }

  private Trial watch(LongPredicate at, Consumer<Moment> look) {
    List<Watch> more = new ArrayList<>(watches);
    more.add(new Watch(at, look));
    return new Trial(network, data, optimizer, batch, steps, more);
  }

  /** Trains a fresh model. */
  public Result run(Lab lab, long seed) {
    Backend backend = lab.backend();
    try (TrainingStep.Source source = TrainingStep.Source.of(backend, data.train());
        Model model = network.build(backend, seed);
        TrainingStep step =
            new TrainingStep(model, source, Loss.crossEntropy(), optimizer, 0, largest(), seed)) {
      return new Going(lab, model, step, source, seed).toTheEnd();
    }
  }

  private int largest() {
    return batches().largest();
  }

  private Batches batches() {
    return Batches.of(data.train().rows(), batch, network.smallestBatch());
  }

  /** A trial under way. */
  private final class Going {
    private final Lab lab;
    private final Model model;
    private final TrainingStep training;
    private final TrainingStep.Source source;
    private final long seed;
    private final float[] losses = new float[steps];
    private int taken;

    Going(Lab lab, Model model, TrainingStep training, TrainingStep.Source source, long seed) {
      this.lab = lab;
      this.model = model;
      this.training = training;
      this.source = source;
      this.seed = seed;
    }

    Result toTheEnd() {
      try {
        train();
      } catch (NonFiniteException e) {
        return diverged();
      }
      Score score = moment(steps).test();
      boolean finite = Double.isFinite(score.logLoss());
      return finite ? new Result(score.accuracy(), score.logLoss(), losses) : diverged();
    }

    private Result diverged() {
      return new Result(
          1.0 / data.classes(),
          Double.POSITIVE_INFINITY,
          Arrays.copyOf(losses, Math.min(taken, steps)));
    }

    private void train() {
      Batches batches = batches();
      source.order().replace(shuffled(0));
      DataStart.set(
          model, source.features(), Arrays.copyOf(source.order().rows(), batches.size(0)));
      look(0);
      for (int number = 0; number < steps; number++) {
        int position = number % batches.count();
        if (position == 0) {
          source.order().replace(shuffled(number / batches.count()));
        }
        source.order().moveTo(batches.start(position));
        training.start(batches.size(position), number, optimizer.learningRate());
        take(UNDER_WAY);
        look(number + 1);
      }
      take(0);
    }

    private int[] shuffled(int epoch) {
      return Streams.shuffled(data.train().rows(), seed, epoch);
    }

    private void take(int allowed) {
      while (training.take(allowed)) {
        losses[taken++] = training.loss();
      }
    }

    private void look(int step) {
      if (step % 50 == 0) {
        lab.share((double) step / steps);
      }
      for (Watch watch : watches) {
        if (watch.at().test(step)) {
          take(0);
          watch.look().accept(moment(step));
        }
      }
    }

    private Moment moment(int step) {
      double loss = step == 0 ? Double.NaN : losses[step - 1];
      return new Moment(Trial.this, model, training, source.features(), step, loss);
    }
  }
}
