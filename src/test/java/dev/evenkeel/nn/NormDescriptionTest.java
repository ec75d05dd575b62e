package dev.evenkeel.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.Expect;
import dev.evenkeel.OnCpu;
import dev.evenkeel.backend.Activation;
import dev.evenkeel.io.Json;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the descriptions of norms say: parameters, JSON, and what is refused. */
class NormDescriptionTest extends OnCpu {

  private static final BatchNorm NORM = BatchNorm.standard();

  private List<String> parameterNames(Network network) {
    try (Model model = network.build(backend, 1)) {
      return model.parameters().stream().map(Parameter::name).toList();
    }
  }

  @Test
  void aBiasIsLeftOutBeforeEveryKindOfBatchNormAndKeptBeforeRowNorms() {
    for (BatchNorm norm : List.of(NORM.withGhost(4), BatchNorm.meanOnly())) {
      assertEquals("0.weight", parameterNames(Network.of(3, Linear.of(4), norm)).get(0));
      assertFalse(parameterNames(Network.of(3, Linear.of(4), norm)).contains("0.bias"));
    }
    for (RowNorm norm : List.of(RowNorm.layer(), RowNorm.rms(), RowNorm.group(2))) {
      assertTrue(
          parameterNames(Network.of(3, Linear.of(4), norm)).contains("0.bias"),
          "the mean over a row's features does not take a unit's bias off");
    }
  }

  @Test
  void everyNormHasThePlacesThatPyTorchGivesIt() {
    Network network =
        Network.of(
            3,
            Linear.of(4).withWeightNorm(WeightNorm.fromData()),
            RowNorm.layer(),
            Linear.of(1).withWeightNorm(WeightNorm.ofGain(0.5)).withBias(false),
            BatchNorm.meanOnly(),
            Linear.of(6),
            RowNorm.rms(),
            RowNorm.group(3),
            Activate.relu(),
            new NormProp(Activation.RELU),
            new AlphaDropout(0.1),
            NORM.withGhost(2));
    try (Model model = network.build(backend, 1)) {
      assertEquals(
          List.of(
              "0.parametrizations.weight.original0 4x1",
              "0.parametrizations.weight.original1 4x3",
              "0.bias 1x4",
              "1.weight 1x4",
              "1.bias 1x4",
              "2.parametrizations.weight.original0 1x1",
              "2.parametrizations.weight.original1 1x4",
              "3.bias 1x1",
              "4.weight 6x1",
              "4.bias 1x6",
              "5.weight 1x6",
              "6.weight 1x6",
              "6.bias 1x6",
              "10.weight 1x6",
              "10.bias 1x6"),
          model.parameters().stream()
              .map(p -> p.name() + " " + p.rows() + "x" + p.columns())
              .toList());
      assertEquals(
          List.of(
              "3.running_mean",
              "3.num_batches_tracked",
              "10.running_mean",
              "10.running_var",
              "10.num_batches_tracked"),
          model.statistics().stream().map(Parameter::name).toList());
      assertEquals(
          List.of(
              "0.parametrizations.weight.original1",
              "2.parametrizations.weight.original1",
              "4.weight"),
          model.parameters().stream().filter(Parameter::decays).map(Parameter::name).toList(),
          "lengths don't decay, directions do");
      assertArrayEquals(new float[] {0.5f}, model.values(model.parameters().get(5)));
    }
  }

  @Test
  void jsonOfNormsIsReadableAndStable() {
    assertEquals(
        """
        {"inputs":4,"layers":[\
        {"type":"linear","units":4,"bias":"AUTO","initialiser":{"kind":"AUTO","sigma":1.0},\
        "weightNorm":{"start":"DATA","gain":1.0}},\
        {"type":"batch-norm","epsilon":1.0E-5,"running":{"type":"exponential","weight":0.1},\
        "runningVariance":"UNBIASED","ghostRows":8,"centresOnly":true},\
        {"type":"row-norm","kind":"GROUP","size":2,"epsilon":1.0E-5},\
        {"type":"activation","function":"relu"},\
        {"type":"normprop","function":"relu"},\
        {"type":"alpha-dropout","probability":0.05}]}""",
        Json.write(
            Network.of(
                4,
                Linear.of(4).withWeightNorm(WeightNorm.fromData()),
                BatchNorm.meanOnly().withGhost(8),
                RowNorm.group(2),
                Activate.relu(),
                new NormProp(Activation.RELU),
                new AlphaDropout(0.05))));
  }

  @Test
  void whatJsonLacksIsNamed() {
    Network network = Network.of(2, Linear.of(3), NORM);
    String json = Json.write(network);
    assertEquals(network, Json.read(json, Network.class, "a.json"));
    Expect.failure(
        () -> Json.read(json.replace("\"units\":3,", ""), Network.class, "a.json"), "units");
  }

  @Test
  void everyImpossibleNormIsNamed() {
    Expect.failure(
        () -> Network.of(100, RowNorm.group(32)),
        "Group norm can't part 100 features into 32 equal groups. help: the number of groups can be 25 or 50");
    Expect.failure(
        () -> Network.of(4, Linear.of(100), Residual.of(RowNorm.instance(30))),
        "Instance norm can't part 100 features into groups of 30. help: the length of a group can be 25 or 50");
    Expect.failure(() -> Network.of(20, RowNorm.group(32)), "help: the number of groups can be 10");
    Expect.failure(
        () -> Network.of(7, RowNorm.instance(3)), "help: the length of a group can be 7");
    Expect.failure(
        () -> Network.of(7, RowNorm.group(3)),
        "Group norm can't part 7 features into 3 equal groups. help: the number of groups can be 1");
    Expect.failure(
        () -> RowNorm.instance(1),
        "each set has one element, so its deviation is 0 and every output would be β");
    Expect.failure(() -> Network.of(7, RowNorm.group(7)), "help: fewer groups than the 7 features");
    Expect.failure(() -> Network.of(1, RowNorm.layer()), "Layer norm over sets of 1 feature");
    Expect.failure(() -> RowNorm.group(0), "Group norm needs at least 1 group, not 0");
    Expect.failure(
        () -> RowNorm.instance(0), "Instance norm needs groups of at least 2 features, not 0");
    Expect.failure(
        () -> RowNorm.rms().withEpsilon(-1), "RMS norm's epsilon must be at least 0, not -1.0");
    Expect.failure(
        () -> NORM.withGhost(1), "Ghost batch norm takes groups of at least 2 rows, not 1");
    Expect.failure(() -> NORM.withGhost(-4), "at least 2 rows, not -4");
    for (double gain : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
      Expect.failure(
          () -> WeightNorm.ofGain(gain),
          "Weight norm's gain must be above 0 and finite, not " + gain);
    }
    Expect.failure(
        () -> new AlphaDropout(1),
        "The alpha dropout probability must be at least 0 and below 1, not 1.0");
  }
}
