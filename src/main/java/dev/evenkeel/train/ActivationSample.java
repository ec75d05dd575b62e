package dev.evenkeel.train;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.nn.Memory;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Pass;
import dev.evenkeel.tensor.Matrix;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;

/**
 * A few fixed rows that are run through a model as at inference, to see what its layers put out
 * while it learns. Its memory is taken when it is made.
 */
final class ActivationSample implements AutoCloseable {

  private final Backend backend;
  private final Rows rows;
  private final Pass pass;

  /** Of a data set, about so many rows at even distances, on the device; and memory for a pass. */
  static final class Rows implements AutoCloseable {

    private final Memory memory;
    private final Matrix batch;

    Rows(Backend backend, Dataset data, int wanted) {
      int rows = Math.min(wanted, data.rows());
      int[] chosen =
          IntStream.range(0, rows).map(i -> (int) ((long) i * data.rows() / rows)).toArray();
      memory = new Memory(backend, rows);
      try {
        batch = memory.take(rows, data.columns());
        backend.write(data.select(chosen).features(), batch);
      } catch (RuntimeException | Error e) {
        memory.close();
        throw e;
      }
    }

    Memory memory() {
      return memory;
    }

    Matrix batch() {
      return batch;
    }

    @Override
    public void close() {
      memory.close();
    }
  }

  ActivationSample(Model model, Dataset data, int wanted) {
    backend = model.backend();
    rows = new Rows(backend, data, wanted);
    try {
      pass = Pass.inference(model, rows.memory(), rows.batch());
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  /**
   * Runs the model as it is now.
   *
   * @param taker hears of each layer's output, by a name like "1.batch-norm.relu"
   */
  void read(BiConsumer<String, float[]> taker) {
    List<Pass.Named> operations = pass.forward();
    StringBuilder name = new StringBuilder();
    for (int i = 0; i < operations.size(); i++) {
      Pass.Named named = operations.get(i);
      named.operation().run();
      append(name, named.name());
      boolean layerGoesOn =
          i + 1 < operations.size() && layer(operations.get(i + 1)).equals(layer(named));
      if (!layerGoesOn) {
        float[] values = new float[(int) named.result().size()];
        backend.read(named.result(), values); // now: what comes next may overwrite it
        taker.accept(name.toString(), values);
        name.setLength(0);
      }
    }
  }

  private static String layer(Pass.Named named) {
    return named.name().substring(0, named.name().indexOf(' '));
  }

  /** "0 linear", then "0 relu", make "0.linear.relu"; tags of TensorBoard have no + and spaces. */
  private static void append(StringBuilder name, String operation) {
    String tag = operation.replace(" + ", ".").replace(' ', '.');
    if (name.length() == 0) {
      name.append(tag);
    } else if (!tag.endsWith(".identity")) {
      name.append(tag.substring(tag.lastIndexOf('.')));
    }
  }

  @Override
  public void close() {
    rows.close();
  }
}
