package dev.evenkeel.train;

import static dev.evenkeel.train.Runs.values;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.backend.DeviceMemoryException;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.io.EventReader;
import dev.evenkeel.nn.Activate;
import dev.evenkeel.nn.BatchNorm;
import dev.evenkeel.nn.Dropout;
import dev.evenkeel.nn.Linear;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import dev.evenkeel.nn.Parameter;
import dev.evenkeel.nn.Residual;
import dev.evenkeel.nn.WeightNorm;
import dev.evenkeel.optim.Optimizer;
import dev.evenkeel.optim.Schedule;
import dev.evenkeel.simulator.SimulatedDriver;
import dev.evenkeel.simulator.SimulatedGpu;
import dev.evenkeel.simulator.SimulatedOptions;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.framework.HistogramProto;
import org.tensorflow.util.Event;
import org.tensorflow.util.SessionLog;

class TensorBoardTest {

  private static final Dataset TRAIN = Digits.DATA.train();
  private static final Dataset VALID = Digits.DATA.valid();

  /** Seven batches of 97 rows. */
  private static final Dataset FEW = Digits.train(97);

  private static final Recipe RECIPE =
      Recipe.classification()
          .withOptimizer(Optimizer.adamw(4e-3))
          .withSchedule(Schedule.cosine())
          .withClip(1)
          .withBatch(16)
          .withEpochs(3)
          .withSeed(77);

  private static final Network RICH =
      Network.of(
          64,
          Linear.of(24).withWeightNorm(WeightNorm.fromData()),
          Activate.relu(),
          new Dropout(0.2),
          Residual.of(
              Linear.of(16), BatchNorm.standard(), Activate.of(Activation.TANH), Linear.of(24)),
          BatchNorm.standard(),
          Linear.of(10));

  @TempDir Path folder;

  private static void noWords(String words) {
    throw new AssertionError(words);
  }

  private Path onlyFile() throws IOException {
    List<Path> files = EventReader.files(folder);
    assertEquals(1, files.size(), files::toString);
    return files.get(0);
  }

  /** Hears every step, and looks at the model at the ends of epochs. */
  private static final class Watcher implements Listener {
    private final Model model;
    private final List<Float> losses = new ArrayList<>();
    private final List<Integer> rows = new ArrayList<>();
    private final List<Double> rates = new ArrayList<>();
    private final List<Map<String, float[]>> weights = new ArrayList<>();
    private final List<Map<String, float[]>> gradients = new ArrayList<>();
    private TrainingStep step;
    private final List<Double> norms = new ArrayList<>();

    Watcher(Model model) {
      this.model = model;
    }

    @Override
    public void onReady(TrainingStep step) {
      this.step = step;
    }

    @Override
    public void onStep(int epoch, long number, int size, float loss, double rate, long nanos) {
      losses.add(loss);
      rows.add(size);
      rates.add(rate);
    }

    @Override
    public void onEpoch(Epoch epoch) {
      Map<String, float[]> weight = new LinkedHashMap<>();
      Map<String, float[]> gradient = new LinkedHashMap<>();
      float[] flat = new float[step.gradients().columns()];
      model.backend().read(step.gradients(), flat);
      for (Parameter p : model.parameters()) {
        weight.put(p.name(), model.values(p));
        int from = (int) p.offset();
        gradient.put(p.name(), Arrays.copyOfRange(flat, from, from + (int) p.size()));
      }
      weights.add(weight);
      gradients.add(gradient);
      double squares = 0;
      for (float one : flat) {
        squares += (double) one * one;
      }
      norms.add(Math.sqrt(squares));
    }
  }

  private Trained train(Model model, Recipe recipe, Dataset data, Listener... listeners) {
    try (TensorBoard board = new TensorBoard(folder, model, data, TensorBoardTest::noWords)) {
      Trainer trainer = new Trainer(model, recipe, data).withValidation(VALID).withListener(board);
      for (Listener listener : listeners) {
        trainer.withListener(listener);
      }
      return trainer.fit();
    }
  }

  // What it changes: nothing

  @Test
  void trainingWithItGivesTheSameBitsAsWithout() {
    List<float[]> values = new ArrayList<>();
    List<List<Float>> losses = new ArrayList<>();
    List<Object> scores = new ArrayList<>();
    for (boolean watched : new boolean[] {false, true}) {
      try (Backend backend = Device.cpu(2);
          Model model = RICH.build(backend, 5)) {
        Watcher watcher = new Watcher(model);
        Trained trained =
            watched
                ? train(model, RECIPE, FEW, watcher)
                : new Trainer(model, RECIPE, FEW).withValidation(VALID).withListener(watcher).fit();
        values.add(values(model));
        losses.add(watcher.losses);
        scores.add(trained.history().stream().map(Epoch::validation).toList());
      }
    }
    assertArrayEquals(values.get(0), values.get(1));
    assertEquals(losses.get(0), losses.get(1));
    assertEquals(scores.get(0), scores.get(1));
  }

  @Test
  void onAGpuTooItChangesNothingAndGivesItsMemoryBack() throws IOException {
    List<float[]> values = new ArrayList<>();
    List<Long> held = new ArrayList<>();
    Dataset valid = VALID.select(IntStream.range(0, 40).toArray());
    for (boolean watched : new boolean[] {false, true}) {
      SimulatedDriver driver = new SimulatedDriver(3);
      try (Backend backend = SimulatedGpu.open(driver);
          Model model = Network.mlp(64, List.of(16), 10).build(backend, 5)) {
        Trainer trainer =
            new Trainer(model, RECIPE.withEpochs(2), Digits.train(40)).withValidation(valid);
        if (watched) {
          try (TensorBoard board = new TensorBoard(folder, model, FEW, TensorBoardTest::noWords)) {
            trainer.withListener(board).fit();
          }
        } else {
          trainer.fit();
        }
        values.add(values(model));
        held.add(backend.allocatedBytes());
      }
      driver.assertNothingLeaked();
    }
    assertArrayEquals(values.get(0), values.get(1));
    assertEquals(held.get(0), held.get(1));
    assertEquals(2, EventReader.histograms(onlyFile(), "gradients/0.weight").size());
  }

  @Test
  void whereAGpuIsTooSmallTheAdviceCountsItsMemoryToo() {
    SimulatedDriver vast = new SimulatedDriver(1);
    step(vast, 64, false);
    long room = vast.counters().peakBytes + 8192; // the batch of 64 fits, but for the board
    DeviceMemoryException thrown =
        assertThrows(DeviceMemoryException.class, () -> step(small(room), 128, true));
    assertThrows(DeviceMemoryException.class, () -> step(small(room), 64, true));
    int batch = Integer.parseInt(thrown.getMessage().replaceAll(".*--batch (\\d+) would.*", "$1"));
    step(small(room), batch, true);
  }

  private static SimulatedDriver small(long room) {
    return new SimulatedDriver(SimulatedOptions.standard(1).withMemory(room));
  }

  private void step(SimulatedDriver driver, int batch, boolean watched) {
    Dataset data = Digits.train(160);
    try (Backend backend = SimulatedGpu.open(driver);
        Model model = Network.mlp(64, List.of(256), 10).build(backend, 1);
        TensorBoard board =
            watched
                ? new TensorBoard(folder, model, Digits.train(20), TensorBoardTest::noWords)
                : null) {
      Trainer trainer = new Trainer(model, RECIPE.withBatch(batch).withSteps(1), data);
      if (watched) {
        trainer.withListener(board);
      }
      trainer.fit();
    }
  }

  @Test
  void betweenTheEndsOfEpochsItAsksTheDeviceForNothing() {
    int[] calls = {0};
    List<Integer> inSteps = new ArrayList<>();
    int[] inEpochs = {0};
    try (Backend cpu = Device.cpu(1)) {
      Backend counting =
          (Backend)
              Proxy.newProxyInstance(
                  Backend.class.getClassLoader(),
                  new Class<?>[] {Backend.class},
                  (proxy, method, arguments) -> {
                    calls[0]++;
                    try {
                      return method.invoke(cpu, arguments);
                    } catch (InvocationTargetException e) {
                      throw e.getCause();
                    }
                  });
      try (Model model = RICH.build(counting, 5);
          TensorBoard board = new TensorBoard(folder, model, FEW, TensorBoardTest::noWords)) {
        Listener counter =
            new Listener() {
              @Override
              public void onStart(int e, int epochs, long step, long total, List<Epoch> before) {
                board.onStart(e, epochs, step, total, before);
              }

              @Override
              public void onStep(int e, long step, int rows, float loss, double rate, long nanos) {
                int before = calls[0];
                board.onStep(e, step, rows, loss, rate, nanos);
                inSteps.add(calls[0] - before);
              }

              @Override
              public boolean wantsGradients() {
                return board.wantsGradients();
              }

              @Override
              public void onGradient(Parameter parameter, float[] values) {
                board.onGradient(parameter, values);
              }

              @Override
              public void onEpoch(Epoch epoch) {
                int before = calls[0];
                board.onEpoch(epoch);
                inEpochs[0] += calls[0] - before;
              }
            };
        new Trainer(model, RECIPE, FEW).withListener(counter).fit();
      }
    }
    assertEquals(List.of(0), inSteps.stream().distinct().toList());
    assertTrue(inEpochs[0] > 0, "else the counter counts nothing");
  }

  // What it says

  @Test
  void everyTagIsThere() throws IOException {
    try (Backend backend = Device.cpu(1);
        Model model = RICH.build(backend, 5)) {
      train(model, RECIPE.withMetrics(List.of("accuracy", "logloss")), FEW);
      Set<String> expected =
          new TreeSet<>(
              Set.of(
                  "loss/train",
                  "loss/train_epoch",
                  "loss/validation",
                  "learning_rate",
                  "examples_per_second/epoch",
                  "metrics/accuracy",
                  "metrics/logloss",
                  "gradient_norm/all",
                  "activations/0.weight-norm.linear.relu",
                  "activations/3.0.linear",
                  "activations/3.1.batch-norm.tanh",
                  "activations/3.3.linear",
                  "activations/3.residual",
                  "activations/4.batch-norm",
                  "activations/5.linear"));
      for (Parameter parameter : model.parameters()) {
        expected.add("weights/" + parameter.name());
        expected.add("gradients/" + parameter.name());
        expected.add("gradient_norm/" + parameter.name());
      }
      Set<String> seen = new TreeSet<>(EventReader.tags(onlyFile()));
      seen.remove("examples_per_second/recent"); // only where training takes long enough
      assertEquals(expected, seen);
      assertTrue(seen.contains("weights/5.weight"));
      for (String tag : seen) {
        assertTrue(
            tag.matches("[-/\\w.]+"), () -> "TensorBoard's tags have other characters: " + tag);
      }
    }
  }

  @Test
  void curvesAreWhatTheTrainingSays() throws IOException {
    try (Backend backend = Device.cpu(1);
        Model model = RICH.build(backend, 5)) {
      Watcher watcher = new Watcher(model);
      Trained trained = train(model, RECIPE, FEW, watcher);
      Path file = onlyFile();
      Map<Long, Float> losses = new TreeMap<>();
      Map<Long, Float> rates = new TreeMap<>();
      for (int i = 0; i < watcher.losses.size(); i++) {
        losses.put(i + 1L, watcher.losses.get(i));
        rates.put(i + 1L, watcher.rates.get(i).floatValue());
      }
      assertEquals(21, losses.size());
      assertEquals(losses, EventReader.scalars(file, "loss/train"));
      assertEquals(rates, EventReader.scalars(file, "learning_rate"));
      Map<String, Map<Long, Float>> perEpoch = new TreeMap<>();
      for (Epoch epoch : trained.history()) {
        put(perEpoch, "loss/train_epoch", epoch, epoch.trainLoss());
        put(perEpoch, "loss/validation", epoch, epoch.validation().get("loss"));
        put(perEpoch, "metrics/accuracy", epoch, epoch.validation().get("accuracy"));
        put(perEpoch, "examples_per_second/epoch", epoch, epoch.examplesPerSecond());
      }
      for (String tag : perEpoch.keySet()) {
        assertEquals(Set.of(7L, 14L, 21L), perEpoch.get(tag).keySet());
        assertEquals(perEpoch.get(tag), EventReader.scalars(file, tag));
      }
    }
  }

  private static void put(
      Map<String, Map<Long, Float>> curves, String tag, Epoch epoch, double value) {
    curves.computeIfAbsent(tag, t -> new TreeMap<>()).put(epoch.steps(), (float) value);
  }

  @Test
  void aLongTrainingHasAThousandPointsThatAreMeans() throws IOException {
    try (Backend backend = Device.cpu(1);
        Model model = Network.mlp(64, List.of(4), 10).build(backend, 5)) {
      Watcher watcher = new Watcher(model);
      // The last batch of an epoch has another number of rows than the others.
      train(model, RECIPE.withBatch(2).withSteps(3300), FEW, watcher);
      Map<Long, Float> losses = EventReader.scalars(onlyFile(), "loss/train");
      assertEquals(1100, losses.size());
      assertTrue(watcher.rows.stream().distinct().count() > 1, "else the weights don't matter");
      losses.forEach(
          (step, loss) -> {
            double sum = 0;
            int rows = 0;
            for (int i = step.intValue() - 3; i < step; i++) {
              sum += (double) watcher.losses.get(i) * watcher.rows.get(i);
              rows += watcher.rows.get(i);
            }
            assertEquals((float) (sum / rows), loss, "step " + step);
          });
    }
  }

  @Test
  void speedIsRowsByTheTimeThatTheyTook() throws IOException {
    try (Backend backend = Device.cpu(1);
        Model model = Network.mlp(64, List.of(64), 10).build(backend, 5)) {
      Listener brake =
          Runs.atSteps(
              (e, step, rows, loss) ->
                  java.util.concurrent.locks.LockSupport.parkNanos(20_000_000));
      train(model, RECIPE.withBatch(100).withSteps(21), TRAIN, brake);
    }
    Map<Long, Float> speeds = EventReader.scalars(onlyFile(), "examples_per_second/recent");
    assertTrue(speeds.size() >= 2, speeds::toString);
    for (float speed : speeds.values()) {
      // 100 rows each 20 ms at best, and not a hundred times slower.
      assertTrue(speed > 50 && speed < 5200, speeds::toString);
    }
  }

  // Histograms

  private static void assertIsOf(float[] values, HistogramProto histogram) {
    double sum = 0;
    double squares = 0;
    float min = Float.POSITIVE_INFINITY;
    float max = Float.NEGATIVE_INFINITY;
    for (float value : values) {
      sum += value;
      squares += (double) value * value;
      min = Math.min(min, value);
      max = Math.max(max, value);
    }
    assertEquals(values.length, histogram.getNum());
    assertEquals(min, histogram.getMin());
    assertEquals(max, histogram.getMax());
    assertEquals(sum, histogram.getSum(), 1e-12 * values.length);
    assertEquals(squares, histogram.getSumSquares(), 1e-12 * values.length);
    double counted = histogram.getBucketList().stream().mapToDouble(b -> b).sum();
    assertEquals(values.length, counted);
  }

  @Test
  void histogramsAndNormsAreThoseOfEachEpochsEnd() throws IOException {
    try (Backend backend = Device.cpu(1);
        Model model = RICH.build(backend, 5)) {
      Watcher watcher = new Watcher(model);
      train(model, RECIPE, FEW, watcher);
      Path file = onlyFile();
      for (Parameter parameter : model.parameters()) {
        String name = parameter.name();
        for (int epoch = 0; epoch < 3; epoch++) {
          long step = 7L * (epoch + 1);
          float[] gradient = watcher.gradients.get(epoch).get(name);
          assertIsOf(
              watcher.weights.get(epoch).get(name),
              EventReader.histograms(file, "weights/" + name).get(step));
          assertIsOf(gradient, EventReader.histograms(file, "gradients/" + name).get(step));
          double squares = 0;
          for (float one : gradient) {
            squares += (double) one * one;
          }
          float norm = EventReader.scalars(file, "gradient_norm/" + name).get(step);
          assertEquals(Math.sqrt(squares), norm, 1e-6 * norm);
        }
      }
      for (int epoch = 0; epoch < 3; epoch++) {
        float norm = EventReader.scalars(file, "gradient_norm/all").get(7L * (epoch + 1));
        assertEquals(watcher.norms.get(epoch), norm, 1e-6 * norm);
      }
    }
  }

  @Test
  void activationsAreThoseOfEvenlySpacedRowsAtInference() throws IOException {
    Network network =
        Network.of(64, Linear.of(12), Activate.relu(), new Dropout(0.5), Linear.of(10));
    try (Backend backend = Device.cpu(1);
        Model model = network.build(backend, 5)) {
      Map<Long, float[][]> expected = new TreeMap<>();
      train(
          model,
          RECIPE.withEpochs(2),
          TRAIN,
          Runs.atEpochs(epoch -> expected.put(epoch.steps(), outputs(model))));
      Path file = onlyFile();
      for (long step : expected.keySet()) {
        float[][] layers = expected.get(step);
        assertNearlyOf(layers[0], EventReader.histograms(file, "activations/0.linear.relu"), step);
        assertNearlyOf(layers[1], EventReader.histograms(file, "activations/3.linear"), step);
      }
    }
  }

  private static void assertNearlyOf(
      float[] values, Map<Long, HistogramProto> histograms, long step) {
    HistogramProto histogram = histograms.get(step);
    double sum = 0;
    double max = Double.NEGATIVE_INFINITY;
    for (float value : values) {
      sum += value;
      max = Math.max(max, value);
    }
    assertEquals(values.length, histogram.getNum());
    // A product of 64 floats is summed in another order here.
    assertEquals(sum, histogram.getSum(), 1e-5 * values.length);
    assertEquals(max, histogram.getMax(), 1e-5 * Math.abs(max));
  }

  /** Both linear layers' outputs for the rows that a sample takes, by plain loops. */
  private static float[][] outputs(Model model) {
    int rows = 256;
    float[] x = new float[rows * 64];
    for (int i = 0; i < rows; i++) {
      int row = i * TRAIN.rows() / rows;
      System.arraycopy(TRAIN.features(), row * 64, x, i * 64, 64);
    }
    List<float[]> p = model.parameters().stream().map(model::values).toList();
    float[] hidden = linear(x, 64, p.get(0), p.get(1));
    for (int i = 0; i < hidden.length; i++) {
      hidden[i] = Math.max(0, hidden[i]);
    }
    return new float[][] {hidden, linear(hidden, 12, p.get(2), p.get(3))};
  }

  private static float[] linear(float[] x, int width, float[] weight, float[] bias) {
    int rows = x.length / width;
    float[] y = new float[rows * bias.length];
    for (int i = 0; i < rows; i++) {
      for (int o = 0; o < bias.length; o++) {
        double sum = bias[o];
        for (int k = 0; k < width; k++) {
          sum += (double) x[i * width + k] * weight[o * width + k];
        }
        y[i * bias.length + o] = (float) sum;
      }
    }
    return y;
  }

  @Test
  void ofManyEpochsAHundredHaveHistogramsAndAllHaveScores() throws IOException {
    try (Backend backend = Device.cpu(1);
        Model model = Network.mlp(64, List.of(4), 10).build(backend, 5)) {
      train(model, RECIPE.withBatch(97).withEpochs(201), FEW);
    }
    assertEquals(201, EventReader.scalars(onlyFile(), "loss/validation").size());
    Set<Long> expected = new TreeSet<>(Set.of(1L));
    LongStream.rangeClosed(1, 67).forEach(i -> expected.add(3 * i));
    assertEquals(expected, EventReader.histograms(onlyFile(), "weights/0.weight").keySet());
  }

  // Going on

  private static final class Enough extends RuntimeException {}

  @Test
  void aResumedRunGoesOnInANewFileOfTheSameFolderAtItsStep() throws IOException {
    Path run = folder.resolve("run");
    Listener breaker =
        Runs.atStep(
            12,
            () -> {
              throw new Enough();
            });
    try (Backend backend = Device.cpu(1);
        Model model = RICH.build(backend, 5);
        TensorBoard board = new TensorBoard(folder, model, FEW, TensorBoardTest::noWords)) {
      Trainer trainer =
          new Trainer(model, RECIPE, FEW)
              .withCheckpoints(run)
              .withListener(board)
              .withListener(breaker);
      assertThrows(Enough.class, trainer::fit);
    }
    try (Backend backend = Device.cpu(1);
        Model model = RICH.build(backend, 5);
        TensorBoard board = new TensorBoard(folder, model, FEW, TensorBoardTest::noWords)) {
      new Trainer(model, RECIPE, FEW)
          .withCheckpoints(run)
          .withListener(board)
          .resuming(SavedModel.load(run.resolve(SavedModel.CHECKPOINT_FILE)))
          .fit();
    }
    List<Path> files = EventReader.files(folder);
    assertEquals(2, files.size());
    assertEquals(steps(1, 12), EventReader.scalars(files.get(0), "loss/train").keySet());
    assertEquals(steps(8, 21), EventReader.scalars(files.get(1), "loss/train").keySet());
    assertEquals(Set.of(7L), EventReader.histograms(files.get(0), "weights/5.bias").keySet());
    assertEquals(Set.of(14L, 21L), EventReader.histograms(files.get(1), "weights/5.bias").keySet());
    assertEquals(List.of(1L), starts(files.get(0)));
    // From there on TensorBoard forgets what the killed run said.
    assertEquals(List.of(8L), starts(files.get(1)));
    Map<Long, Float> before = EventReader.scalars(files.get(0), "loss/train");
    Map<Long, Float> after = EventReader.scalars(files.get(1), "loss/train");
    for (long step = 8; step <= 12; step++) {
      assertEquals(before.get(step), after.get(step), "step " + step);
    }
  }

  private static Set<Long> steps(long first, long last) {
    return LongStream.rangeClosed(first, last)
        .boxed()
        .collect(LinkedHashSet::new, Set::add, Set::addAll);
  }

  private static List<Long> starts(Path file) throws IOException {
    return EventReader.events(file).stream()
        .filter(e -> e.getSessionLog().getStatus() == SessionLog.SessionStatus.START)
        .map(Event::getStep)
        .toList();
  }

  // What goes wrong

  @Test
  void whereNothingCanBeWrittenAnyMoreTrainingGoesOn() throws IOException {
    List<String> said = new ArrayList<>();
    Listener breaker =
        Runs.atSteps(
            (epoch, step, rows, loss) -> {
              if (step == 5) {
                Thread.currentThread().interrupt(); // closes the file when the board writes
              }
            });
    Listener mender = Runs.atSteps((epoch, step, rows, loss) -> Thread.interrupted());
    try (Backend backend = Device.cpu(1);
        Model model = RICH.build(backend, 5)) {
      try (TensorBoard board = new TensorBoard(folder, model, FEW, said::add)) {
        Trained trained =
            new Trainer(model, RECIPE, FEW)
                .withListener(breaker)
                .withListener(board)
                .withListener(mender)
                .fit();
        assertEquals(3, trained.epochs());
      }
    } finally {
      Thread.interrupted();
    }
    assertEquals(1, said.size(), said::toString);
    assertTrue(said.get(0).startsWith("TensorBoard's events can't be written to " + onlyFile()));
    assertTrue(said.get(0).endsWith(". Training goes on without them"), said::toString);
    assertEquals(steps(1, 4), EventReader.scalars(onlyFile(), "loss/train").keySet());
  }

  @Test
  void aNanIsReportedByTheTrainingNotByTheBoard() throws IOException {
    try (Backend backend = Device.cpu(1);
        Model model = RICH.build(backend, 5)) {
      Listener spoiler =
          Runs.atStep(
              7,
              () -> {
                float[] bias = new float[10];
                bias[3] = Float.NaN;
                backend.write(bias, model.parameters().get(model.parameters().size() - 1).value());
              });
      assertThrows(NonFiniteException.class, () -> train(model, RECIPE, FEW, spoiler));
      assertEquals(9, EventReader.histograms(onlyFile(), "weights/5.bias").get(7L).getNum());
      assertTrue(EventReader.scalars(onlyFile(), "loss/validation").get(7L).isNaN());
    }
  }

  @Test
  void aTrainingThatNeverStartsLeavesNothingBehind() {
    Path made = folder.resolve("made");
    try (Backend backend = Device.cpu(1)) {
      try (Model model = RICH.build(backend, 5);
          TensorBoard board = new TensorBoard(made, model, FEW, TensorBoardTest::noWords)) {
        assertTrue(Files.exists(made));
        Trainer trainer = new Trainer(model, RECIPE.withBatch(1), FEW).withListener(board);
        assertThrows(EvenkeelException.class, trainer::fit);
      }
      assertEquals(0, backend.allocated());
    }
    assertFalse(Files.exists(made));
  }
}
