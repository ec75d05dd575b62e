package dev.evenkeel.ui;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.io.AtomicFile;
import dev.evenkeel.report.RunReport;
import dev.evenkeel.report.RunTables;
import dev.evenkeel.train.RunFolder;
import dev.evenkeel.train.RunMark;
import dev.evenkeel.train.SavedModel;
import dev.evenkeel.train.StepFile;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The runs in a folder: each one that holds a file that only runs hold. */
final class Runs {

  private static final String HISTORY = RunFolder.HistoryFile.FILE;

  /** The state of one that trains now. */
  private static final String RUNNING = "running";

  private static final List<String> MARKS =
      List.of(RunMark.FILE, HISTORY, SavedModel.CHECKPOINT_FILE, SavedModel.MODEL_FILE);

  private final Path folder;

  Runs(Path folder) {
    if (!Files.isDirectory(folder)) {
      throw new EvenkeelException(
          "There is no folder %s to show runs of. help: --runs DIR, the folder that holds the run folders"
              .formatted(folder));
    }
    this.folder = folder;
  }

  /**
   * A run in the list.
   *
   * @param state running, finished or stopped
   * @param changed while it runs, when it began; else when it was written to last; in milliseconds
   *     since 1970
   * @param length while it runs, how long it will in all; null where it didn't say so
   */
  record Run(String name, String state, long changed, boolean hasReport, RunMark.Length length) {}

  /** Those that run come first; then the latest, so that the order changes only where states do. */
  List<Run> list() {
    List<Run> runs = new ArrayList<>();
    try (DirectoryStream<Path> children = Files.newDirectoryStream(folder)) {
      for (Path child : children) {
        find(child.getFileName().toString()).ifPresent(run -> runs.add(describe(run)));
      }
    } catch (IOException e) {
      throw new EvenkeelException(
          "The folder %s can't be read: %s".formatted(folder, AtomicFile.reason(e)), e);
    }
    runs.sort(
        Comparator.comparing((Run run) -> !run.state.equals(RUNNING))
            .thenComparing(Comparator.comparingLong(Run::changed).reversed())
            .thenComparing(Run::name));
    return runs;
  }

  private static Run describe(Path run) {
    boolean running = RunMark.isRunning(run);
    boolean finished = Files.exists(run.resolve(SavedModel.MODEL_FILE));
    return new Run(
        run.getFileName().toString(),
        running ? RUNNING : finished ? "finished" : "stopped",
        running ? time(run.resolve(RunMark.FILE)) : changed(run),
        isOwn(run.resolve(RunReport.FILE)),
        running ? RunMark.length(run).orElse(null) : null);
  }

  private static long changed(Path run) {
    return Stream.of(run, run.resolve(HISTORY), run.resolve(StepFile.FILE))
        .mapToLong(Runs::time)
        .max()
        .orElseThrow();
  }

  private static long time(Path file) {
    try {
      return Files.getLastModifiedTime(file, LinkOption.NOFOLLOW_LINKS).toMillis();
    } catch (IOException e) {
      return 0; // it is not there, or being deleted
    }
  }

  /**
   * The folder of a run with that name: a real folder right in this one, so that no name and no
   * link leads elsewhere.
   */
  Optional<Path> find(String name) {
    if (name.isEmpty() || name.startsWith(".") || name.matches(".*[/\\\\\0].*")) {
      return Optional.empty();
    }
    return inFolder(name)
        .filter(run -> Files.isDirectory(run, LinkOption.NOFOLLOW_LINKS))
        .filter(run -> MARKS.stream().anyMatch(mark -> isOwn(run.resolve(mark))));
  }

  /** On Windows "C:" is where that drive is at, and "a*b" no name at all. */
  private Optional<Path> inFolder(String name) {
    try {
      Path one = Path.of(name);
      return one.getRoot() == null ? Optional.of(folder.resolve(one)) : Optional.empty();
    } catch (InvalidPathException e) {
      return Optional.empty();
    }
  }

  /** A file of the run itself: no link to one that lies elsewhere. */
  private static boolean isOwn(Path file) {
    return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS);
  }

  /**
   * The columns of a run's tables by their names.
   *
   * @param epochs empty before the end of the first epoch
   * @param steps how it went within epochs; empty where nobody kept that
   */
  record Course(Map<String, List<Double>> epochs, Map<String, List<Double>> steps) {}

  Course course(Path run) {
    return new Course(
        isOwn(run.resolve(HISTORY)) ? RunTables.history(run) : Map.of(),
        isOwn(run.resolve(StepFile.FILE)) ? RunTables.steps(run) : Map.of());
  }

  Optional<Path> report(Path run) {
    return Optional.of(run.resolve(RunReport.FILE)).filter(Runs::isOwn);
  }
}
