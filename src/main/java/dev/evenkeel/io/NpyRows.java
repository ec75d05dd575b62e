package dev.evenkeel.io;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.tensor.Rows;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The rows of an NPY file, read where they lie: the file is mapped, so what of it is in memory the
 * operating system decides, and there may be more of it than memory holds. If it becomes shorter
 * while it is read, Java throws an {@link InternalError}, perhaps only some rows later.
 */
public final class NpyRows implements Rows {

  /** A mapping's bytes are counted by an int; a whole number of rows is in each. */
  private static final int MOST_BYTES = 1 << 30;

  private final NpyHeader header;
  private final int columns;
  private final int rowBytes;
  private final int rowsOfPart;
  private final ByteBuffer[] parts;

  /** The same, where they need no decoding. */
  private final FloatBuffer[] floats;

  /** Each thread's row as it lies in the file. */
  private final ThreadLocal<ByteBuffer> raw;

  private NpyRows(NpyHeader header, FileChannel file) throws IOException {
    this.header = header;
    this.columns = header.columns();
    this.rowBytes = columns * header.element().width();
    this.rowsOfPart = Math.max(1, MOST_BYTES / rowBytes);
    this.raw =
        ThreadLocal.withInitial(
            () -> ByteBuffer.allocate(rowBytes).order(header.element().order()));
    long start = file.position();
    this.parts = new ByteBuffer[(count() - 1) / rowsOfPart + 1];
    for (int i = 0; i < parts.length; i++) {
      long from = (long) i * rowsOfPart;
      long bytes = Math.min(rowsOfPart, count() - from) * rowBytes;
      parts[i] = map(file, start + from * rowBytes, bytes).order(header.element().order());
    }
    this.floats =
        header.element().isFloat()
            ? Stream.of(parts).map(ByteBuffer::asFloatBuffer).toArray(FloatBuffer[]::new)
            : new FloatBuffer[0];
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
          : Optional.of(new NpyRows(header, file));
    } catch (IOException e) {
      throw Unreadable.because(path, e);
    }
  }

  private ByteBuffer map(FileChannel file, long from, long bytes) {
    try {
      return file.map(MapMode.READ_ONLY, from, bytes);
    } catch (IOException e) {
      throw new EvenkeelException(
          "%s can't be mapped: %s. help: more room for addresses, which ulimit -v may keep short"
              .formatted(header.name(), AtomicFile.reason(e)),
          e);
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
  public void read(int index, float[] to, int at) {
    int part = index / rowsOfPart;
    int place = index % rowsOfPart;
    if (floats.length > 0) {
      floats[part].get(place * columns, to, at, columns);
    } else {
      // Of a copy: where the file was cut, its own bytes may be others at every look.
      ByteBuffer row = raw.get();
      parts[part].get(place * rowBytes, row.array(), 0, rowBytes);
      header.element().decode(row, 0, to, at, columns);
    }
  }
}
