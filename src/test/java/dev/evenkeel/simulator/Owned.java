package dev.evenkeel.simulator;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The things of one kind that were made and not given back, each with where it was made. */
final class Owned<T> {

  private record Entry<T>(T thing, String words) {}

  private static final StackWalker WALKER = StackWalker.getInstance();
  private static final int FRAMES = 4;

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

  int size() {
    return live.size();
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
    return List.of(
            Owned.class,
            SimulatedDriver.class,
            Streams.class,
            Modules.class,
            PinnedMemory.class,
            DeviceMemory.class)
        .stream()
        .anyMatch(one -> name.startsWith(one.getName()));
  }
}
