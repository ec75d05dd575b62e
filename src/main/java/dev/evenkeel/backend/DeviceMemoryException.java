package dev.evenkeel.backend;

import dev.evenkeel.EvenkeelException;

/** A device that has no room for what was asked of it. */
public final class DeviceMemoryException extends EvenkeelException {

  private final long room;

  /**
   * @param device as people know it
   * @param held bytes that the backend holds already
   */
  public DeviceMemoryException(String device, long wanted, long free, long held, Throwable cause) {
    super(
        "%s has no room for %s more: %s are free, %s are held by this run. help: a smaller --batch, or --precision bf16"
            .formatted(device, megabytes(wanted), megabytes(free), megabytes(held)),
        cause);
    this.room = free + held;
  }

  /** The same with what would fit. */
  public DeviceMemoryException(DeviceMemoryException cause, String help) {
    super(cause.getMessage() + "; " + help, cause);
    this.room = cause.room;
  }

  public static String megabytes(long bytes) {
    return bytes < 10_000_000
        ? "%,.1f MB".formatted(bytes * 1e-6)
        : "%,d MB".formatted(Math.round(bytes * 1e-6));
  }

  /** Bytes that the run could have had in all. */
  public long room() {
    return room;
  }
}
