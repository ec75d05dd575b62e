package dev.evenkeel.ui;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.io.AtomicFile;
import dev.evenkeel.report.RunReport;
import dev.evenkeel.report.RunTables;
import dev.evenkeel.train.RunMark;
import dev.evenkeel.train.SavedModel;
import dev.evenkeel.train.StepFile;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The runs in a folder: each one that holds a file that only runs hold. */
final class Runs {

  private static final String HISTORY = "history.csv";

  private static final List<String> MARKS =
      List.of("running", HISTORY, SavedModel.CHECKPOINT_FILE, SavedModel.MODEL_FILE);

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
   * @param changed when something was written to it last, in milliseconds since 1970
   */
  record Run(String name, String state, long changed, boolean hasReport) {}

  /** The one that changed last comes first. */
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
    runs.sort(Comparator.comparingLong(Run::changed).reversed().thenComparing(Run::name));
    return runs;
  }

  private static Run describe(Path run) {
    boolean running = RunMark.isRunning(run);
    boolean finished = Files.exists(run.resolve(SavedModel.MODEL_FILE));
    return new Run(
        run.getFileName().toString(),
        running ? "running" : finished ? "finished" : "stopped",
        changed(run),
        isOwn(run.resolve(RunReport.FILE)));
  }

  private static long changed(Path run) {
    try {
      long changed = Files.getLastModifiedTime(run).toMillis();
      for (String table : List.of(HISTORY, StepFile.FILE)) {
        if (isOwn(run.resolve(table))) {
          changed = Math.max(changed, Files.getLastModifiedTime(run.resolve(table)).toMillis());
        }
      }
      return changed;
    } catch (IOException e) {
      return 0; // it is being deleted
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
    Path run = folder.resolve(name);
    boolean isRun =
        Files.isDirectory(run, LinkOption.NOFOLLOW_LINKS)
            && MARKS.stream().anyMatch(mark -> isOwn(run.resolve(mark)));
    return isRun ? Optional.of(run) : Optional.empty();
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
