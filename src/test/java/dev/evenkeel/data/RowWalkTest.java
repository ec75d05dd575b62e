package dev.evenkeel.data;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Expect;
import dev.evenkeel.tensor.Rows;
import org.junit.jupiter.api.Test;

class RowWalkTest {

  /** Row i is i, i + 1 and on; some can't be read. */
  private record Counting(int count, int columns, int... bad) implements Rows {
    @Override
    public void read(int row, float[] to, int at) {
      for (int one : bad) {
        if (one == row) {
          throw new EvenkeelException("Row " + row + " can't be read");
        }
      }
      for (int c = 0; c < columns; c++) {
        to[at + c] = row + c;
      }
    }
  }

  @Test
  void everyRowIsSeenOnceInOrder() {
    for (int columns : new int[] {1, 7, 700_000}) {
      int count = columns == 1 ? 3_000_000 : columns == 7 ? 400_001 : 3;
      int[] next = new int[1];
      RowWalk.over(
          new Counting(count, columns),
          (first, some, values) -> {
            assertEquals(next[0], first);
            for (int i = 0; i < some; i++, next[0]++) {
              assertEquals((float) next[0], values[i * columns]);
              assertEquals((float) (next[0] + columns - 1), values[(i + 1) * columns - 1]);
            }
          });
      assertEquals(count, next[0]);
    }
  }

  @Test
  void chosenRowsComeInTheirOwnOrder() {
    StringBuilder seen = new StringBuilder();
    RowWalk.over(
        new Counting(9, 2),
        new int[] {5, 0, 5},
        (first, count, values) -> {
          for (int i = 0; i < count * 2; i++) {
            seen.append((int) values[i]).append(' ');
          }
        });
    assertEquals("5 6 0 1 5 6 ", seen.toString());
  }

  /** Whichever thread comes first. */
  @Test
  void ofSeveralBadRowsTheFirstIsNamed() {
    for (int k = 0; k < 20; k++) {
      Expect.failure(
          () -> RowWalk.over(new Counting(2000, 3, 1999, 7, 1000), (first, count, values) -> {}),
          "Row 7 can't be read");
    }
  }
}
