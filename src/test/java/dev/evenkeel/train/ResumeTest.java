package dev.evenkeel.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Expect;
import dev.evenkeel.OwnJvm;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.io.Safetensors.Tensor;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import dev.evenkeel.optim.Optimizer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A run that was stopped, in whatever way, and went on equals one that was left alone. */
class ResumeTest {

  private static final Duration NEVER = Duration.ofDays(1);
  private static final Listener NOBODY = new Listener() {};

  /** Checkpoint and model of the undisturbed runs. */
  private static final Map<ResumableRun, SavedModel[]> UNDISTURBED =
      new EnumMap<>(ResumableRun.class);

  @TempDir Path folder;

  private static final class Enough extends RuntimeException {}

  private static SavedModel[] undisturbed(ResumableRun run) {
    return UNDISTURBED.computeIfAbsent(
        run,
        one -> {
          try {
            Path alone = Files.createTempDirectory("undisturbed");
            Trained trained = one.run(alone, NEVER, NOBODY);
            assertEquals(ResumableRun.EPOCHS, trained.epochs());
            SavedModel[] read = read(alone);
            try (var files = Files.list(alone)) {
              for (Path file : files.toList()) {
                Files.delete(file);
              }
            }
            Files.delete(alone);
            return read;
          } catch (IOException e) {
            throw new AssertionError(e);
          }
        });
  }

  private static SavedModel[] read(Path folder) {
    return new SavedModel[] {
      SavedModel.load(folder.resolve(SavedModel.CHECKPOINT_FILE)),
      SavedModel.load(folder.resolve(SavedModel.MODEL_FILE))
    };
  }

  private void assertAsIfUndisturbed(ResumableRun run) {
    SavedModel[] expected = undisturbed(run);
    SavedModel[] seen = read(folder);
    assertTrue(
        expected[0].content().tensors().keySet().stream().anyMatch(k -> k.contains("best/")));
    for (int i = 0; i < 2; i++) {
      Map<String, Tensor> tensors = expected[i].content().tensors();
      assertEquals(tensors.keySet(), seen[i].content().tensors().keySet());
      for (String name : tensors.keySet()) {
        if (tensors.get(name) instanceof Tensor.Floats floats) {
          assertArrayEquals(bits(floats.data()), bits(seen[i].content().floats(name)), name);
        } else {
          assertArrayEquals(expected[i].content().longs(name), seen[i].content().longs(name), name);
        }
      }
    }
    assertEquals(
        timeless(Checkpoint.progress(expected[0])), timeless(Checkpoint.progress(seen[0])));
  }

  private static int[] bits(float[] values) {
    int[] bits = new int[values.length];
    Arrays.setAll(bits, i -> Float.floatToRawIntBits(values[i]));
    return bits;
  }

  /** All but what a clock measured. */
  private static Progress timeless(Progress p) {
    List<Epoch> history = new ArrayList<>();
    for (Epoch e : p.history()) {
      history.add(
          new Epoch(
              e.number(),
              e.steps(),
              0,
              e.learningRate(),
              e.trainLoss(),
              e.validation(),
              e.best(),
              0,
              0));
    }
    return new Progress(
        p.step(),
        p.batch(),
        p.lossSum(),
        0,
        p.schedule(),
        history,
        p.bestEpoch(),
        p.bestScore(),
        p.data(),
        p.device());
  }

  @ParameterizedTest
  @EnumSource(names = "LARGE", mode = EnumSource.Mode.EXCLUDE)
  void tenEpochsAndTenEqualTwenty(ResumableRun run) {
    assertThrows(
        Enough.class,
        () ->
            run.run(
                folder,
                Duration.ZERO,
                new Listener() {
                  private int epochs;

                  @Override
                  public void onEpoch(Epoch epoch) {
                    epochs = epoch.number();
                  }

                  @Override
                  public void onCheckpoint(Path file) {
                    if (epochs == 10) {
                      throw new Enough();
                    }
                  }
                }));
    assertEquals(10, Checkpoint.progress(SavedModel.load(folder)).epoch());
    run.run(folder, NEVER, NOBODY);
    assertAsIfUndisturbed(run);
  }

  /**
   * Stops again and again, in the middle of epochs, also where steps since the last checkpoint are
   * lost.
   */
  @ParameterizedTest
  @EnumSource(names = "LARGE", mode = EnumSource.Mode.EXCLUDE)
  void aRunStoppedEveryFewStepsEqualsOneLeftAlone(ResumableRun run) {
    Random random = new Random(1);
    int stops = 0;
    for (boolean ended = false; !ended; ) {
      int most = 1 + random.nextInt(17);
      int lost = random.nextInt(2);
      try {
        run.run(
            folder,
            Duration.ZERO,
            new Listener() {
              private int steps;
              private int checkpoints;

              @Override
              public void onStep(int epoch, long step, int rows, float loss, double r, long n) {
                if (++steps == most + lost && checkpoints > 0) {
                  throw new Enough();
                }
              }

              @Override
              public void onCheckpoint(Path file) {
                if (++checkpoints == most) {
                  throw new Enough();
                }
              }
            });
        ended = true;
      } catch (Enough e) {
        stops++;
      }
    }
    assertTrue(stops > 8, "stopped " + stops + " times");
    assertAsIfUndisturbed(run);
  }

  @Test
  void goingOnFromTheEndChangesNothing() {
    ResumableRun.COSINE.run(folder, NEVER, NOBODY);
    Trained again = ResumableRun.COSINE.run(folder, NEVER, NOBODY);
    assertEquals(ResumableRun.EPOCHS, again.epochs());
    assertEquals(ResumableRun.EPOCHS, again.history().size());
    assertAsIfUndisturbed(ResumableRun.COSINE);
  }

  @Test
  void patienceThatRanOutStaysRunOut() {
    ResumableRun run = ResumableRun.PLATEAU;
    Recipe impatient = run.recipe.withEarlyStopping(2, "accuracy");
    List<Trained> results = new ArrayList<>();
    List<float[]> weights = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      try (Backend backend = Device.cpu(1);
          Model model = run.network.build(backend, 5)) {
        Trainer trainer =
            new Trainer(model, impatient, ResumableRun.TRAIN)
                .withValidation(ResumableRun.VALID)
                .withCheckpoints(folder);
        if (i == 1) {
          trainer.resuming(SavedModel.load(folder.resolve(SavedModel.CHECKPOINT_FILE)));
        }
        results.add(trainer.fit());
        float[] flat = new float[model.flatParameters().columns()];
        backend.read(model.flatParameters(), flat);
        weights.add(flat);
      }
    }
    assertTrue(results.get(0).stoppedEarly());
    assertTrue(results.get(0).epochs() < ResumableRun.EPOCHS);
    assertEquals(results.get(0).history(), results.get(1).history());
    assertEquals(results.get(0).bestEpoch(), results.get(1).bestEpoch());
    assertTrue(results.get(1).stoppedEarly() && results.get(1).keptBest());
    assertTrue(results.get(1).seconds() > results.get(0).history().get(0).seconds());
    assertArrayEquals(weights.get(0), weights.get(1));
  }

  // Killed

  private Process fork(ResumableRun run, long checkpointMillis) throws IOException {
    return OwnJvm.start(
        "-Xmx256m -XX:TieredStopAtLevel=1",
        ResumableRun.class,
        run.name(),
        folder.toString(),
        Long.toString(checkpointMillis));
  }

  /** Its lines as they come. */
  private static BufferedReader lines(Process process) {
    return new BufferedReader(
        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  private static void kill(Process process) throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  private static void awaitLine(BufferedReader lines, String expected) throws IOException {
    StringBuilder all = new StringBuilder();
    for (String line; (line = lines.readLine()) != null; ) {
      all.append(line).append('\n');
      if (line.equals(expected)) {
        return;
      }
    }
    throw new AssertionError("no line '" + expected + "' in:\n" + all);
  }

  @ParameterizedTest
  @EnumSource(names = {"COSINE", "PLATEAU"})
  void killedInTheMiddleOfAnEpochItGoesOnAsIfNothingHadHappened(ResumableRun run) throws Exception {
    Process process = fork(run, 5);
    try (BufferedReader lines = lines(process)) {
      awaitLine(lines, "step 59"); // of 7 batches an epoch
      kill(process);
    }
    assertFalse(Files.exists(folder.resolve(SavedModel.MODEL_FILE)), "killed before its end");
    Progress left = Checkpoint.progress(SavedModel.load(folder));
    assertTrue(left.step() >= 42, left::toString);
    run.run(folder, NEVER, NOBODY);
    assertAsIfUndisturbed(run);
  }

  /**
   * A checkpoint after every step, so most of the time passes in writing them: kills at random
   * moments hit it at any stage.
   */
  @Test
  void whateverMomentItIsKilledAtTheCheckpointThatIsLeftLoads() throws Exception {
    ResumableRun run = ResumableRun.LARGE;
    Path checkpoint = folder.resolve(SavedModel.CHECKPOINT_FILE);
    Random random = new Random();
    int kills = 0;
    long step = 0;
    while (!Files.exists(folder.resolve(SavedModel.MODEL_FILE)) && kills < 10) {
      Process process = fork(run, 0);
      try (BufferedReader lines = lines(process)) {
        awaitLine(lines, "start at " + step);
        awaitLine(lines, "step " + Math.min(step + 1 + random.nextInt(12), 139));
        LockSupport.parkNanos(random.nextInt(15_000_000));
        kill(process);
        kills++;
      }
      if (Files.exists(checkpoint)) {
        Progress progress = Checkpoint.progress(SavedModel.load(checkpoint));
        assertTrue(progress.step() >= step, "never falls behind");
        step = progress.step();
      }
    }
    try (var files = Files.list(folder)) {
      boolean halfWritten = files.anyMatch(file -> file.toString().endsWith(".tmp"));
      assertTrue(halfWritten, "none of " + kills + " kills hit a checkpoint being written");
    }
    run.run(folder, NEVER, NOBODY);
    assertAsIfUndisturbed(run);
  }

  // Damaged

  private Path someCheckpoint() {
    assertThrows(
        Enough.class,
        () ->
            ResumableRun.COSINE.run(
                folder,
                Duration.ZERO,
                Runs.atCheckpoints(
                    file -> {
                      throw new Enough();
                    })));
    return folder.resolve(SavedModel.CHECKPOINT_FILE);
  }

  @Test
  void oneFlippedBitAnywhereIsFound() throws IOException {
    Path file = someCheckpoint();
    byte[] good = Files.readAllBytes(file);
    Random random = new Random(3);
    for (int i = 0; i < 300; i++) {
      byte[] bad = good.clone();
      // Half of them in the header and the metadata, which are short.
      int at = i < 10 ? i : random.nextInt(i % 2 == 0 ? 4000 : bad.length);
      bad[at] ^= (byte) (1 << random.nextInt(8));
      Files.write(file, bad);
      EvenkeelException thrown =
          assertThrows(EvenkeelException.class, () -> SavedModel.load(file), "byte " + at);
      assertTrue(thrown.getMessage().contains(file.toString()), thrown.getMessage());
    }
    Files.write(file, good);
    SavedModel.load(file);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 7, 8, 9, 100, 3000, -1, -4, -1000})
  void aFileCutShortIsFound(int length) throws IOException {
    Path file = someCheckpoint();
    byte[] good = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(good, length < 0 ? good.length + length : length));
    Expect.failure(() -> SavedModel.load(file), file.toString());
    Expect.failure(() -> ResumableRun.COSINE.run(folder, NEVER, NOBODY), file.toString());
  }

  @Test
  void whatIsNoCheckpointIsSaid() throws IOException {
    Path file = folder.resolve("x.safetensors");
    Expect.failure(
        () -> SavedModel.load(file),
        "There is no model at " + file,
        "neither a file nor a folder with model.safetensors or checkpoint.safetensors");
    Files.writeString(file, "a text, and long enough to be taken for a header");
    Expect.failure(() -> SavedModel.load(file), file.toString());
    dev.evenkeel.io.Safetensors.write(file, Map.of(), new java.util.LinkedHashMap<>());
    Expect.failure(
        () -> SavedModel.load(file),
        "but not one of Evenkeel's: its metadata has no evenkeel.format");
    dev.evenkeel.io.Safetensors.write(
        file, Map.of("evenkeel.format", "2"), new java.util.LinkedHashMap<>());
    Expect.failure(
        () -> SavedModel.load(file), "has format 2, but this version of Evenkeel reads format 1");
    dev.evenkeel.io.Safetensors.write(
        file, Map.of("evenkeel.format", "1"), new java.util.LinkedHashMap<>());
    Expect.failure(() -> SavedModel.load(file), "lacks evenkeel.network in its metadata");
  }

  // Going on with something else

  private static void resume(Network network, Recipe recipe, Dataset train, Path file) {
    resume(network, recipe, train, ResumableRun.VALID, file);
  }

  private static void resume(
      Network network, Recipe recipe, Dataset train, Dataset valid, Path file) {
    try (Backend backend = Device.cpu(1)) {
      try (Model model = network.build(backend, 5)) {
        new Trainer(model, recipe, train)
            .withValidation(valid)
            .resuming(SavedModel.load(file))
            .fit();
      } finally {
        assertEquals(0, backend.allocated());
      }
    }
  }

  @Test
  void goingOnWithSomethingElseIsRefused() {
    ResumableRun run = ResumableRun.COSINE;
    Path file = someCheckpoint();
    String other = file + " was made with another network or recipe: training can't go on from it";
    Expect.failure(
        () -> resume(run.network, ResumableRun.PLATEAU.recipe, ResumableRun.TRAIN, file), other);
    Expect.failure(
        () -> resume(run.network, run.recipe.withSeed(78), ResumableRun.TRAIN, file), other);
    Expect.failure(
        () ->
            resume(
                run.network,
                run.recipe.withOptimizer(Optimizer.adamw(5e-3)),
                ResumableRun.TRAIN,
                file),
        other);
    Expect.failure(
        () -> resume(Network.mlp(64, List.of(24), 10), run.recipe, ResumableRun.TRAIN, file),
        other);
    String data = file + " was trained on other data: the rows to ";
    Expect.failure(
        () -> resume(run.network, run.recipe, Digits.train(98), file),
        data + "train on are not the same",
        "help: go on with the very same file, split and seed");
    Expect.failure(
        () -> resume(run.network, run.recipe, ResumableRun.TRAIN, Digits.train(50), file),
        data + "validate on are not the same");
  }

  @Test
  void aFinishedModelIsNoCheckpoint() {
    ResumableRun run = ResumableRun.COSINE;
    run.run(folder, NEVER, NOBODY);
    Path model = folder.resolve(SavedModel.MODEL_FILE);
    Expect.failure(
        () -> resume(run.network, run.recipe, ResumableRun.TRAIN, model),
        model + " is a finished model, not a checkpoint: training can't go on from it");
  }
}
