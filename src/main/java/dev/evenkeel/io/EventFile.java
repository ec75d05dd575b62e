package dev.evenkeel.io;

import dev.evenkeel.EvenkeelException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;

/**
 * A new event file in a folder that TensorBoard watches. Order of use: {@link #scalar} and {@link
 * #histogram} collect values, {@link #event} makes them the event of one step, {@link #flush} lets
 * readers see it.
 *
 * <p>The file is a sequence of TFRecords: length, its checksum, a protobuf Event, its checksum.
 * Scalars are {@code simple_value}s and histograms {@code histo}s, not tensors with metadata: every
 * TensorBoard reads these, the current ones by converting them to tensors on reading, and no
 * plug-in has to be named in them.
 *
 * <p>Collecting, writing and flushing scalars allocates nothing once the buffers have grown.
 */
public final class EventFile implements AutoCloseable {

  private static final String VERSION = "brain.Event:2";
  private static final int SESSION_START = 1;

  /** Length, two checksums. */
  private static final int FRAME = Long.BYTES + 2 * Integer.BYTES;

  private final Path file;
  private final WritableByteChannel channel;
  private final boolean madeFolder;
  private boolean tellsSomething;

  private static final String PREFIX = "events.out.tfevents.";

  private final ProtobufMessage event = new ProtobufMessage();
  private final ProtobufMessage summary = new ProtobufMessage();
  private final ProtobufMessage value = new ProtobufMessage();
  private final ProtobufMessage content = new ProtobufMessage();
  private ByteBuffer records = ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN);
  private final CRC32C crc = new CRC32C();

  EventFile(Path file, WritableByteChannel channel, boolean madeFolder) {
    this.file = file;
    this.channel = channel;
    this.madeFolder = madeFolder;
    begin();
    event.text(3, VERSION);
    append();
    try {
      flush();
    } catch (EvenkeelException e) {
      close();
      throw e;
    }
  }

  /** Makes the folder where it is missing, and in it a file that no run has written to yet. */
  public static EventFile create(Path folder) {
    if (Files.exists(folder) && !Files.isDirectory(folder)) {
      throw new EvenkeelException(
          "%s is a file, but event files need a folder. help: another --tensorboard"
              .formatted(folder));
    }
    boolean absent = !Files.exists(folder);
    try {
      Files.createDirectories(folder);
      String name = PREFIX + "%s.%s".formatted(System.currentTimeMillis() / 1000, host());
      Path file = folder.resolve(name);
      for (int i = 1; Files.exists(file); i++) {
        file = folder.resolve(name + "." + i);
      }
      return new EventFile(
          file,
          FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
          absent);
    } catch (IOException e) {
      throw unwritable(folder, e);
    }
  }

  /** Whether a file of this name is one that TensorBoard would read. */
  public static boolean isEvents(String fileName) {
    return fileName.startsWith(PREFIX);
  }

  private static EvenkeelException unwritable(Path place, IOException e) {
    return new EvenkeelException(
        "TensorBoard's events can't be written to %s (%s). help: another --tensorboard, or the folder's permissions and free space"
            .formatted(place, AtomicFile.reason(e)),
        e);
  }

  /** TensorBoard shows it nowhere: any name will do. */
  private static String host() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "localhost";
    }
  }

  Path file() {
    return file;
  }

  /** Adds a number to the event to come. Tags like "loss/train" share a section by their start. */
  public void scalar(String tag, double number) {
    value.clear();
    value.text(1, tag);
    value.real(2, (float) number);
    summary.message(1, value);
  }

  /** Adds a histogram to the event to come. */
  public void histogram(String tag, Histogram histogram) {
    content.clear();
    histogram.writeTo(content);
    value.clear();
    value.text(1, tag);
    value.message(5, content);
    summary.message(1, value);
  }

  /** Makes what was collected the event of this step; without any, does nothing. */
  public void event(long step) {
    if (summary.length() == 0) {
      return;
    }
    begin();
    event.integer(2, step);
    event.message(5, summary);
    append();
    summary.clear();
    tellsSomething = true;
  }

  /**
   * Says that a run starts or goes on here: TensorBoard forgets what earlier files of the folder
   * tell of this step and later ones.
   */
  public void start(long step) {
    content.clear();
    content.integer(1, SESSION_START);
    begin();
    event.integer(2, step);
    event.message(7, content);
    append();
    tellsSomething = true;
  }

  private void begin() {
    event.clear();
    event.real(1, System.currentTimeMillis() * 1e-3);
  }

  /** Frames the event. */
  private void append() {
    int length = event.length();
    if (records.remaining() < length + FRAME) {
      int capacity = Math.max(2 * records.capacity(), records.position() + length + FRAME);
      records = ByteBuffer.allocate(capacity).order(ByteOrder.LITTLE_ENDIAN).put(records.flip());
    }
    int start = records.position();
    records.putLong(length);
    records.putInt(maskedChecksum(records.array(), start, Long.BYTES));
    records.put(event.array(), 0, length);
    records.putInt(maskedChecksum(event.array(), 0, length));
  }

  /** Masked, since the checksum of bytes that hold checksums of themselves says little. */
  private int maskedChecksum(byte[] bytes, int from, int length) {
    crc.reset();
    crc.update(bytes, from, length);
    return Integer.rotateRight((int) crc.getValue(), 15) + 0xA282EAD8;
  }

  /** Hands everything to the operating system. After a failure nothing more can be written. */
  public void flush() {
    records.flip();
    try {
      AtomicFile.writeAll(channel, records);
    } catch (IOException e) {
      throw unwritable(file, e);
    } finally {
      records.clear();
    }
  }

  /**
   * Flushes; a file that tells of no run is taken away again, once closed: Windows asks for that.
   */
  @Override
  public void close() {
    try {
      try (channel) {
        if (channel.isOpen() && records.position() > 0) {
          flush();
        }
      }
      if (!tellsSomething) {
        Files.deleteIfExists(file);
        if (madeFolder) {
          Files.deleteIfExists(file.toAbsolutePath().getParent());
        }
      }
    } catch (IOException e) {
      throw unwritable(file, e);
    }
  }
}
