package dev.evenkeel.train;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.io.AtomicFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The folder of a run: checkpoint.safetensors, model.safetensors and history.csv. */
public final class RunFolder {

  private RunFolder() {}

  /** The first folder NAME-1, NAME-2, … that is not there yet. */
  public static Path next(Path runs, String data) {
    String name = Path.of(data).getFileName().toString().replaceFirst("\\.[^.]*(\\.gz)?$", "");
    for (int i = 1; ; i++) {
      Path folder = runs.resolve(name + "-" + i);
      if (!Files.exists(folder)) {
        return folder;
      }
    }
  }

  /**
   * Makes it; one that holds a run already is refused.
   *
   * @return whether it was not there before
   */
  public static boolean create(Path folder) {
    requireNew(folder, "--resume %s goes on with it; another --out starts a new one");
    boolean absent = !Files.exists(folder);
    make(folder);
    return absent;
  }

  /**
   * The same for a model that no run of this folder's brings about, so that none can go on.
   *
   * @return whether it was not there before
   */
  public static boolean createForModel(Path folder) {
    requireNew(folder, "another --out, which leaves what is in %s as it is");
    boolean absent = !Files.exists(folder);
    make(folder);
    return absent;
  }

  /**
   * @param help with a place for the folder
   */
  private static void requireNew(Path folder, String help) {
    for (String file : List.of(SavedModel.CHECKPOINT_FILE, SavedModel.MODEL_FILE)) {
      if (Files.exists(folder.resolve(file))) {
        throw new EvenkeelException(
            "%s holds a run already (%s). help: %s"
                .formatted(folder, file, help.formatted(folder)));
      }
    }
  }

  /** Makes a folder that --out names, where it is not there yet. */
  public static void make(Path folder) {
    if (Files.exists(folder) && !Files.isDirectory(folder)) {
      throw new EvenkeelException(
          "%s is a file, but a folder is needed. help: another --out".formatted(folder));
    }
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

  /** For a run that failed before it had anything to keep. */
  public static void deleteIfEmpty(Path folder) {
    try {
      Files.deleteIfExists(folder);
    } catch (IOException e) {
      return;
    }
  }

  /** The checkpoint to go on from; what a killed run left half-written is cleared away. */
  public static SavedModel checkpoint(Path folder) {
    Path file = folder.resolve(SavedModel.CHECKPOINT_FILE);
    if (!Files.exists(file)) {
      throw new EvenkeelException(
          "There is no checkpoint to resume at %s. help: name the folder that --out named"
              .formatted(file));
    }
    AtomicFile.clearLeftOvers(folder, "*.safetensors");
    return SavedModel.read(file);
  }

  /** Keeps history.csv up to date: a line for each epoch. */
  public static final class HistoryFile implements Listener {

    public static final String FILE = "history.csv";

    private final Path file;
    private final List<Epoch> history = new ArrayList<>();

    public HistoryFile(Path folder) {
      this.file = folder.resolve(FILE);
    }

    @Override
    public void onStart(int epoch, int epochs, long step, long totalSteps, List<Epoch> before) {
      history.addAll(before);
    }

    @Override
    public void onEpoch(Epoch epoch) {
      history.add(epoch);
      write();
    }

    private void write() {
      List<String> names = new ArrayList<>(history.get(0).validation().keySet());
      StringBuilder csv = new StringBuilder("epoch,steps,seconds,learning_rate,train_loss");
      names.forEach(name -> csv.append(",valid_").append(name));
      csv.append(",examples_per_second,data_share\n");
      for (Epoch epoch : history) {
        csv.append(epoch.number()).append(',').append(epoch.steps());
        csv.append(',').append(epoch.seconds()).append(',').append(epoch.learningRate());
        csv.append(',').append(epoch.trainLoss());
        names.forEach(name -> csv.append(',').append(epoch.validation().get(name)));
        csv.append(',').append(epoch.examplesPerSecond());
        csv.append(',').append(epoch.dataShare()).append('\n');
      }
      AtomicFile.write(file, csv.toString());
    }
  }
}
