package dev.evenkeel.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import org.junit.jupiter.api.Test;

class PhiloxTest {

  /** The known answers that Random123 publishes for philox4x32-10 (kat_vectors). */
  @Test
  void agreesWithThePublishedVectors() {
    check(0L, 0L, 0L, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8);
    check(-1L, -1L, -1L, 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd);
    check(
        0x299f31d0a4093822L,
        0x0370734413198a2eL,
        0x85a308d3243f6a88L,
        0xd16cfe09,
        0x94fdcceb,
        0x5001e420,
        0x24126ea1);
  }

  private static void check(long seed, long stream, long position, int... expected) {
    int[] words = new int[4];
    Philox.block(seed, stream, position, words);
    assertArrayEquals(expected, words);
  }

  @Test
  void walksAlongItsStream() {
    Philox random = new Philox(7, 9);
    int[] words = new int[4];
    for (int position = 0; position < 3; position++) {
      Philox.block(7, 9, position, words);
      for (int word : words) {
        assertEquals(word, random.nextInt());
      }
    }
    assertNotEquals(new Philox(7, 8).nextInt(), new Philox(7, 9).nextInt());
  }

  /** Many at once, by several threads, from places amid a block too; and the stream goes on. */
  @Test
  void normalNumbersAtOnceAreThoseOneByOne() {
    for (int count : new int[] {0, 1, 2, 3, 2047, 2048, 2049, 100_001}) {
      for (int before = 0; before < 4; before++) {
        Philox together = new Philox(5, Long.MIN_VALUE + 3);
        Philox single = new Philox(5, Long.MIN_VALUE + 3);
        for (Philox one : new Philox[] {together, single}) {
          for (int i = 0; i < before / 2; i++) {
            one.nextInt();
          }
          for (int i = 0; i < before % 2; i++) {
            one.nextGaussian();
          }
        }
        for (int round = 0; round < 2; round++) {
          float[] seen = new float[count];
          together.nextGaussians(0.02, seen);
          float[] expected = new float[count];
          for (int i = 0; i < count; i++) {
            expected[i] = (float) (0.02 * single.nextGaussian());
          }
          assertArrayEquals(expected, seen, count + " after " + before);
          assertEquals(single.nextDouble(), together.nextDouble());
        }
      }
    }
  }

  @Test
  void normalAndUniformNumbersHaveTheirMoments() {
    Philox random = new Philox(1, 0);
    int n = 200_000;
    double sum = 0;
    double squares = 0;
    double uniform = 0;
    for (int i = 0; i < n; i++) {
      double g = random.nextGaussian();
      sum += g;
      squares += g * g;
      uniform += random.nextDouble();
    }
    double fourSigma = 4 / Math.sqrt(n);
    assertEquals(0, sum / n, fourSigma);
    assertEquals(1, squares / n, fourSigma * Math.sqrt(2));
    assertEquals(0.5, uniform / n, fourSigma / Math.sqrt(12));
  }

  @Test
  void boundedIntegersAreEvenAndShufflesArePermutations() {
    Philox random = new Philox(3, 0);
    int[] counts = new int[7];
    for (int i = 0; i < 70_000; i++) {
      counts[random.nextInt(7)]++;
    }
    for (int count : counts) {
      assertEquals(10_000, count, 400);
    }
    int[] order = new int[1000];
    for (int i = 0; i < order.length; i++) {
      order[i] = i;
    }
    random.shuffle(order);
    boolean[] seen = new boolean[order.length];
    for (int value : order) {
      assertEquals(false, seen[value]);
      seen[value] = true;
    }
  }

  @Test
  void manyBlocksAtOnceAreTheSameWords() {
    long[][] words = new long[4][131];
    int[] block = new int[4];
    for (long seed : new long[] {0, -1, 0x123456789ABCDEFL}) {
      for (long stream : new long[] {0, -1, (3L << 40) + 5}) {
        for (long position : new long[] {0, 77, (1L << 32) - 131}) {
          Philox.blocks(seed, stream, position, words, 131);
          for (int i = 0; i < 131; i++) {
            Philox.block(seed, stream, position + i, block);
            for (int lane = 0; lane < 4; lane++) {
              assertEquals(Integer.toUnsignedLong(block[lane]), words[lane][i]);
            }
          }
        }
      }
    }
  }
}
