package dev.evenkeel.backend.cuda;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.tensor.Buffer;
import dev.evenkeel.tensor.InputLayout;
import dev.evenkeel.tensor.Matrix;
import dev.evenkeel.tensor.Rows;

/** A table on the device of which fewer columns are stored than it has: for gather alone. */
final class ShortTable extends Buffer {

  /** 32-bit words that {@code kernels/data.cu} reads of an input. */
  private static final int WORDS = 4;

  private final CudaMemory memory;
  private final CudaBuffer values;
  private final View stored;
  private final long inputs;
  private boolean closed;

  /** Of so many rows, which are still to be uploaded to {@link #stored()}. */
  ShortTable(CudaMemory memory, Staging staging, int rows, InputLayout layout) {
    super((long) rows * layout.inputs());
    this.memory = memory;
    this.values = CudaBuffer.floats(memory, memory::allocate, (long) rows * layout.stored());
    this.stored = CudaBuffer.view(Matrix.of(values, rows, layout.stored()));
    int[] words = words(layout);
    this.inputs = memory.allocate(4L * words.length);
    staging.upload(words, inputs);
  }

  static long bytes(Rows rows, InputLayout layout) {
    return 4L * rows.count() * layout.stored() + 4L * WORDS * layout.inputs();
  }

  /**
   * Of each input its column; its level, or −1 of a number, or −2 less the place of a piece; what
   * it is at the least and at the most.
   */
  static int[] words(InputLayout layout) {
    int[] words = new int[WORDS * layout.inputs()];
    int at = 0;
    for (int column = 0; column < layout.stored(); column++) {
      InputLayout.Stored stored = layout.column(column);
      for (int k = 0; k < stored.inputs(); k++, at += WORDS) {
        float level =
            switch (stored.kind()) {
              case NUMBER -> -1;
              case CATEGORY -> k;
              case PIECES -> -2 - k;
            };
        words[at] = column;
        words[at + 1] = Float.floatToRawIntBits(level);
        words[at + 2] = Float.floatToRawIntBits(layout.cold(at / WORDS));
        words[at + 3] = Float.floatToRawIntBits(layout.hot(at / WORDS));
      }
    }
    return words;
  }

  View stored() {
    return stored;
  }

  /** Where the stored columns of a table lie, whether it is one of these or has all columns. */
  static View stored(Matrix table) {
    if (!(table.buffer() instanceof ShortTable of)) {
      return CudaBuffer.view(table);
    }
    Backend.requireWhole(table);
    return of.stored;
  }

  /** Address of what is said of each input; 0 where a table's columns are the inputs. */
  static long inputs(Matrix table) {
    return table.buffer() instanceof ShortTable of ? of.inputs : 0;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      values.close();
      memory.free(inputs);
    }
  }
}
