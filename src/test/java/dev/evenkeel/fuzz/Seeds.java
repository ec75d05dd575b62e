package dev.evenkeel.fuzz;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
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
import java.util.zip.GZIPOutputStream;

/** Turns good files into seeds whose damages reach the inside of the reader. */
final class Seeds {

  private static final JsonMapper JSON = new JsonMapper();

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
    int header = headerLength(whole);
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

  /**
   * Every text in the metadata of a file without a checksum, within a header that is always right.
   */
  static List<Seed> metadata(Path plain) {
    byte[] whole = read(plain);
    int data = 8 + headerLength(whole);
    ObjectNode header = json(Arrays.copyOfRange(whole, 8, data));
    List<Seed> seeds = new ArrayList<>();
    for (var text : header.get("__metadata__").properties()) {
      seeds.add(
          new Seed(
              text.getValue().textValue().getBytes(StandardCharsets.UTF_8),
              bytes -> {
                ObjectNode other = header.deepCopy();
                ((ObjectNode) other.get("__metadata__"))
                    .put(text.getKey(), new String(bytes, StandardCharsets.UTF_8));
                return withHeader(other.toString().getBytes(StandardCharsets.UTF_8), whole, data);
              }));
    }
    return seeds;
  }

  private static int headerLength(byte[] file) {
    return (int) ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong();
  }

  private static ObjectNode json(byte[] header) {
    try {
      return (ObjectNode) JSON.readTree(header);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The same file without a checksum. */
  static Path plain(Path file) {
    Safetensors.Content content = Safetensors.read(file);
    Path plain = file.resolveSibling("plain-" + file.getFileName());
    Safetensors.writePlain(plain, content.metadata(), new LinkedHashMap<>(content.tensors()));
    return plain;
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
