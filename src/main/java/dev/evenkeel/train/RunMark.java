package dev.evenkeel.train;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.io.AtomicFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * Two small files by which a run and whoever watches its folder speak: "running" names the process
 * while it trains, and how long it will, and a file "stop" asks it to end with a checkpoint.
 */
public final class RunMark implements AutoCloseable {

  /** The file that is there while the run trains. */
  public static final String FILE = "running";

  private static final String STOP = "stop";

  /** Asking the file system at every step would take longer than small steps do. */
  static final long LOOK_NANOS = 200_000_000;

  /** When a process began is told by a clock that is set right now and then. */
  private static final Duration CLOCK = Duration.ofSeconds(10);

  /** The folders that this process trains in. */
  private static final Set<Path> OWN = new HashSet<>();

  private final Path folder;
  private final Path stop;
  private long lastLook = System.nanoTime();
  private boolean asked;

  private RunMark(Path folder) {
    this.folder = folder;
    this.stop = folder.resolve(STOP);
  }

  /**
   * Marks a run as running; what an earlier one was asked is forgotten.
   *
   * @throws EvenkeelException where another one trains there
   */
  static synchronized RunMark of(Path folder) { // two threads may begin at once
    requireIdle(folder);
    RunMark mark = new RunMark(folder);
    try {
      Files.deleteIfExists(folder.resolve(STOP));
    } catch (IOException e) {
      throw new EvenkeelException(
          "%s can't be deleted (%s), so the run would stop at once"
              .formatted(folder.resolve(STOP), AtomicFile.reason(e)),
          e);
    }
    AtomicFile.write(folder.resolve(FILE), process(ProcessHandle.current()));
    OWN.add(real(folder));
    return mark;
  }

  /** However it is named. */
  private static Path real(Path folder) {
    try {
      return folder.toRealPath();
    } catch (IOException e) {
      return folder.toAbsolutePath().normalize();
    }
  }

  /**
   * How long a run is in all, unless it is stopped early.
   *
   * @param epochs the last may be a part of one
   */
  public record Length(int epochs, long steps) {}

  /** Says how long the run will be, in a second line. */
  void tell(Length length) {
    String line = "%d %d".formatted(length.epochs, length.steps);
    AtomicFile.write(folder.resolve(FILE), process(ProcessHandle.current()) + "\n" + line + "\n");
  }

  /** How long the run in a folder will be, where it has said so. */
  public static Optional<Length> length(Path folder) {
    try {
      String[] numbers = Files.readAllLines(folder.resolve(FILE)).get(1).split(" ");
      return Optional.of(new Length(Integer.parseInt(numbers[0]), Long.parseLong(numbers[1])));
    } catch (IOException | NumberFormatException | IndexOutOfBoundsException e) {
      return Optional.empty();
    }
  }

  /** Its number, and when it began: numbers are given again. */
  private static String process(ProcessHandle process) {
    return process.pid() + " " + began(process);
  }

  private static Instant began(ProcessHandle process) {
    return process.info().startInstant().orElse(Instant.EPOCH);
  }

  /** Two runs in one folder would take each other's files. */
  static void requireIdle(Path folder) {
    running(folder)
        .ifPresent(
            process -> {
              throw new EvenkeelException(
                  process.equals(ProcessHandle.current())
                      ? "%s is being trained by this program at this moment. help: wait for its end or stop it, or another folder"
                          .formatted(folder)
                      : "%s is being trained by process %d at this moment. help: wait for its end or stop it; if it is no training, delete %s"
                          .formatted(folder, process.pid(), folder.resolve(FILE)));
            });
  }

  /** Whether someone asked the run to stop, as of a moment ago. */
  boolean isStopAsked() {
    long now = System.nanoTime();
    if (!asked && now - lastLook >= LOOK_NANOS) {
      lastLook = now;
      asked = Files.exists(stop);
    }
    return asked;
  }

  /** Whether a process of this machine trains in that folder now. */
  public static boolean isRunning(Path folder) {
    return running(folder).isPresent();
  }

  /**
   * The process that marked the folder, while it lives: another one of its number began later, if
   * only by moments, as one of a container's that starts again.
   */
  private static synchronized Optional<ProcessHandle> running(Path folder) {
    try {
      String[] mark = Files.readString(folder.resolve(FILE)).split("\n", 2)[0].split(" ");
      Instant began = Instant.parse(mark[1]);
      return ProcessHandle.of(Long.parseLong(mark[0]))
          .filter(p -> !p.equals(ProcessHandle.current()) || OWN.contains(real(folder)))
          .filter(process -> began(process).minus(CLOCK).isBefore(began))
          .filter(process -> began(process).plus(CLOCK).isAfter(began));
    } catch (IOException
        | NumberFormatException
        | DateTimeException
        | IndexOutOfBoundsException e) {
      return Optional.empty();
    }
  }

  /**
   * Asks the run that trains in a folder to end with a checkpoint, which it does after a fifth of a
   * second, or a step that takes longer.
   */
  public static void askToStop(Path folder) {
    AtomicFile.write(folder.resolve(STOP), "");
  }

  @Override
  public void close() {
    synchronized (RunMark.class) {
      OWN.remove(real(folder));
    }
    try {
      Files.deleteIfExists(folder.resolve(FILE));
      Files.deleteIfExists(folder.resolve(STOP));
    } catch (IOException e) {
      return; // the process ends soon, and then the mark says nothing any more
    }
  }
}
