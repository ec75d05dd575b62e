package dev.evenkeel.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.data.Feature;
import dev.evenkeel.data.Preparation;
import dev.evenkeel.data.Standardize;
import dev.evenkeel.data.Target;
import dev.evenkeel.data.Task;
import dev.evenkeel.io.Json;
import dev.evenkeel.io.Safetensors;
import dev.evenkeel.nn.Linear;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import dev.evenkeel.nn.RowNorm;
import dev.evenkeel.train.DataPlan;
import dev.evenkeel.train.Recipe;
import dev.evenkeel.train.SavedModel;
import dev.evenkeel.train.Trainer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@link FuzzTest} once found, and what a look at the same places found. */
class FoundByFuzzingTest {

  private static final Standardize ONE = new Standardize(new double[1], new double[] {1});

  @TempDir Path folder;

  @Test
  void aHugeWidthThatNoGroupsPartIsRefusedAtOnce() {
    EvenkeelException e =
        assertTimeoutPreemptively(
            Duration.ofSeconds(5),
            () ->
                assertThrows(
                    EvenkeelException.class,
                    () -> Network.of(Integer.MAX_VALUE - 2, RowNorm.group(1_000_000_000))));
    assertTrue(e.getMessage().contains("can't part 2,147,483,645 features"), e.getMessage());
  }

  @Test
  void aDescriptionThatAsksForMoreThanTheFileHoldsTakesNoMemory() {
    Network lie = Network.of(3, Linear.of(700_000_000));
    EvenkeelException e = refusal(Map.of("network", Json.write(lie)));
    assertTrue(
        e.getMessage()
            .endsWith("tensor \"0.weight\" has 6 values, but its layer needs 2,100,000,000"),
        e.getMessage());
  }

  @Test
  void theNullThatIsValidJsonIsNoDescription() {
    for (String part : List.of("network", "recipe", "preparation")) {
      String words = refusal(Map.of(part, "null")).getMessage();
      assertTrue(words.contains("evenkeel." + part + " holds null, but a"), words);
    }
  }

  @Test
  void blocksWithinBlocksWithoutEndAreRefusedBeforeTheStackEnds() {
    String open = "{\"type\":\"residual\",\"layers\":[";
    for (int depth : List.of(100, 400, 5000)) {
      String network =
          "{\"inputs\":3,\"layers\":[" + open.repeat(depth) + "]}".repeat(depth) + "]}";
      String words = refusal(Map.of("network", network)).getMessage();
      assertTrue(words.contains("evenkeel.network does not hold a valid Network: "), words);
      assertTrue(words.contains("nesting depth"), words);
    }
  }

  @Test
  void digitsOfOtherScriptsAreLettersToTheOrderOfClasses() throws Exception {
    String nko = "\u07c7E";
    String rows = "1,b\n2,%s\n3,c 10\n4,c 9\n".formatted(nko).repeat(10);
    Path csv = Files.writeString(folder.resolve("in.csv"), "x,y\n" + rows);
    Task task = DataPlan.of(csv.toString()).load(note -> {}).train().task();
    assertEquals(List.of("b", "c 9", "c 10", nko), ((Task.Classification) task).classes());
  }

  @Test
  void aPreparationForAnotherWidthIsRefused() {
    Preparation other =
        new Preparation(
            List.of(new Feature.Columns(4)), ONE, new Target.Labels("label", List.of("a", "b")));
    EvenkeelException e = refusal(Map.of("preparation", Json.write(other)));
    assertTrue(
        e.getMessage().endsWith("its preparation makes 4 features, but its network takes 3"),
        e.getMessage());
  }

  @Test
  void aPreparationOfNothingOrOfTooMuchIsRefused() {
    Target target = new Target.Quantities(List.of("y"), ONE);
    assertEquals(
        "Data has at least 1 column, not -5",
        assertThrows(EvenkeelException.class, () -> new Feature.Columns(-5)).getMessage());
    Feature most = new Feature.Columns(Integer.MAX_VALUE);
    for (List<Feature> features : List.of(List.<Feature>of(), List.of(most, most))) {
      assertThrows(EvenkeelException.class, () -> new Preparation(features, ONE, target));
    }
    Standardize three = new Standardize(new double[3], new double[3]);
    assertThrows(EvenkeelException.class, () -> new Target.Quantities(List.of("a", "b"), three));
  }

  /** What loading says of a good file in whose metadata some texts were exchanged. */
  private EvenkeelException refusal(Map<String, String> exchanged) {
    float[] features = {1, 2, 3, 4, 5, 6, 0, 1, 0, 2, 2, 1};
    Dataset data =
        Dataset.classification("d", features, 3, new int[] {0, 1, 0, 1}, List.of("a", "b"));
    Recipe recipe = Recipe.classification().withEpochs(1).withMetrics(List.of());
    try (Backend backend = Device.cpu(1);
        Model model = Network.of(3, Linear.of(2)).build(backend, 1)) {
      new Trainer(model, recipe, data).withCheckpoints(folder).fit();
    }
    Safetensors.Content good = Safetensors.read(folder.resolve(SavedModel.MODEL_FILE));
    Map<String, String> metadata = new LinkedHashMap<>(good.metadata());
    exchanged.forEach((key, text) -> metadata.put("evenkeel." + key, text));
    Path file = folder.resolve("other.safetensors");
    Safetensors.write(file, metadata, new LinkedHashMap<>(good.tensors()));
    return assertThrows(EvenkeelException.class, () -> SavedModel.load(file));
  }
}
