package dev.evenkeel.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Expect;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.framework.HistogramProto;
import org.tensorflow.framework.Summary;
import org.tensorflow.util.Event;
import org.tensorflow.util.SessionLog;

class EventFileTest {

  @TempDir Path folder;

  // Frames

  @Test
  void theTestsOwnChecksumIsTheKnownOne() {
    // The check value of CRC-32C, and three of RFC 3720's examples, appendix B.4.
    assertEquals(0xE3069283, EventReader.crc32c("123456789".getBytes(StandardCharsets.US_ASCII)));
    byte[] block = new byte[32];
    assertEquals(0x8A9136AA, EventReader.crc32c(block));
    Arrays.fill(block, (byte) 0xFF);
    assertEquals(0x62A8AB43, EventReader.crc32c(block));
    for (int i = 0; i < 32; i++) {
      block[i] = (byte) i;
    }
    assertEquals(0x46DD794E, EventReader.crc32c(block));
  }

  @Test
  void theFirstRecordIsTheVersionByteForByte() throws IOException {
    double before = System.currentTimeMillis() * 1e-3;
    byte[] bytes;
    try (EventFile file = EventFile.create(folder)) {
      bytes = Files.readAllBytes(file.file());
    }
    assertEquals(8 + 4 + 24 + 4, bytes.length);
    assertEquals("1800000000000000", EventReader.hex(bytes, 0, 8));
    // The masked checksum of that length, which every TensorFlow event file begins with.
    assertEquals("a37f4b22", EventReader.hex(bytes, 8, 12));
    // Field 1, fixed64: the time. Field 3, 13 bytes: the version.
    assertEquals("09", EventReader.hex(bytes, 12, 13));
    assertEquals(
        "1a0d" + "627261696e2e4576656e743a32", // "brain.Event:2"
        EventReader.hex(bytes, 21, 36));
    Event event = Event.parseFrom(Arrays.copyOfRange(bytes, 12, 36));
    double after = System.currentTimeMillis() * 1e-3;
    assertTrue(event.getWallTime() >= before && event.getWallTime() <= after, event::toString);
  }

  @Test
  void scalarsAreTheBytesThatTheFormatAsksFor() throws IOException {
    Path path;
    int start;
    try (EventFile file = EventFile.create(folder)) {
      path = file.file();
      start = (int) Files.size(path);
      file.scalar("loss/train", 0.5);
      file.event(300);
    }
    byte[] bytes = Files.readAllBytes(path);
    // Field 2, varint 300; field 5, a Summary of 19 bytes with one Value of 17: tag and float.
    String expected = "10ac02" + "2a13" + "0a11" + "0a0a" + "6c6f73732f747261696e" + "150000003f";
    int data = start + 12 + 9;
    assertEquals(expected, EventReader.hex(bytes, data, bytes.length - 4));
    assertEquals("21000000" + "00000000", EventReader.hex(bytes, start, start + 8));
  }

  // What TensorFlow reads

  @Test
  void whatWasCollectedIsOneEventOfItsStep() throws IOException {
    Path path;
    try (EventFile file = EventFile.create(folder.resolve("deep/er"))) {
      path = file.file();
      file.start(1);
      file.event(3); // nothing to tell
      file.scalar("loss/train", 1.25);
      file.scalar("Verlust/größe ✓ 𝄞", Double.NaN);
      file.event(Long.MAX_VALUE);
      file.histogram("weights/0.weight", Histogram.of(new float[] {1, 2, 3}));
      file.scalar("loss/validation", -1e-30);
      file.event(0);
    }
    List<Event> events = EventReader.events(path);
    assertEquals(4, events.size());
    assertEquals("brain.Event:2", events.get(0).getFileVersion());
    assertEquals(Event.WhatCase.SESSION_LOG, events.get(1).getWhatCase());
    assertEquals(SessionLog.SessionStatus.START, events.get(1).getSessionLog().getStatus());
    assertEquals(1, events.get(1).getStep());
    assertEquals(Long.MAX_VALUE, events.get(2).getStep());
    List<Summary.Value> first = events.get(2).getSummary().getValueList();
    assertEquals(2, first.size());
    assertEquals("loss/train", first.get(0).getTag());
    assertEquals(1.25f, first.get(0).getSimpleValue());
    assertEquals("Verlust/größe ✓ 𝄞", first.get(1).getTag());
    assertTrue(Float.isNaN(first.get(1).getSimpleValue()));
    List<Summary.Value> second = events.get(3).getSummary().getValueList();
    assertEquals("weights/0.weight", second.get(0).getTag());
    assertEquals(3, second.get(0).getHisto().getNum());
    assertEquals(-1e-30f, second.get(1).getSimpleValue());
  }

  @Test
  void manyEventsFitHoweverLargeTheyAre() throws IOException {
    Random random = new Random(5);
    Path path;
    try (EventFile file = EventFile.create(folder)) {
      path = file.file();
      for (int step = 1; step <= 200; step++) {
        for (int i = 0; i < step % 23; i++) {
          file.scalar("a/" + i, step * i);
          file.histogram("h/" + i, Histogram.of(gaussian(random, 400, 1)));
        }
        file.event(step);
        if (step % 50 == 0) {
          file.flush();
        }
      }
    }
    Map<Long, Float> scalars = EventReader.scalars(path, "a/7");
    assertEquals(expectedOf(7), scalars);
    assertEquals(expectedOf(7).keySet(), EventReader.histograms(path, "h/7").keySet());
  }

  private static Map<Long, Float> expectedOf(int i) {
    Map<Long, Float> expected = new java.util.TreeMap<>();
    for (long step = 1; step <= 200; step++) {
      if (i < step % 23) {
        expected.put(step, (float) (step * i));
      }
    }
    return expected;
  }

  // Histograms

  private static float[] gaussian(Random random, int size, double deviation) {
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) (deviation * random.nextGaussian());
    }
    return values;
  }

  private HistogramProto written(float[] values) throws IOException {
    Path path;
    try (EventFile file = EventFile.create(folder)) {
      path = file.file();
      file.histogram("h", Histogram.of(values));
      file.event(1);
    }
    return EventReader.histograms(path, "h").get(1L);
  }

  /** Each value is counted between the limits around it, and limits are TensorBoard's. */
  private void assertCountsRight(float[] values) throws IOException {
    HistogramProto histogram = written(values);
    assertEquals(histogram.getBucketCount(), histogram.getBucketLimitCount());
    double below = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < histogram.getBucketCount(); i++) {
      double limit = histogram.getBucketLimit(i);
      long expected = 0;
      for (float value : values) {
        expected += value >= below && value < limit ? 1 : 0;
      }
      assertEquals(expected, histogram.getBucket(i), "from " + below + " to " + limit);
      assertTrue(limit > below);
      boolean emptyTwice = i > 0 && histogram.getBucket(i) == 0 && histogram.getBucket(i - 1) == 0;
      assertFalse(emptyTwice, "two empty buckets in a row");
      assertIsLimit(limit);
      below = limit;
    }
    assertEquals(Double.MAX_VALUE, below);
  }

  /** ±1e-12 · 1.1ⁿ below 1e20, 0, or the largest double. */
  private static void assertIsLimit(double limit) {
    double size = Math.abs(limit);
    if (size == 0 || size == Double.MAX_VALUE) {
      return;
    }
    double n = Math.log(size / 1e-12) / Math.log(1.1);
    // Limits are made by multiplying, n times: rounding errors add up.
    assertEquals(Math.rint(n), n, 1e-9, "limit " + limit);
    assertTrue(n > -1e-9 && size < 1e20, "limit " + limit);
  }

  @Test
  void everyValueIsCountedBetweenTheLimitsAroundIt() throws IOException {
    Random random = new Random(2);
    assertCountsRight(gaussian(random, 1000, 0.05));
    assertCountsRight(gaussian(random, 1000, 1e6));
    float[] anyBits = new float[3000];
    for (int i = 0; i < anyBits.length; i++) {
      float value = Float.intBitsToFloat(random.nextInt());
      anyBits[i] = Float.isFinite(value) ? value : 0;
    }
    assertCountsRight(anyBits);
    assertCountsRight(
        new float[] {
          0,
          -0f,
          1,
          -1,
          1e-12f,
          -1e-12f,
          1e20f,
          -1e20f,
          Float.MIN_VALUE,
          -Float.MIN_VALUE,
          Float.MAX_VALUE,
          -Float.MAX_VALUE,
          Float.MIN_NORMAL
        });
  }

  @Test
  void theLastLimitIsWithinATenthOfEachValue() throws IOException {
    for (float value : new float[] {1e-11f, 0.03f, 1, 77, 9e19f}) {
      HistogramProto histogram = written(new float[] {value});
      assertEquals(3, histogram.getBucketCount(), "empty, the value's, empty");
      assertEquals(List.of(0.0, 1.0, 0.0), histogram.getBucketList());
      assertEquals(1.1, histogram.getBucketLimit(1) / histogram.getBucketLimit(0), 1e-12);
    }
  }

  @Test
  void theMomentsAreThoseOfTheFiniteValues() throws IOException {
    float[] values = {2, -3, Float.NaN, 0.5f, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};
    HistogramProto histogram = written(values);
    assertEquals(-3, histogram.getMin());
    assertEquals(2, histogram.getMax());
    assertEquals(3, histogram.getNum());
    assertEquals(-0.5, histogram.getSum());
    assertEquals(13.25, histogram.getSumSquares());
    HistogramProto nothing = written(new float[] {Float.NaN});
    assertEquals(0, nothing.getNum());
    assertEquals(0, nothing.getMin());
    assertEquals(0, nothing.getMax());
    assertEquals(List.of(0.0), nothing.getBucketList());
    assertEquals(List.of(Double.MAX_VALUE), nothing.getBucketLimitList());
  }

  // The file and its folder

  @Test
  void itsNameIsTheOneThatTensorBoardLooksForAndNeverTaken() throws IOException {
    long before = System.currentTimeMillis() / 1000;
    try (EventFile first = EventFile.create(folder);
        EventFile second = EventFile.create(folder);
        EventFile third = EventFile.create(folder)) {
      List<EventFile> files = List.of(first, second, third);
      files.forEach(file -> file.start(1));
      List<Path> paths = files.stream().map(EventFile::file).toList();
      assertEquals(3, paths.stream().distinct().count());
      assertEquals(paths, EventReader.files(folder), "sorted as they were made");
      String[] parts = first.file().getFileName().toString().split("\\.", 5);
      assertArrayEquals(new String[] {"events", "out", "tfevents"}, Arrays.copyOf(parts, 3));
      long seconds = Long.parseLong(parts[3]);
      assertTrue(seconds >= before && seconds <= before + 60, () -> "seconds " + seconds);
      assertFalse(parts[4].isEmpty());
    }
    assertEquals(3, EventReader.files(folder).size());
  }

  @Test
  void whatWasFlushedIsThereBeforeTheFileIsClosed() throws IOException {
    try (EventFile file = EventFile.create(folder)) {
      file.scalar("x", 1);
      file.event(1);
      assertEquals(1, EventReader.events(file.file()).size());
      file.flush();
      assertEquals(2, EventReader.events(file.file()).size());
    }
  }

  @Test
  void aFileThatTellsOfNoRunIsTakenAwayWithTheFolderMadeForIt() throws IOException {
    Path made = folder.resolve("made");
    EventFile.create(made).close();
    assertFalse(Files.exists(made));
    Path there = Files.createDirectory(folder.resolve("there"));
    EventFile.create(there).close();
    assertEquals(List.of(), EventReader.files(there));
  }

  @Test
  void aPlaceThatTakesNoFileIsNamed() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "");
    Expect.failure(
        () -> EventFile.create(file),
        file + " is a file, but event files need a folder. help: another --tensorboard");
    Expect.failure(
        () -> EventFile.create(file.resolve("sub")),
        "TensorBoard's events can't be written to " + file.resolve("sub"),
        "help: another --tensorboard, or the folder's permissions and free space");
  }

  @Test
  void aFullDiskIsSaidAtOnce() throws IOException {
    Path full = Path.of("/dev/full");
    Assumptions.assumeTrue(Files.exists(full), "this system has no /dev/full");
    Path file = folder.resolve("events.out.tfevents.1.host");
    FileChannel channel = FileChannel.open(full, StandardOpenOption.WRITE);
    Expect.failure(
        () -> new EventFile(file, channel, false),
        "TensorBoard's events can't be written to " + file + " (No space left on device)");
    assertFalse(channel.isOpen());
  }

  @Test
  void closingTwiceIsNoHarm() throws EvenkeelException {
    EventFile file = EventFile.create(folder);
    file.start(1);
    file.close();
    file.close();
  }
}
