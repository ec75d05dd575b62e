package dev.evenkeel.io;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.tensor.Rows;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The rows of an NPY file, read where they lie, one by one: what of them is in memory the operating
 * system decides, and there may be more of them than memory holds. A mapping would be read around
 * every row that is not there, 128 kB at a time: far more than a row has.
 */
public final class NpyRows implements Rows {

  private final Path path;
  private final NpyHeader header;
  private final int columns;
  private final int rowBytes;
  private final long start;

  private final ThreadLocal<Raw> raw;

  /** Exchanged where an interrupt closed it. */
  private volatile FileChannel file;

  /** Each thread's row as it lies in the file, also seen as floats. */
  private record Raw(ByteBuffer bytes, FloatBuffer floats) {
    static Raw of(int size, ByteOrder order) {
      ByteBuffer bytes = ByteBuffer.allocateDirect(size).order(order);
      return new Raw(bytes, bytes.asFloatBuffer());
    }
  }

  private NpyRows(Path path, NpyHeader header, FileChannel file) throws IOException {
    this.path = path;
    this.header = header;
    this.columns = header.columns();
    this.rowBytes = columns * header.element().width();
    this.start = file.position();
    this.raw = ThreadLocal.withInitial(() -> Raw.of(rowBytes, header.element().order()));
    this.file = FileChannel.open(path); // it closes when nobody has these rows any more
  }

  /**
   * Empty where they can't be read so: of a file that is compressed, or a pipe, or holds texts,
   * numbers in Fortran's order, or rows of 2 GB.
   */
  public static Optional<NpyRows> of(Path path) {
    if (Spool.isStream(path)) {
      return Optional.empty();
    }
    try (FileChannel file = FileChannel.open(path)) {
      InputStream in = Channels.newInputStream(file);
      if (!NpyHeader.isStart(in.readNBytes(NpyHeader.MAGIC_BYTES))) {
        return Optional.empty();
      }
      file.position(0);
      NpyHeader header = NpyHeader.read(path.toString(), in);
      header.requireSize(file.size() - file.position());
      boolean fits = (long) header.columns() * header.element().width() <= Integer.MAX_VALUE;
      return header.element().isText() || header.isFortran() || !fits
          ? Optional.empty()
          : Optional.of(new NpyRows(path, header, file));
    } catch (IOException e) {
      throw Unreadable.because(path, e);
    }
  }

  @Override
  public int count() {
    return header.shape()[0];
  }

  @Override
  public int columns() {
    return columns;
  }

  /** How many dimensions the array has. */
  public int dimensions() {
    return header.shape().length;
  }

  @Override
  public void read(int row, float[] to, int at) {
    Raw own = raw.get();
    fill(own.bytes, start + (long) row * rowBytes, row);
    if (header.element().isFloat()) {
      own.floats.get(0, to, at, columns);
    } else {
      header.element().decode(own.bytes, 0, to, at, columns);
    }
  }

  private void fill(ByteBuffer bytes, long from, int row) {
    boolean interrupted = false;
    try {
      for (bytes.clear(); bytes.hasRemaining(); ) {
        FileChannel used = file;
        try {
          if (used.read(bytes, from + bytes.position()) < 0) {
            throw new EvenkeelException(
                "%s has no row %,d any more: it became shorter. help: leave files of data as they are until what reads them ends"
                    .formatted(path, row));
          }
        } catch (ClosedChannelException e) { // by an interrupt, of this thread or of another
          interrupted |= Thread.interrupted();
          reopen(used);
        }
      }
    } catch (IOException e) {
      throw Unreadable.because(path, e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private synchronized void reopen(FileChannel closed) throws IOException {
    if (file == closed) {
      file = FileChannel.open(path);
    }
  }
}
