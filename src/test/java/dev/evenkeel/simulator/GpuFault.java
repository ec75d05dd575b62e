package dev.evenkeel.simulator;

/** What the simulated GPU found wrong: a report like one of compute-sanitizer's. */
public final class GpuFault extends RuntimeException {

  /** What went wrong. */
  public enum Kind {
    OUT_OF_BOUNDS,
    MISALIGNED,
    USE_AFTER_FREE,
    READ_BEFORE_WRITE,
    RACE,
    DIVERGENT_BARRIER,
    DEADLOCK,
    BAD_LAUNCH,
    BAD_FREE,
    HOST_MEMORY,
    TRAP,
    ENDLESS
  }

  private final Kind kind;
  private final Place place;
  private final long address;
  private final String allocation;

  /**
   * Where in a launch it happened.
   *
   * @param line of the PTX file, 0 where unknown
   * @param source "batch_norm.cu:41", or empty
   */
  public record Place(
      String kernel,
      String file,
      int line,
      String source,
      int blockX,
      int blockY,
      int threadX,
      int threadY) {

    @Override
    public String toString() {
      return "kernel %s, %s:%d%s, block (%d, %d), thread (%d, %d)"
          .formatted(
              kernel,
              file,
              line,
              source.isEmpty() ? "" : " (" + source + ")",
              blockX,
              blockY,
              threadX,
              threadY);
    }
  }

  private GpuFault(Kind kind, String what, Place place, long address, String allocation) {
    super(place == null ? what : what + ": " + place);
    this.kind = kind;
    this.place = place;
    this.address = address;
    this.allocation = allocation;
  }

  /** A fault outside any kernel, or one whose place is not known yet. */
  static GpuFault of(Kind kind, String what) {
    return new GpuFault(kind, what, null, 0, "");
  }

  /**
   * A fault of one access.
   *
   * @param allocation label of the memory concerned, empty where there is none
   */
  static GpuFault of(Kind kind, String what, long address, String allocation) {
    return new GpuFault(kind, what, null, address, allocation);
  }

  /** The same fault, told where. */
  GpuFault at(Place where) {
    return place != null ? this : new GpuFault(kind, getMessage(), where, address, allocation);
  }

  public Kind kind() {
    return kind;
  }

  /** Null for a fault outside any kernel, such as a host copy. */
  public Place place() {
    return place;
  }

  public long address() {
    return address;
  }

  public String allocation() {
    return allocation;
  }
}
