package dev.evenkeel.io;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Moves a safetensors file's bytes between channel and arrays, a small chunk at a time: beside the
 * arrays themselves it needs no memory. On the way it forms the file's SHA-256, in which the digits
 * of that SHA-256 count as zeros.
 */
final class SafetensorsData {

  private static final int CHUNK = 1 << 16;

  private final FileChannel channel;
  private final MessageDigest digest = Sha256.digest();
  private final ByteBuffer chunk = ByteBuffer.allocate(CHUNK).order(ByteOrder.LITTLE_ENDIAN);

  private SafetensorsData(FileChannel channel) {
    this.channel = channel;
  }

  static void write(
      FileChannel channel,
      SafetensorsHeader header,
      Map<String, ? extends Safetensors.Tensor> tensors)
      throws IOException {
    SafetensorsData out = new SafetensorsData(channel);
    out.chunk.putLong(header.bytes().length);
    out.writeChunk();
    out.writeBytes(header.bytes());
    for (Safetensors.Tensor tensor : tensors.values()) {
      out.writeTensor(tensor);
    }
    if (header.sha256() < 0) {
      return;
    }
    String digits = HexFormat.of().formatHex(out.digest.digest());
    channel.position(Long.BYTES + header.sha256());
    out.chunk.put(digits.getBytes(StandardCharsets.US_ASCII));
    out.writeChunk();
  }

  static Safetensors.Content read(Path path) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      return new SafetensorsData(channel).readContent(path);
    } catch (SafetensorsHeader.Damaged | EOFException e) {
      throw new EvenkeelException(
          "%s is damaged, or is not a safetensors file: %s. Use another copy of it."
              .formatted(path, e.getMessage()),
          e);
    }
  }

  private Safetensors.Content readContent(Path path) throws IOException {
    long size = channel.size();
    if (size < Long.BYTES) {
      throw new SafetensorsHeader.Damaged(
          "it has %s, and its header alone needs more".formatted(Words.counted(size, "byte")));
    }
    readChunk(Long.BYTES);
    long length = chunk.getLong();
    if (length < 0 || length > size - Long.BYTES || length > SafetensorsHeader.MAX_BYTES) {
      throw new SafetensorsHeader.Damaged(
          "it says that its header has %s bytes, but the whole file has %d"
              .formatted(Long.toUnsignedString(length), size));
    }
    digest.update(chunk.rewind());
    byte[] bytes = readBytes(new byte[(int) length]);
    SafetensorsHeader header = SafetensorsHeader.parse(bytes, size - Long.BYTES - length);
    String expected = takeDigits(header);
    digest.update(bytes);

    Map<String, Safetensors.Tensor> tensors = new LinkedHashMap<>();
    header.entries().keySet().forEach(name -> tensors.put(name, null)); // in the header's order
    for (var named : SafetensorsHeader.inOrderOfBytes(header.entries())) {
      tensors.put(named.getKey(), readTensor(named.getKey(), named.getValue()));
    }
    String seen = HexFormat.of().formatHex(digest.digest());
    if (!expected.isEmpty() && !expected.equals(seen)) {
      throw new SafetensorsHeader.Damaged(
          "its content has SHA-256 %s, but it was written with %s".formatted(seen, expected));
    }
    return new Safetensors.Content(path, header.metadata(), tensors);
  }

  /** The SHA-256 the file was written with, zeroed in the header; empty where there is none. */
  private static String takeDigits(SafetensorsHeader header) {
    int start = header.sha256();
    if (start < 0) {
      return "";
    }
    int end = start + SafetensorsHeader.DIGITS;
    String digits = new String(header.bytes(), start, end - start, StandardCharsets.ISO_8859_1);
    Arrays.fill(header.bytes(), start, end, (byte) '0');
    return digits;
  }

  static long byteLength(Safetensors.Tensor tensor) {
    if (tensor instanceof Safetensors.Tensor.Floats t) {
      return (long) t.data().length * Float.BYTES;
    }
    if (tensor instanceof Safetensors.Tensor.Longs t) {
      return (long) t.data().length * Long.BYTES;
    }
    return ((Safetensors.Tensor.Raw) tensor).data().length;
  }

  private void writeTensor(Safetensors.Tensor tensor) throws IOException {
    if (tensor instanceof Safetensors.Tensor.Floats t) {
      int step = CHUNK / Float.BYTES;
      for (int i = 0; i < t.data().length; i += step) {
        int count = Math.min(step, t.data().length - i);
        chunk.asFloatBuffer().put(t.data(), i, count);
        chunk.position(count * Float.BYTES);
        writeChunk();
      }
    } else if (tensor instanceof Safetensors.Tensor.Longs t) {
      int step = CHUNK / Long.BYTES;
      for (int i = 0; i < t.data().length; i += step) {
        int count = Math.min(step, t.data().length - i);
        chunk.asLongBuffer().put(t.data(), i, count);
        chunk.position(count * Long.BYTES);
        writeChunk();
      }
    } else if (tensor instanceof Safetensors.Tensor.Raw t) {
      writeBytes(t.data());
    }
  }

  private void writeBytes(byte[] bytes) throws IOException {
    for (int i = 0; i < bytes.length; i += CHUNK) {
      chunk.put(bytes, i, Math.min(CHUNK, bytes.length - i));
      writeChunk();
    }
  }

  private void writeChunk() throws IOException {
    digest.update(chunk.flip());
    chunk.rewind();
    AtomicFile.writeAll(channel, chunk);
    chunk.clear();
  }

  private Safetensors.Tensor readTensor(String name, SafetensorsHeader.Entry entry)
      throws IOException {
    long length = entry.end() - entry.begin();
    int width = entry.dtype().equals("F32") ? 4 : entry.dtype().equals("I64") ? 8 : 1;
    if (length / width > Integer.MAX_VALUE - 8) {
      throw new EvenkeelException(
          "Tensor \"%s\" has %d values of type %s; at most %d fit into an array."
              .formatted(name, length / width, entry.dtype(), Integer.MAX_VALUE - 8));
    }
    int count = (int) (length / width);
    if (width == 4) {
      FloatBuffer values = FloatBuffer.allocate(count);
      read(length, part -> values.put(part.asFloatBuffer()));
      return new Safetensors.Tensor.Floats(entry.shape(), values.array());
    }
    if (width == 8) {
      LongBuffer values = LongBuffer.allocate(count);
      read(length, part -> values.put(part.asLongBuffer()));
      return new Safetensors.Tensor.Longs(entry.shape(), values.array());
    }
    ByteBuffer bytes = ByteBuffer.allocate(count);
    read(length, bytes::put);
    return new Safetensors.Tensor.Raw(entry.dtype(), entry.shape(), bytes.array());
  }

  /** Hands on so many bytes, a chunk at a time. */
  private void read(long length, Consumer<ByteBuffer> taken) throws IOException {
    for (long left = length; left > 0; left -= CHUNK) {
      ByteBuffer part = readChunk((int) Math.min(CHUNK, left));
      digest.update(part.duplicate());
      taken.accept(part);
    }
  }

  private byte[] readBytes(byte[] bytes) throws IOException {
    for (int i = 0; i < bytes.length; i += CHUNK) {
      int step = Math.min(CHUNK, bytes.length - i);
      readChunk(step).get(bytes, i, step);
    }
    return bytes;
  }

  private ByteBuffer readChunk(int length) throws IOException {
    chunk.clear().limit(length);
    while (chunk.hasRemaining()) {
      if (channel.read(chunk) < 0) {
        throw new EOFException("it ends before its last tensor does");
      }
    }
    return chunk.flip();
  }
}
