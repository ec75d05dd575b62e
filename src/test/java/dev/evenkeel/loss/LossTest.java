package dev.evenkeel.loss;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.evenkeel.Expect;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.backend.LossMemory;
import dev.evenkeel.backend.Operation;
import dev.evenkeel.io.Json;
import dev.evenkeel.tensor.Matrix;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class LossTest {

  static Stream<Loss> losses() {
    return Stream.of(
        Loss.crossEntropy(),
        Loss.crossEntropy(1.0 / 3),
        new Loss.SoftmaxCrossEntropy(0.1, List.of(1.0 / 3, 2.0, 0.0)),
        Loss.binaryCrossEntropy(),
        Loss.meanSquared(),
        Loss.meanAbsolute(),
        Loss.huber(1.35));
  }

  @ParameterizedTest
  @MethodSource("losses")
  void everyLossComesBackFromJson(Loss loss) {
    Loss back = Json.read(Json.write(loss), Loss.class, "the text");
    assertEquals(loss, back);
    assertArrayEquals(loss.constants(), back.constants());
  }

  @Test
  void impossibleLossesAreNamed() {
    Expect.failure(
        () -> Loss.crossEntropy(1), "Label smoothing must be at least 0 and below 1, not 1.0");
    Expect.failure(
        () -> Loss.crossEntropy(Double.NaN),
        "Label smoothing must be at least 0 and below 1, not NaN");
    Expect.failure(
        () -> new Loss.SoftmaxCrossEntropy(0, List.of(1.0, -2.0)),
        "A class weight must be at least 0 and finite as a float, not -2.0");
    Expect.failure(
        () -> new Loss.SoftmaxCrossEntropy(0, List.of(1.0, 1e39)), "finite as a float, not 1.0E39");
    Expect.failure(
        () -> new Loss.SoftmaxCrossEntropy(0, List.of(0.0, 1e-60)),
        "At least one class weight must be above 0, not all of [0.0, 1.0E-60]");
    Expect.failure(() -> Loss.huber(0), "Huber's delta must be above 0, not 0.0");
    Expect.failure(() -> Loss.huber(Double.NaN), "Huber's delta must be above 0, not NaN");
  }

  private static Operation bind(Backend backend, Loss loss, int outputs, int targets) {
    float[] constants = loss.constants();
    return loss.bind(
        backend,
        new Loss.Bound(
            new LossMemory(
                backend.table(new float[2 * outputs], 2, outputs),
                backend.table(new float[2 * targets], 2, targets),
                backend.table(new float[2 * outputs], 2, outputs),
                backend.table(new float[1], 1, 1)),
            false,
            constants.length == 0 ? Matrix.NONE : backend.table(constants, 1, constants.length)));
  }

  @Test
  void classWeightsMustBeAsManyAsOutputs() {
    try (Backend backend = Device.cpu(1)) {
      Loss loss = new Loss.SoftmaxCrossEntropy(0, List.of(1.0, 2.0));
      bind(backend, loss, 2, 1).run();
      Expect.failure(
          () -> bind(backend, loss, 3, 1), "A network of 3 outputs can't take 2 class weights");
    }
  }

  /** Else a loss would read the wrong row's targets, or past their end. */
  @ParameterizedTest
  @MethodSource("losses")
  void targetsMustHaveTheColumnsThatTheOutputsNeed(Loss loss) {
    try (Backend backend = Device.cpu(1)) {
      boolean classes = loss instanceof Loss.SoftmaxCrossEntropy;
      bind(backend, loss, 3, classes ? 1 : 3).run();
      Expect.failure(
          () -> bind(backend, loss, 3, 2),
          classes
              ? "takes one column of class numbers, but the targets have 2 columns"
              : "needs a target for each of the network's 3 outputs, but the targets have 2 columns");
    }
  }

  @Test
  void aClassThatTheNetworkHasNoOutputForIsNamed() {
    try (Backend backend = Device.cpu(1)) {
      Operation loss =
          Loss.crossEntropy()
              .bind(
                  backend,
                  new Loss.Bound(
                      new LossMemory(
                          backend.table(new float[6], 2, 3),
                          backend.table(new float[] {2, 3}, 2, 1),
                          backend.table(new float[6], 2, 3),
                          backend.table(new float[1], 1, 1)),
                      false,
                      Matrix.NONE));
      Expect.failure(
          loss::run,
          "Row 1 of the batch has class 3, but the network has 3 outputs (classes 0 to 2)");
    }
  }
}
