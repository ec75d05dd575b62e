package dev.evenkeel.train;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.io.AtomicFile;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** The folder of a run: checkpoint.safetensors, model.safetensors and history.csv. */
public final class RunFolder {

  private static final String GO_ON = "--resume %s goes on with it; another --out starts a new one";

  private RunFolder() {}

  /** The first folder NAME-1, NAME-2, … that is not there yet. */
  public static Path next(Path runs, String data) {
    String file = data.equals("-") ? "stdin" : data;
    String name = Path.of(file).getFileName().toString().replaceFirst("\\.[^.]*(\\.gz)?$", "");
    for (int i = 1; ; i++) {
      Path folder = runs.resolve(name + "-" + i);
      if (!Files.exists(folder)) {
        return folder;
      }
    }
  }

  /**
   * Makes it for a run, and fills it; one that holds a run already is refused. A folder that was
   * not there before goes again where the filling fails before there is anything to keep.
   */
  public static <T> T fill(Path folder, Supplier<T> run) {
    return fill(folder, GO_ON, run);
  }

  /** The same for a model that no run of this folder's brings about, so that none can go on. */
  public static void fillWithModel(Path folder, Runnable body) {
    fill(
        folder,
        "another --out, which leaves what is in %s as it is",
        () -> {
          body.run();
          return true;
        });
  }

  /**
   * @param help with a place for the folder
   */
  private static <T> T fill(Path folder, String help, Supplier<T> body) {
    requireNew(folder, help);
    boolean absent = !Files.exists(folder);
    make(folder);
    try {
      return body.get();
    } catch (RuntimeException | OutOfMemoryError e) {
      if (absent) {
        deleteIfEmpty(folder);
      }
      throw e;
    }
  }

  /** What a run left there, a checkpoint or else a model. */
  static Optional<String> runIn(Path folder) {
    return Stream.of(SavedModel.CHECKPOINT_FILE, SavedModel.MODEL_FILE)
        .filter(file -> Files.exists(folder.resolve(file)))
        .findFirst();
  }

  /** Refuses what {@link #fill} would, before anything is read; makes nothing. */
  public static void requireNew(Path folder) {
    requireNew(folder, GO_ON);
    requireFolder(folder);
    Path there = folder.toAbsolutePath();
    while (there != null && !Files.exists(there)) {
      there = there.getParent();
    }
    if (there != null && !Files.isWritable(there)) {
      throw new EvenkeelException(
          "The folder %s can't be written to. help: another --out, or its permissions"
              .formatted(there));
    }
  }

  private static void requireFolder(Path folder) {
    if (Files.exists(folder) && !Files.isDirectory(folder)) {
      throw new EvenkeelException(
          "%s is a file, but a folder is needed. help: another --out".formatted(folder));
    }
  }

  /**
   * @param help with a place for the folder
   */
  private static void requireNew(Path folder, String help) {
    runIn(folder)
        .ifPresent(
            file -> {
              throw new EvenkeelException(
                  "%s holds a run already (%s). help: %s"
                      .formatted(folder, file, help.formatted(folder)));
            });
  }

  /** Makes a folder that --out names, where it is not there yet. */
  public static void make(Path folder) {
    requireFolder(folder);
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new EvenkeelException(
          "The folder %s can't be made (%s). help: another --out, or its parent's permissions"
              .formatted(folder, AtomicFile.reason(e)),
          e);
    }
    if (!Files.isWritable(folder)) {
      throw new EvenkeelException(
          "The folder %s can't be written to. help: another --out, or its permissions"
              .formatted(folder));
    }
  }

  private static void deleteIfEmpty(Path folder) {
    try {
      Files.deleteIfExists(folder);
    } catch (IOException e) {
      return;
    }
  }

  /** The run's folder, of which a file may have been named. */
  public static Path named(Path folderOrCheckpoint) {
    boolean isCheckpoint =
        folderOrCheckpoint.endsWith(SavedModel.CHECKPOINT_FILE)
            && Files.isRegularFile(folderOrCheckpoint);
    return isCheckpoint
        ? Objects.requireNonNullElse(folderOrCheckpoint.getParent(), Path.of("."))
        : folderOrCheckpoint;
  }

  /** The checkpoint to go on from; what a killed run left half-written is cleared away. */
  public static SavedModel checkpoint(Path folder) {
    RunMark.requireIdle(folder); // what it has half-written must stay
    Path file = folder.resolve(SavedModel.CHECKPOINT_FILE);
    if (!Files.exists(file)) {
      throw new EvenkeelException(
          "There is no checkpoint to resume at %s. help: name the folder that --out named"
              .formatted(file));
    }
    if (!Files.isWritable(folder)) {
      throw new EvenkeelException(
          "The folder %s can't be written to, where its run would go on. help: its permissions, or --resume with a copy of it"
              .formatted(folder));
    }
    AtomicFile.clearLeftOvers(folder, "*.safetensors");
    return SavedModel.read(file);
  }

  /** Keeps history.csv up to date: appends a line for each epoch. */
  public static final class HistoryFile implements Listener {

    public static final String FILE = "history.csv";

    private final Path file;
    private boolean begun;

    public HistoryFile(Path folder) {
      this.file = folder.resolve(FILE);
    }

    /** Where a run goes on, the checkpoint says which epochs there were; the file may be behind. */
    @Override
    public void onStart(int epoch, int epochs, long step, long totalSteps, List<Epoch> before) {
      if (!before.isEmpty()) {
        begin(before);
      }
    }

    @Override
    public void onEpoch(Epoch epoch) {
      if (!begun) {
        begin(List.of(epoch));
        return;
      }
      try (OutputStream out = new FileOutputStream(file.toFile(), true)) { // nothing interrupts it
        out.write(line(epoch).getBytes(StandardCharsets.US_ASCII));
      } catch (IOException e) {
        throw new EvenkeelException(
            "Cannot write %s: %s. help: check the free space and the permissions"
                .formatted(file, AtomicFile.reason(e)),
            e);
      }
    }

    private void begin(List<Epoch> epochs) {
      StringBuilder csv = new StringBuilder("epoch,steps,seconds,learning_rate,train_loss");
      epochs.get(0).validation().keySet().forEach(name -> csv.append(",valid_").append(name));
      csv.append(",examples_per_second,data_share\n");
      epochs.forEach(epoch -> csv.append(line(epoch)));
      AtomicFile.write(file, csv.toString());
      begun = true;
    }

    private static String line(Epoch epoch) {
      StringBuilder csv = new StringBuilder();
      csv.append(epoch.number()).append(',').append(epoch.steps());
      csv.append(',').append(epoch.seconds()).append(',').append(epoch.learningRate());
      csv.append(',').append(epoch.trainLoss());
      epoch.validation().values().forEach(value -> csv.append(',').append(value));
      csv.append(',').append(epoch.examplesPerSecond());
      return csv.append(',').append(epoch.dataShare()).append('\n').toString();
    }
  }
}
