package dev.evenkeel.simulator;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The things of one kind that were made and not given back, each with where it was made. */
final class Owned<T> {

  private record Entry<T>(T thing, String words) {}

  private static final StackWalker WALKER = StackWalker.getInstance();
  private static final int FRAMES = 4;
  private static final Set<String> DRIVER =
      Stream.of(
              Owned.class,
              SimulatedDriver.class,
              SimulatedBlas.class,
              SimulatedCudnn.class,
              DeviceMemory.class,
              Slices.class,
              PinnedMemory.class,
              Modules.class,
              Streams.class)
          .map(Class::getName)
          .collect(Collectors.toSet());

  private final Map<Long, Entry<T>> live = new LinkedHashMap<>();

  /**
   * @param words what it is: "stream 0x40"
   */
  void add(long handle, T thing, String words) {
    live.put(handle, new Entry<>(thing, words + ", made at " + origin()));
  }

  /** Null if there is none of that handle. */
  T get(long handle) {
    Entry<T> entry = live.get(handle);
    return entry == null ? null : entry.thing;
  }

  T remove(long handle) {
    Entry<T> entry = live.remove(handle);
    return entry == null ? null : entry.thing;
  }

  List<T> things() {
    return live.values().stream().map(Entry::thing).toList();
  }

  List<String> words() {
    return live.values().stream().map(Entry::words).toList();
  }

  void clear() {
    live.clear();
  }

  /** The innermost callers outside the driver. */
  private static String origin() {
    return WALKER.walk(
        frames ->
            frames
                .filter(frame -> !isDriver(frame.getClassName()))
                .limit(FRAMES)
                .map(StackWalker.StackFrame::toStackTraceElement)
                .map(
                    one ->
                        one.getMethodName()
                            + " ("
                            + one.getFileName()
                            + ":"
                            + one.getLineNumber()
                            + ")")
                .collect(Collectors.joining(" < ")));
  }

  private static boolean isDriver(String name) {
    int nested = name.indexOf('$');
    return DRIVER.contains(nested < 0 ? name : name.substring(0, nested));
  }
}
