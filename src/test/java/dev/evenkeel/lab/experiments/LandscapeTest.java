package dev.evenkeel.lab.experiments;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.loss.Loss;
import dev.evenkeel.nn.Model;
import dev.evenkeel.optim.Optimizer;
import dev.evenkeel.tensor.Buffer;
import dev.evenkeel.tensor.Matrix;
import dev.evenkeel.tensor.Philox;
import dev.evenkeel.tensor.RowOrder;
import dev.evenkeel.train.TrainingStep;
import java.util.List;
import org.junit.jupiter.api.Test;

class LandscapeTest {

  private static final int ROWS = 16;
  private static final Dataset DATA = data();

  private static Dataset data() {
    Philox random = new Philox(1, 1);
    float[] features = new float[ROWS * 6];
    int[] labels = new int[ROWS];
    for (int i = 0; i < features.length; i++) {
      features[i] = (float) random.nextGaussian();
    }
    for (int row = 0; row < ROWS; row++) {
      labels[row] = row % 3;
    }
    return Dataset.classification("noise", features, 6, labels, List.of("a", "b", "c"));
  }

  private static Model model(Backend backend) {
    return Method.BATCH.classifier(6, 8, 2, Activation.RELU, 3).build(backend, 1);
  }

  @Test
  void aTrainingThatIsLookedAtGoesOnBitForBitAsOneThatIsNot() {
    float[][] alone = trained(false);
    float[][] lookedAt = trained(true);
    for (int i = 0; i < alone.length; i++) {
      assertArrayEquals(alone[i], lookedAt[i]);
    }
  }

  /** Losses, parameters and running statistics. */
  private static float[][] trained(boolean look) {
    try (Backend backend = Device.cpu(1);
        Model model = model(backend);
        Landscape landscape = new Landscape(model, DATA, ROWS);
        Buffer features = backend.inputs(DATA.features(), ROWS, 6).buffer();
        Buffer targets = backend.table(DATA.targets(), ROWS, 1).buffer();
        TrainingStep training =
            new TrainingStep(
                model,
                new TrainingStep.Source(
                    Matrix.of(features, ROWS, 6),
                    Matrix.of(targets, ROWS, 1),
                    RowOrder.natural(ROWS)),
                Loss.crossEntropy(),
                Optimizer.momentum(0.1),
                0,
                ROWS,
                1)) {
      float[] losses = new float[12];
      for (int step = 0; step < losses.length; step++) {
        if (look) {
          landscape.look(List.of(0.1, 0.4));
        }
        losses[step] = training.run(ROWS, step, 0.1);
      }
      return new float[][] {
        losses, values(backend, model.flatParameters()), values(backend, model.flatStatistics())
      };
    }
  }

  private static float[] values(Backend backend, Matrix matrix) {
    float[] values = new float[(int) matrix.size()];
    backend.read(matrix, values);
    return values;
  }

  @Test
  void aViewSpansWhatIsSeenAtAllSteps() {
    try (Backend backend = Device.cpu(1);
        Model model = model(backend);
        Landscape landscape = new Landscape(model, DATA, ROWS)) {
      Landscape.View near = landscape.look(List.of(1e-3));
      Landscape.View far = landscape.look(List.of(1e-3, 0.5));
      assertEquals(near.lowest(), near.highest());
      assertTrue(far.range() > 0);
      assertTrue(far.farthest() > 10 * near.farthest(), "a longer step turns the gradient more");
      assertEquals(near.nearest(), far.nearest(), "the same point, seen again");
      assertTrue(far.beta() >= near.beta(), "the largest of more steps");
    }
  }
}
