package dev.evenkeel.fuzz;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * Damages bytes as transfers, disks and ill-wishers do: flipped bits, lost and doubled pieces,
 * sizes that lie, numbers out of range, nesting without end, names that lead out of a folder.
 */
final class Mutator {

  private static final long[] BOUNDARIES = {
    0,
    1,
    -1,
    127,
    128,
    255,
    65_535,
    1 << 24,
    Integer.MAX_VALUE,
    Integer.MIN_VALUE,
    1L << 32,
    Long.MAX_VALUE,
    Long.MIN_VALUE
  };

  /** What means something to one of the formats, or to a file system. */
  private static final List<String> WORDS =
      List.of(
          "../../../../tmp/evenkeel-escaped",
          "/tmp/evenkeel-escaped",
          "a\u0000b",
          "null",
          "true",
          "NaN",
          "-Infinity",
          "1e999",
          "-0",
          "\"",
          "{}",
          "[]",
          "\\ud800",
          "__metadata__",
          ",",
          ";",
          "\t",
          "\r\n",
          "\n\n",
          "?",
          "\uFEFF",
          "(,)",
          "'shape': (2147483647, 2147483647)",
          "{\"type\":\"residual\",\"layers\":[]}");

  private static final List<String> NUMBERS =
      List.of(
          "0",
          "-1",
          "1",
          "2147483647",
          "-2147483648",
          "2147483648",
          "1000000000",
          "9223372036854775807",
          "99999999999999999999999",
          "1e308",
          "0.5",
          "1e-320",
          "null");

  private static final List<String> OPENINGS =
      List.of("[", "{\"a\":", "\"", "(", "{\"type\":\"residual\",\"layers\":[");

  private static final Pattern NUMBER = Pattern.compile("-?\\d+(\\.\\d+)?");

  private final Random random;

  Mutator(Random random) {
    this.random = random;
  }

  /** One to four damages, of which each may undo another. */
  byte[] mutate(byte[] seed) {
    byte[] bytes = seed.clone();
    for (int i = 1 + random.nextInt(4); i > 0; i--) {
      bytes = once(bytes);
    }
    return bytes;
  }

  private byte[] once(byte[] bytes) {
    if (bytes.length == 0) {
      return word();
    }
    int from = random.nextInt(bytes.length);
    int to = Math.min(bytes.length, from + 1 + random.nextInt(1 << random.nextInt(9)));
    return switch (random.nextInt(11)) {
      case 0 -> {
        bytes[from] ^= (byte) (1 << random.nextInt(8));
        yield bytes;
      }
      case 1 -> {
        bytes[from] = (byte) random.nextInt(256);
        yield bytes;
      }
      case 2 -> Arrays.copyOf(bytes, from);
      case 3 -> replace(bytes, from, to, new byte[0]);
      case 4 -> replace(bytes, from, from, Arrays.copyOfRange(bytes, from, to));
      case 5 -> {
        int target = random.nextInt(bytes.length);
        yield replace(bytes, target, target, Arrays.copyOfRange(bytes, from, to));
      }
      case 6 -> boundary(bytes, from);
      case 7, 8 -> number(bytes);
      case 9 -> replace(bytes, from, random.nextBoolean() ? from : to, word());
      default -> nested(bytes, from);
    };
  }

  private byte[] word() {
    return WORDS.get(random.nextInt(WORDS.size())).getBytes(StandardCharsets.UTF_8);
  }

  /** A binary number of any width and order, overwritten. */
  private byte[] boundary(byte[] bytes, int from) {
    int place = random.nextBoolean() ? from : random.nextInt(Math.min(16, bytes.length));
    int width = Math.min(1 << random.nextInt(4), bytes.length - place);
    ByteBuffer value =
        ByteBuffer.allocate(8)
            .order(random.nextBoolean() ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN)
            .putLong(BOUNDARIES[random.nextInt(BOUNDARIES.length)]);
    int start = value.order() == ByteOrder.BIG_ENDIAN ? 8 - width : 0;
    System.arraycopy(value.array(), start, bytes, place, width);
    return bytes;
  }

  /** A number written in digits, replaced. */
  private byte[] number(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    List<MatchResult> numbers = NUMBER.matcher(text).results().toList();
    if (numbers.isEmpty()) {
      return bytes;
    }
    MatchResult chosen = numbers.get(random.nextInt(numbers.size()));
    String other = NUMBERS.get(random.nextInt(NUMBERS.size()));
    return replace(
        bytes, chosen.start(), chosen.end(), other.getBytes(StandardCharsets.ISO_8859_1));
  }

  private byte[] nested(byte[] bytes, int from) {
    String opening = OPENINGS.get(random.nextInt(OPENINGS.size()));
    int times = random.nextInt(50) == 0 ? 5000 : 1 + random.nextInt(20);
    return replace(bytes, from, from, opening.repeat(times).getBytes(StandardCharsets.ISO_8859_1));
  }

  private static byte[] replace(byte[] bytes, int from, int to, byte[] with) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(bytes.length + with.length);
    out.write(bytes, 0, from);
    out.writeBytes(with);
    out.write(bytes, to, bytes.length - to);
    return out.toByteArray();
  }
}
