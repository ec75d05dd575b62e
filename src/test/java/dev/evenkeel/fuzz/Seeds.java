package dev.evenkeel.fuzz;

import dev.evenkeel.fuzz.Fuzzer.Seed;
import dev.evenkeel.io.Safetensors;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;

/** Turns good files into seeds whose damages reach the inside of the reader. */
final class Seeds {

  private Seeds() {}

  /** The file as it is, and its content within gzip. */
  static List<Seed> plainAndCompressed(byte[] content) {
    return List.of(
        Seed.of(content), Seed.of(compress(content)), new Seed(content, Seeds::compress));
  }

  private static byte[] compress(byte[] content) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  /** The whole file, and its header alone with a length that is always right. */
  static List<Seed> safetensors(Path file) {
    byte[] whole = read(file);
    int header = (int) ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN).getLong();
    byte[] json = Arrays.copyOfRange(whole, 8, 8 + header);
    return List.of(Seed.of(whole), new Seed(json, other -> withHeader(other, whole, 8 + header)));
  }

  private static byte[] withHeader(byte[] header, byte[] whole, int data) {
    return ByteBuffer.allocate(8 + header.length + whole.length - data)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(header.length)
        .put(header)
        .put(whole, data, whole.length - data)
        .array();
  }

  /** Every text of Evenkeel's own in the file's metadata, in a file without a checksum. */
  static List<Seed> metadata(Path file) {
    Safetensors.Content content = Safetensors.read(file);
    List<Seed> seeds = new ArrayList<>();
    Path scratch = file.resolveSibling("scratch.safetensors");
    content
        .metadata()
        .forEach(
            (key, text) ->
                seeds.add(
                    new Seed(
                        text.getBytes(StandardCharsets.UTF_8),
                        bytes -> {
                          Map<String, String> other = new LinkedHashMap<>(content.metadata());
                          other.put(key, new String(bytes, StandardCharsets.UTF_8));
                          write(scratch, other, content);
                          return read(scratch);
                        })));
    return seeds;
  }

  /** The same file without a checksum. */
  static Path plain(Path file) {
    Safetensors.Content content = Safetensors.read(file);
    Path plain = file.resolveSibling("plain-" + file.getFileName());
    write(plain, content.metadata(), content);
    return plain;
  }

  private static void write(Path file, Map<String, String> metadata, Safetensors.Content content) {
    Safetensors.writePlain(file, metadata, new LinkedHashMap<>(content.tensors()));
  }

  static byte[] join(byte[] first, byte[] second) {
    return ByteBuffer.allocate(first.length + second.length).put(first).put(second).array();
  }

  static byte[] read(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
