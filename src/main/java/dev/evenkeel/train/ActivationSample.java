package dev.evenkeel.train;

import dev.evenkeel.data.Dataset;
import dev.evenkeel.nn.Memory;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Pass;
import dev.evenkeel.tensor.Matrix;
import java.util.stream.IntStream;

/**
 * A few fixed rows to be run through a model while it learns, to see what its layers do. Their
 * memory is taken when it is made.
 */
final class ActivationSample implements AutoCloseable {

  private static final int ROWS = 256;

  private final Memory memory;
  private final Pass pass;

  /** Binds a pass to the sample's rows. */
  interface Binding {
    Pass bind(Model model, Memory memory, Matrix rows);
  }

  /** Of a data set, about so many rows at even distances. */
  ActivationSample(Model model, Dataset data, Binding binding) {
    int rows = Math.min(ROWS, data.rows());
    int[] chosen =
        IntStream.range(0, rows).map(i -> (int) ((long) i * data.rows() / rows)).toArray();
    memory = new Memory(model.backend(), rows);
    try {
      Matrix batch = memory.take(rows, data.columns());
      model.backend().write(data.select(chosen).features(), batch);
      pass = binding.bind(model, memory, batch);
    } catch (RuntimeException | Error e) {
      memory.close();
      throw e;
    }
  }

  Pass pass() {
    return pass;
  }

  @Override
  public void close() {
    memory.close();
  }
}
