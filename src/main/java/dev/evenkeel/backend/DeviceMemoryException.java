package dev.evenkeel.backend;

import dev.evenkeel.EvenkeelException;

/** A device that has no room for what was asked of it. */
public final class DeviceMemoryException extends EvenkeelException {

  private final long room;

  /**
   * @param device as people know it
   * @param wanted "14 MB more", or what needs an unknown number of bytes: "the kernel add_f32x4"
   * @param held bytes that the backend holds already
   * @param total bytes of the device
   */
  public DeviceMemoryException(
      String device, String wanted, long free, long held, long total, Throwable cause) {
    super(
        "%s has no room for %s: %s are free, %s are held by this run%s. help: %sa smaller --batch, or --precision bf16"
            .formatted(
                device,
                wanted,
                megabytes(free),
                megabytes(held),
                byOthers(total - free - held, total),
                byOthers(total - free - held, total).isEmpty()
                    ? ""
                    : "nvidia-smi tells who holds the rest; end them, or take "),
        cause);
    this.room = free + held;
  }

  /** The driver itself takes a few hundred: more than a tenth is somebody's. */
  private static String byOthers(long bytes, long total) {
    return bytes > total / 10 ? ", %s by other programs".formatted(megabytes(bytes)) : "";
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
