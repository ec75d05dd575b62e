package dev.evenkeel.data;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;

/**
 * How the rows of an epoch are cut into batches. A remainder is spread: all batches are equally
 * large, or one row larger, and none is larger than asked. So there is never a last batch of one
 * row, which batch norm could make nothing of.
 */
public record Batches(int rows, int count) {

  /**
   * @param batch the largest number of rows of a batch
   * @param smallest the fewest rows that a batch may have; where both can't be had, it wins
   */
  public static Batches of(int rows, int batch, int smallest) {
    if (batch < smallest) {
      throw new EvenkeelException(
          "A batch of %s is too small: %d are needed, for batch norm takes its mean and variance over the batch. help: --batch %d or more"
              .formatted(Words.counted(batch, "row"), smallest, smallest));
    }
    if (rows < smallest) {
      throw new EvenkeelException(
          "%s can't make a batch of the %d rows that are needed"
              .formatted(Words.counted(rows, "training row"), smallest));
    }
    int count = (int) (((long) rows + batch - 1) / batch);
    return new Batches(rows, Math.max(1, Math.min(count, rows / smallest)));
  }

  public int start(int index) {
    return (int) ((long) rows * index / count);
  }

  public int size(int index) {
    return start(index + 1) - start(index);
  }

  public int smallest() {
    return rows / count;
  }

  public int largest() {
    return (rows + count - 1) / count;
  }
}
