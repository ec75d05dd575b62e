package dev.evenkeel.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.tensorflow.framework.HistogramProto;
import org.tensorflow.framework.Summary;
import org.tensorflow.util.Event;

/** Reads event files by TensorFlow's own messages, and their frames by the book. */
public final class EventReader {

  /** The Castagnoli polynomial, its bits reversed. */
  private static final int POLYNOMIAL = 0x82F63B78;

  private EventReader() {}

  /** In the order in which they were made, which is that of their names. */
  public static List<Path> files(Path folder) throws IOException {
    try (var files = Files.list(folder)) {
      return files
          .filter(file -> file.getFileName().toString().startsWith("events.out.tfevents."))
          .sorted()
          .toList();
    }
  }

  public static List<Event> events(Path file) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    List<Event> events = new ArrayList<>();
    while (bytes.hasRemaining()) {
      byte[] length = new byte[8];
      bytes.get(length);
      assertEquals(masked(crc32c(length)), bytes.getInt(), "checksum of the length");
      long size = ByteBuffer.wrap(length).order(ByteOrder.LITTLE_ENDIAN).getLong();
      assertTrue(size > 0 && size <= bytes.remaining() - 4, "a record of " + size + " bytes");
      byte[] record = new byte[(int) size];
      bytes.get(record);
      assertEquals(masked(crc32c(record)), bytes.getInt(), "checksum of the record");
      Event event = Event.parseFrom(record);
      assertTrue(event.getUnknownFields().asMap().isEmpty(), event::toString);
      events.add(event);
    }
    return events;
  }

  /** Everything that the summaries of a file tell under one tag, by step. */
  private static Map<Long, Summary.Value> values(Path file, String tag) throws IOException {
    Map<Long, Summary.Value> values = new TreeMap<>();
    for (Event event : events(file)) {
      for (Summary.Value value : event.getSummary().getValueList()) {
        if (value.getTag().equals(tag)) {
          Summary.Value before = values.put(event.getStep(), value);
          assertEquals(null, before, tag + " twice at step " + event.getStep());
        }
      }
    }
    return values;
  }

  public static Map<Long, Float> scalars(Path file, String tag) throws IOException {
    Map<Long, Float> scalars = new TreeMap<>();
    values(file, tag)
        .forEach(
            (step, value) -> {
              assertEquals(Summary.Value.ValueCase.SIMPLE_VALUE, value.getValueCase());
              scalars.put(step, value.getSimpleValue());
            });
    return scalars;
  }

  public static Map<Long, HistogramProto> histograms(Path file, String tag) throws IOException {
    Map<Long, HistogramProto> histograms = new TreeMap<>();
    values(file, tag)
        .forEach(
            (step, value) -> {
              assertEquals(Summary.Value.ValueCase.HISTO, value.getValueCase());
              histograms.put(step, value.getHisto());
            });
    return histograms;
  }

  public static List<String> tags(Path file) throws IOException {
    return events(file).stream()
        .flatMap(event -> event.getSummary().getValueList().stream())
        .map(Summary.Value::getTag)
        .distinct()
        .sorted()
        .toList();
  }

  /** Bit by bit, as its definition says: another road than the one that is tested. */
  static int crc32c(byte... bytes) {
    int crc = -1;
    for (byte one : bytes) {
      crc ^= one & 0xFF;
      for (int bit = 0; bit < 8; bit++) {
        crc = (crc & 1) == 1 ? crc >>> 1 ^ POLYNOMIAL : crc >>> 1;
      }
    }
    return ~crc;
  }

  /** ((crc >> 15) | (crc << 17)) + 0xa282ead8, as TensorFlow's record format defines it. */
  static int masked(int crc) {
    return (crc >>> 15 | crc << 17) + 0xa282ead8;
  }

  /** The bytes from one place to another, as hexadecimal digits. */
  static String hex(byte[] bytes, int from, int to) {
    return java.util.HexFormat.of().formatHex(Arrays.copyOfRange(bytes, from, to));
  }
}
