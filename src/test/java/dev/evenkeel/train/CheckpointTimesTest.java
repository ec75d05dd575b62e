package dev.evenkeel.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.OwnJvm;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Small data are not slowed by files, and what a run took is what a user waited for. */
class CheckpointTimesTest {

  private static final Dataset FEW = Digits.train(48);
  private static final Network NETWORK = Network.mlp(64, List.of(4), 10);
  private static final int EPOCHS = 12;
  private static final Recipe RECIPE =
      Recipe.classification().withBatch(16).withEpochs(EPOCHS).withSeed(7);

  @TempDir Path folder;

  /** The epochs after which a checkpoint was written. */
  private static final class Watch implements Listener {
    private final List<Integer> checkpoints = new ArrayList<>();
    private int epochs;

    @Override
    public void onEpoch(Epoch epoch) {
      epochs = epoch.number();
      LockSupport.parkNanos(10_000_000);
    }

    @Override
    public void onCheckpoint(Path file) {
      checkpoints.add(epochs);
    }
  }

  private Trainer trainer(Model model, Listener listener) {
    return new Trainer(model, RECIPE, FEW)
        .withCheckpoints(folder)
        .withListener(new RunFolder.HistoryFile(folder))
        .withListener(listener);
  }

  @Test
  void ofManyShortEpochsTheFirstAndTheLastWriteACheckpointAndTheTimeIsThatOfTheWholeRun() {
    Watch watch = new Watch();
    long start = System.nanoTime();
    Trained trained;
    try (Backend backend = Device.cpu(1);
        Model model = NETWORK.build(backend, 5)) {
      trained = trainer(model, watch).fit();
    }
    double waited = (System.nanoTime() - start) * 1e-9;
    assertEquals(List.of(1, EPOCHS), watch.checkpoints);
    assertTrue(trained.seconds() >= EPOCHS * 0.01, trained::toString);
    assertTrue(trained.seconds() <= waited, trained::toString);
    assertEquals(EPOCHS, Checkpoint.progress(RunFolder.checkpoint(folder)).epoch());
  }

  @Test
  void anIntervalIsTheCallersOwn() {
    Watch watch = new Watch();
    try (Backend backend = Device.cpu(1);
        Model model = NETWORK.build(backend, 5)) {
      trainer(model, watch).withCheckpointEvery(Duration.ZERO).fit();
    }
    assertEquals(3 * EPOCHS, watch.checkpoints.size());
  }

  /** Its nanoseconds are more than a long holds. */
  @Test
  void anIntervalMayBeForEver() {
    Watch watch = new Watch();
    try (Backend backend = Device.cpu(1);
        Model model = NETWORK.build(backend, 5)) {
      trainer(model, watch).withCheckpointEvery(ChronoUnit.FOREVER.getDuration()).fit();
    }
    assertEquals(List.of(1, EPOCHS), watch.checkpoints);
  }

  /** The program of {@link Trainer#train} that is run twice; the log is the process's own. */
  public static void main(String[] arguments) {
    Parts parts = DataPlan.of("digits").load(note -> {});
    Recipe brief = Recipe.classification().withSteps(1);
    Trainer.train(parts.mlp(4), brief, parts, Path.of(arguments[0]));
  }

  private String logOfMain() throws Exception {
    return OwnJvm.said(
        "-Xmx256m -XX:TieredStopAtLevel=1", CheckpointTimesTest.class, folder.toString());
  }

  @Test
  void anEarlierRunIsReplacedAndTheLogSaysSo() throws Exception {
    String first = logOfMain();
    assertFalse(first.contains("Replacing"), first);
    String second = logOfMain();
    assertTrue(second.contains("Replacing the earlier run in " + folder), second);
  }

  @Test
  void theHistoryGrowsByLinesAndARunThatGoesOnHasEachEpochOnce() throws IOException {
    Path file = folder.resolve("history.csv");
    List<Object> keys = new ArrayList<>();
    Listener looking =
        Runs.atEpochs(
            epoch -> {
              try {
                keys.add(Files.readAttributes(file, "unix:ino").get("ino"));
                assertEquals(epoch.number() + 1, Files.readAllLines(file).size());
              } catch (IOException e) {
                throw new AssertionError(e);
              }
              if (epoch.number() == 5 && keys.size() == 5) {
                throw new IllegalStateException("killed");
              }
            });
    try (Backend backend = Device.cpu(1)) {
      try (Model model = NETWORK.build(backend, 5)) {
        assertThrows(IllegalStateException.class, trainer(model, looking)::fit);
      }
      assertEquals(1, keys.stream().distinct().count(), "the same file");
      try (Model model = NETWORK.build(backend, 5)) {
        trainer(model, looking).resuming(RunFolder.checkpoint(folder)).fit();
      }
    }
    List<String> numbers =
        Files.readAllLines(file).stream().skip(1).map(line -> line.split(",")[0]).toList();
    assertEquals(IntStream.rangeClosed(1, EPOCHS).mapToObj(Integer::toString).toList(), numbers);
  }
}
