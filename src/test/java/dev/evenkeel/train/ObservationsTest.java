package dev.evenkeel.train;

import static dev.evenkeel.train.Runs.parameters;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.nn.Activate;
import dev.evenkeel.nn.BatchNorm;
import dev.evenkeel.nn.Dropout;
import dev.evenkeel.nn.Linear;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import dev.evenkeel.nn.Parameter;
import dev.evenkeel.nn.Residual;
import dev.evenkeel.nn.RowNorm;
import dev.evenkeel.nn.WeightNorm;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ObservationsTest {

  private static final Dataset FEW = Digits.train(97);

  private static final Recipe RECIPE =
      Recipe.classification().withBatch(16).withClip(1).withEpochs(3).withSeed(7);

  private static final Network RICH =
      Network.of(
          64,
          Linear.of(24),
          Activate.relu(),
          new Dropout(0.2),
          Residual.of(
              Linear.of(16), BatchNorm.standard(), Activate.of(Activation.TANH), Linear.of(24)),
          RowNorm.layer(),
          Activate.of(Activation.SIGMOID),
          Linear.of(10));

  @TempDir Path folder;

  private Observations observations(Model model) {
    return new Observations(
        folder,
        model,
        FEW,
        words -> {
          throw new AssertionError(words);
        });
  }

  private List<String[]> lines() throws IOException {
    List<String> lines = Files.readAllLines(folder.resolve(Observations.FILE));
    assertEquals("epoch,layer,what,value", lines.get(0));
    return lines.subList(1, lines.size()).stream().map(line -> line.split(",")).toList();
  }

  /** What the file says of the last epoch, by "layer what". */
  private Map<String, Double> last(int epoch) throws IOException {
    Map<String, Double> said = new HashMap<>();
    for (String[] line : lines()) {
      if (line[0].equals(Integer.toString(epoch))) {
        said.put(line[1] + " " + line[2], Double.parseDouble(line[3]));
      }
    }
    return said;
  }

  @Test
  void trainingWithItGivesTheSameBitsAsWithout() {
    List<float[]> results = new ArrayList<>();
    for (boolean watched : new boolean[] {false, true}) {
      try (Backend backend = Device.cpu(2);
          Model model = RICH.build(backend, 5);
          Observations seen = observations(model)) {
        Trainer trainer = new Trainer(model, RECIPE, FEW).withValidation(Digits.DATA.valid());
        if (watched) {
          trainer.withListener(seen);
        }
        trainer.fit();
        results.add(parameters(model));
      }
    }
    assertArrayEquals(results.get(0), results.get(1));
  }

  @Test
  void everyLayerIsThereAtEveryEpoch() throws IOException {
    try (Backend backend = Device.cpu(1);
        Model model = RICH.build(backend, 5);
        Observations seen = observations(model)) {
      new Trainer(model, RECIPE, FEW).withListener(seen).fit();
    }
    List<String> expected = new ArrayList<>();
    for (int epoch = 1; epoch <= 3; epoch++) {
      for (String layer : List.of("0", "3.0", "3.1", "3.3", "4", "6")) {
        expected.add(epoch + "," + layer + ",gradient_norm");
      }
      for (String layer : List.of("0 relu", "3.1 tanh", "4 sigmoid")) {
        for (int percentile : Observations.PERCENTILES) {
          expected.add(epoch + "," + layer + ",p" + percentile);
        }
      }
    }
    assertEquals(expected, lines().stream().map(l -> l[0] + "," + l[1] + "," + l[2]).toList());
  }

  /** Lengths, directions and bias are one layer's, though PyTorch's names of them are longer. */
  @Test
  void aWeightNormIsOfItsLayer() throws IOException {
    Linear normed = Linear.of(24).withWeightNorm(WeightNorm.ofGain(1));
    Network network = Network.of(64, normed, Residual.of(Activate.relu(), normed), Linear.of(10));
    try (Backend backend = Device.cpu(1);
        Model model = network.build(backend, 5);
        Observations seen = observations(model)) {
      new Trainer(model, RECIPE.withEpochs(1), FEW).withListener(seen).fit();
    }
    List<String> layers =
        lines().stream()
            .filter(line -> line[2].equals(Observations.GRADIENT_NORM))
            .map(line -> line[1])
            .toList();
    assertEquals(List.of("0", "1.1", "2"), layers);
  }

  @Test
  void gradientNormsAreThoseOfTheLastBatch() throws IOException {
    Map<String, Double> expected = new HashMap<>();
    try (Backend backend = Device.cpu(1);
        Model model = RICH.build(backend, 5);
        Observations seen = observations(model)) {
      Listener watcher =
          new Listener() {
            private TrainingStep step;

            @Override
            public void onReady(TrainingStep step) {
              this.step = step;
            }

            @Override
            public void onEpoch(Epoch epoch) {
              expected.clear();
              float[] flat = new float[step.gradients().columns()];
              backend.read(step.gradients(), flat);
              for (Parameter p : model.parameters()) {
                String layer = p.name().replaceFirst("\\.\\w+$", "");
                double sum =
                    IntStream.range((int) p.offset(), (int) (p.offset() + p.size()))
                        .mapToDouble(i -> (double) flat[i] * flat[i])
                        .sum();
                expected.merge(layer, sum, Double::sum);
              }
            }
          };
      new Trainer(model, RECIPE, FEW).withListener(seen).withListener(watcher).fit();
    }
    Map<String, Double> said = last(3);
    expected.forEach(
        (layer, squares) ->
            assertEquals(
                Math.sqrt(squares), said.get(layer + " gradient_norm"), 1e-9, "layer " + layer));
    assertTrue(expected.values().stream().allMatch(squares -> squares > 0), expected::toString);
  }

  /** In float64 by the formulas, of all rows, as there are less than 256. */
  @Test
  void percentilesAreOfWhatTheActivationGets() throws IOException {
    Network network =
        Network.of(
            64,
            Linear.of(8),
            Activate.relu(),
            Linear.of(6),
            BatchNorm.standard(),
            Activate.relu(),
            Linear.of(10));
    Map<String, float[]> weights = new HashMap<>();
    try (Backend backend = Device.cpu(1);
        Model model = network.build(backend, 5);
        Observations seen = observations(model)) {
      new Trainer(model, RECIPE, FEW).withListener(seen).fit();
      weights.putAll(model.values());
    }
    double[][] z = new double[FEW.rows()][];
    double[][] normed = new double[FEW.rows()][];
    for (int row = 0; row < FEW.rows(); row++) {
      double[] x = new double[64];
      for (int j = 0; j < 64; j++) {
        x[j] = FEW.features()[row * 64 + j];
      }
      z[row] = linear(x, weights.get("0.weight"), weights.get("0.bias"));
      double[] a = Arrays.stream(z[row]).map(v -> Math.max(0, v)).toArray();
      normed[row] = linear(a, weights.get("2.weight"), new float[6]);
      for (int j = 0; j < 6; j++) {
        double deviation = Math.sqrt(weights.get("3.running_var")[j] + BatchNorm.DEFAULT_EPSILON);
        double centred = normed[row][j] - weights.get("3.running_mean")[j];
        normed[row][j] =
            centred / deviation * weights.get("3.weight")[j] + weights.get("3.bias")[j];
      }
    }
    assertPercentiles(z, "0 relu");
    assertPercentiles(normed, "3 relu");
  }

  private static double[] linear(double[] x, float[] weight, float[] bias) {
    double[] y = new double[bias.length];
    for (int i = 0; i < y.length; i++) {
      y[i] = bias[i];
      for (int j = 0; j < x.length; j++) {
        y[i] += weight[i * x.length + j] * x[j];
      }
    }
    return y;
  }

  private void assertPercentiles(double[][] values, String layer) throws IOException {
    double[] sorted = Arrays.stream(values).flatMapToDouble(Arrays::stream).sorted().toArray();
    for (int percentile : Observations.PERCENTILES) {
      double expected = sorted[(int) Math.round(percentile / 100.0 * (sorted.length - 1))];
      double said = last(3).get(layer + " p" + percentile);
      assertEquals(expected, said, 1e-4, layer + " " + percentile); // sums of float32
    }
  }

  @Test
  void aRunThatGoesOnCutsWhatLiesBeyondItsCheckpointAndAppends() throws IOException {
    Path run = folder.resolve("run");
    List<String> whole;
    try (Backend backend = Device.cpu(1);
        Model model = RICH.build(backend, 5);
        Observations seen = observations(model)) {
      new Trainer(model, RECIPE, FEW).withListener(seen).fit();
      whole = Files.readAllLines(folder.resolve(Observations.FILE));
    }
    try (Backend backend = Device.cpu(1);
        Model model = RICH.build(backend, 5);
        Observations seen = observations(model)) {
      Listener killer =
          Runs.atEpochs(
              epoch -> {
                if (epoch.number() == 2) {
                  throw new IllegalStateException("killed"); // the checkpoint is of epoch 1
                }
              });
      try {
        new Trainer(model, RECIPE, FEW)
            .withCheckpoints(run)
            .withListener(seen)
            .withListener(killer)
            .fit();
      } catch (IllegalStateException e) {
        assertEquals("killed", e.getMessage());
      }
    }
    Path file = folder.resolve(Observations.FILE);
    assertTrue(last(2).size() > 0, "else nothing lies beyond");
    Files.writeString(file, Files.readString(file) + "3,0 rel");
    SavedModel checkpoint = RunFolder.checkpoint(run);
    try (Backend backend = Device.cpu(1);
        Model model = RICH.build(backend, 5);
        Observations seen = observations(model)) {
      new Trainer(model, RECIPE, FEW).resuming(checkpoint).withListener(seen).fit();
    }
    assertEquals(whole, Files.readAllLines(file));
  }

  @Test
  void whereNothingCanBeWrittenTrainingGoesOnAndSaysSoOnce() throws IOException {
    Path inTheWay = Files.createDirectory(folder.resolve(Observations.FILE));
    Files.writeString(inTheWay.resolve("file"), "so that it can't be deleted");
    List<String> said = new ArrayList<>();
    try (Backend backend = Device.cpu(1);
        Model model = RICH.build(backend, 5);
        Observations seen = new Observations(folder, model, FEW, said::add)) {
      assertEquals(3, new Trainer(model, RECIPE, FEW).withListener(seen).fit().epochs());
    }
    assertEquals(1, said.size(), said::toString);
    assertTrue(said.get(0).contains("Training goes on without it"), said.get(0));
  }

  /** Reads of the backend, counted on the way to it. */
  private static Backend counting(Backend backend, int[] reads) {
    return (Backend)
        Proxy.newProxyInstance(
            Backend.class.getClassLoader(),
            new Class<?>[] {Backend.class},
            (proxy, method, arguments) -> {
              reads[0] += method.getName().equals("read") ? 1 : 0;
              try {
                return method.invoke(backend, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  @Test
  void gradientsAreReadOnceHoweverManyWantThem() {
    int[] gradients = {0};
    Listener wanting =
        new Listener() {
          @Override
          public boolean wantsGradients() {
            return true;
          }

          @Override
          public void onGradient(Parameter parameter, float[] values) {
            gradients[0]++;
          }
        };
    int[] reads = new int[3];
    int parameters = 0;
    for (int listeners = 0; listeners < reads.length; listeners++) {
      int[] count = {0};
      try (Backend backend = Device.cpu(1);
          Model model = RICH.build(counting(backend, count), 5)) {
        Trainer trainer = new Trainer(model, RECIPE, FEW);
        for (int i = 0; i < listeners; i++) {
          trainer.withListener(wanting);
        }
        trainer.fit();
        parameters = model.parameters().size();
      }
      reads[listeners] = count[0];
    }
    assertEquals(3 * parameters, reads[1] - reads[0], "once at the end of each epoch");
    assertEquals(reads[1], reads[2]);
    assertEquals(3 * 3 * parameters, gradients[0], "one listener, then two, over three epochs");
  }
}
