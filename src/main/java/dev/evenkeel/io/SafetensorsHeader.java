package dev.evenkeel.io;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The JSON header of a safetensors file: which tensor lies where, and the file's metadata.
 *
 * @param bytes the header as it stands in the file, padding included
 * @param sha256 where the 64 digits of the file's own SHA-256 start in {@code bytes}, or −1
 */
record SafetensorsHeader(
    byte[] bytes, Map<String, String> metadata, Map<String, Entry> entries, int sha256) {

  /** One tensor: its bytes are {@code begin} to {@code end} after the header. */
  record Entry(String dtype, long[] shape, long begin, long end) {}

  /** A header that breaks the format's rules; the reader adds the file's name. */
  static final class Damaged extends IOException {
    Damaged(String detail) {
      super(detail);
    }
  }

  static final int DIGITS = 64;
  private static final String METADATA = "__metadata__";
  private static final String SHA256 = "sha256";

  /** A second sign of a checksum, so that one flipped bit cannot hide the first. */
  private static final String INTEGRITY = "integrity";

  private static final Map<String, Integer> BITS =
      Map.ofEntries(
          Map.entry("BOOL", 8),
          Map.entry("U8", 8),
          Map.entry("I8", 8),
          Map.entry("F8_E4M3", 8),
          Map.entry("F8_E5M2", 8),
          Map.entry("U16", 16),
          Map.entry("I16", 16),
          Map.entry("F16", 16),
          Map.entry("BF16", 16),
          Map.entry("U32", 32),
          Map.entry("I32", 32),
          Map.entry("F32", 32),
          Map.entry("U64", 64),
          Map.entry("I64", 64),
          Map.entry("F64", 64));

  /** The limit of the format's own reference reader. */
  static final int MAX_BYTES = 100_000_000;

  /** A preparation of very many columns is a single text: as long as the header may be. */
  private static final JsonMapper JSON =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxStringLength(MAX_BYTES).build())
                  .build())
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  static SafetensorsHeader of(
      Map<String, String> metadata,
      Map<String, ? extends Safetensors.Tensor> tensors,
      boolean checksum) {
    ObjectNode root = JSON.createObjectNode();
    if (checksum || !metadata.isEmpty()) {
      ObjectNode texts = root.putObject(METADATA);
      metadata.forEach(texts::put);
      if (checksum) {
        texts.put(INTEGRITY, SHA256).put(SHA256, "0".repeat(DIGITS));
      }
    }
    Map<String, Entry> entries = new LinkedHashMap<>();
    long offset = 0;
    for (Map.Entry<String, ? extends Safetensors.Tensor> named : tensors.entrySet()) {
      Safetensors.Tensor tensor = named.getValue();
      if (named.getKey().equals(METADATA)) {
        throw new EvenkeelException(
            "A tensor cannot be called " + METADATA + ". Give it another name.");
      }
      long end = offset + SafetensorsData.byteLength(tensor);
      Entry entry = new Entry(tensor.dtype(), tensor.shape(), offset, end);
      requireSize(named.getKey(), entry);
      ObjectNode node = root.putObject(named.getKey()).put("dtype", entry.dtype);
      Arrays.stream(entry.shape).forEach(node.putArray("shape")::add);
      node.putArray("data_offsets").add(offset).add(end);
      entries.put(named.getKey(), entry);
      offset = end;
    }
    byte[] json = root.toString().getBytes(StandardCharsets.UTF_8);
    if (json.length > MAX_BYTES) {
      throw new EvenkeelException(
          "Cannot write the tensors: their description would have %,d bytes, more than the %,d that readers of the format take. help: fewer columns"
              .formatted(json.length, MAX_BYTES));
    }
    byte[] bytes = Arrays.copyOf(json, (json.length + 7) / 8 * 8);
    Arrays.fill(bytes, json.length, bytes.length, (byte) ' ');
    int place = checksum ? placeOfDigits(bytes, "0".repeat(DIGITS)) : -1;
    return new SafetensorsHeader(bytes, metadata, entries, place);
  }

  private static void requireSize(String name, Entry entry) {
    try {
      requireSizeOf(name, entry);
    } catch (Damaged e) {
      throw new EvenkeelException("Cannot write the tensors: " + e.getMessage(), e);
    }
  }

  /**
   * @param dataLength how many bytes follow the header
   */
  static SafetensorsHeader parse(byte[] bytes, long dataLength) throws Damaged {
    if (bytes.length == 0 || bytes[0] != '{') {
      throw new Damaged("its header does not start with a brace");
    }
    JsonNode root;
    try {
      root = JSON.readTree(bytes);
    } catch (JsonProcessingException e) {
      throw new Damaged("its header is not valid JSON (" + e.getOriginalMessage() + ")");
    } catch (IOException e) {
      throw new Damaged("its header is not valid JSON (" + e.getMessage() + ")");
    }
    Map<String, String> metadata = new LinkedHashMap<>();
    Map<String, Entry> entries = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> field : root.properties()) {
      if (field.getKey().equals(METADATA)) {
        readMetadata(field.getValue(), metadata);
      } else {
        entries.put(field.getKey(), readEntry(field.getKey(), field.getValue()));
      }
    }
    requireContiguous(entries, dataLength);
    int place = -1;
    if (metadata.containsKey(INTEGRITY) || metadata.containsKey(SHA256)) {
      place = placeOfDigits(bytes, metadata.get(SHA256));
      if (place < 0 || metadata.get(SHA256).length() != DIGITS) {
        throw new Damaged("its own checksum is unreadable");
      }
    }
    metadata.remove(INTEGRITY);
    metadata.remove(SHA256);
    return new SafetensorsHeader(bytes, metadata, entries, place);
  }

  private static void readMetadata(JsonNode node, Map<String, String> metadata) throws Damaged {
    if (!node.isObject()) {
      throw new Damaged("its __metadata__ is not an object");
    }
    for (Map.Entry<String, JsonNode> text : node.properties()) {
      if (!text.getValue().isTextual()) {
        throw new Damaged("its metadata \"" + text.getKey() + "\" is not a string");
      }
      metadata.put(text.getKey(), text.getValue().textValue());
    }
  }

  private static Entry readEntry(String name, JsonNode node) throws Damaged {
    JsonNode dtype = node.path("dtype");
    if (!dtype.isTextual()) {
      throw new Damaged("tensor \"%s\" has no dtype".formatted(name));
    }
    long[] shape = readLongs(name, node, "shape");
    long[] offsets = readLongs(name, node, "data_offsets");
    if (offsets.length != 2 || offsets[0] > offsets[1]) {
      throw new Damaged(
          "tensor \"%s\" has data_offsets %s instead of a begin and an end"
              .formatted(name, Arrays.toString(offsets)));
    }
    Entry entry = new Entry(dtype.textValue(), shape, offsets[0], offsets[1]);
    requireSizeOf(name, entry);
    return entry;
  }

  private static long[] readLongs(String name, JsonNode node, String field) throws Damaged {
    JsonNode array = node.path(field);
    if (!array.isArray()) {
      throw new Damaged("tensor \"%s\" has no %s".formatted(name, field));
    }
    long[] values = new long[array.size()];
    for (int i = 0; i < values.length; i++) {
      JsonNode value = array.get(i);
      if (!value.isIntegralNumber() || !value.canConvertToLong() || value.longValue() < 0) {
        throw new Damaged(
            "tensor \"%s\" has %s in its %s, which is not a size".formatted(name, value, field));
      }
      values[i] = value.longValue();
    }
    return values;
  }

  private static void requireSizeOf(String name, Entry entry) throws Damaged {
    Integer bits = BITS.get(entry.dtype);
    if (bits == null) {
      throw new Damaged("tensor \"%s\" has the unknown dtype %s".formatted(name, entry.dtype));
    }
    String shape = Arrays.toString(entry.shape);
    long expected = bits / 8;
    try {
      for (long dimension : entry.shape) {
        expected = Math.multiplyExact(expected, dimension);
      }
    } catch (ArithmeticException e) {
      throw new Damaged("tensor \"%s\" has the impossible shape %s".formatted(name, shape));
    }
    if (expected != entry.end - entry.begin) {
      throw new Damaged(
          "tensor \"%s\" of shape %s and type %s needs %s, but %,d are given to it"
              .formatted(
                  name,
                  shape,
                  entry.dtype,
                  Words.counted(expected, "byte"),
                  entry.end - entry.begin));
    }
  }

  static List<Map.Entry<String, Entry>> inOrderOfBytes(Map<String, Entry> entries) {
    return entries.entrySet().stream()
        .sorted(
            Map.Entry.comparingByValue(
                Comparator.comparingLong(Entry::begin).thenComparing(Entry::end)))
        .toList();
  }

  private static void requireContiguous(Map<String, Entry> entries, long dataLength)
      throws Damaged {
    long expected = 0;
    for (Map.Entry<String, Entry> named : inOrderOfBytes(entries)) {
      Entry entry = named.getValue();
      if (entry.begin != expected) {
        throw new Damaged(
            "tensor \"%s\" begins at byte %d of the data, which %s: byte %d was expected"
                .formatted(
                    named.getKey(),
                    entry.begin,
                    entry.begin < expected ? "overlaps another tensor" : "leaves a gap",
                    expected));
      }
      expected = entry.end;
    }
    if (expected != dataLength) {
      throw new Damaged(
          "its tensors need %s of data, but the file has %,d"
              .formatted(Words.counted(expected, "byte"), dataLength));
    }
  }

  private static int placeOfDigits(byte[] bytes, String digits) {
    String key = "\"" + SHA256 + "\":\"";
    int place = new String(bytes, StandardCharsets.ISO_8859_1).lastIndexOf(key + digits + "\"");
    return place < 0 ? -1 : place + key.length();
  }
}
