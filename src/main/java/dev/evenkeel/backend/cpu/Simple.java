package dev.evenkeel.backend.cpu;

import static dev.evenkeel.backend.cpu.CpuBuffer.data;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Operation;
import dev.evenkeel.backend.Workers;
import dev.evenkeel.tensor.Matrix;
import dev.evenkeel.tensor.RowOrder;

/** The operations that need no more than a loop: gather, copy, add, scale and shift. */
final class Simple {

  private Simple() {}

  record InOrder(Operation... operations) implements Backend.Sequence {
    @Override
    public void run() {
      for (Operation operation : operations) {
        operation.run();
      }
    }

    @Override
    public int nodes() {
      return 0;
    }

    @Override
    public void close() {}
  }

  /** batch[i] := table[order[position + i]]: a copy of whole rows, or the inputs that they make. */
  static final class Gather extends ParallelOperation {

    private final Matrix table;
    private final RowOrder order;
    private final Matrix batch;
    private final float[][] scratch;

    Gather(Workers workers, Matrix table, RowOrder order, Matrix batch) {
      super(workers, batch.size() * 0.3);
      this.table = table;
      this.order = order;
      this.batch = batch;
      int floats = 0;
      if (table.buffer() instanceof InputTable made) {
        Backend.requireWhole(table);
        floats = made.scratch();
      }
      this.scratch = new float[workers()][floats];
    }

    @Override
    public void run(int worker, int workers) {
      float[] target = data(batch);
      int[] rows = order.rows();
      int end = begin(batch.rows(), worker + 1, workers);
      for (int i = begin(batch.rows(), worker, workers); i < end; i++) {
        int row = rows[order.position() + i];
        int at = (int) batch.offset() + i * batch.columns();
        if (table.buffer() instanceof InputTable made) {
          made.read(row, scratch[worker], target, at);
        } else {
          int from = (int) table.offset() + row * table.columns();
          System.arraycopy(data(table), from, target, at, table.columns());
        }
      }
    }
  }

  static final class Copy extends Flat {

    private final Matrix source;
    private final Matrix target;

    Copy(Workers workers, Matrix source, Matrix target) {
      super(workers, source.size(), 0.2);
      this.source = source;
      this.target = target;
    }

    @Override
    void range(int worker, int from, int to) {
      System.arraycopy(
          data(source),
          (int) source.offset() + from,
          data(target),
          (int) target.offset() + from,
          to - from);
    }
  }

  static final class Add extends Flat {

    private final Scratch[] scratch;
    private final Matrix a;
    private final Matrix b;
    private final Matrix out;

    Add(Scratch[] scratch, Workers workers, Matrix a, Matrix b, Matrix out) {
      super(workers, a.size(), 0.4);
      this.scratch = scratch;
      this.a = a;
      this.b = b;
      this.out = out;
    }

    @Override
    void range(int worker, int from, int to) {
      float[] left = scratch[worker].pieces[0];
      float[] right = scratch[worker].pieces[1];
      for (int i = from; i < to; i += Scratch.WIDTH) {
        int width = Math.min(Scratch.WIDTH, to - i);
        System.arraycopy(data(a), (int) a.offset() + i, left, 0, width);
        System.arraycopy(data(b), (int) b.offset() + i, right, 0, width);
        for (int j = 0; j < width; j++) {
          left[j] += right[j];
        }
        System.arraycopy(left, 0, data(out), (int) out.offset() + i, width);
      }
    }
  }

  static final class ScaleShift extends Flat {

    private final Scratch[] scratch;
    private final Matrix x;
    private final float scale;
    private final float shift;
    private final Matrix y;

    ScaleShift(Scratch[] scratch, Workers workers, Matrix x, double scale, double shift, Matrix y) {
      super(workers, x.size(), 0.4);
      this.scratch = scratch;
      this.x = x;
      this.scale = (float) scale;
      this.shift = (float) shift;
      this.y = y;
    }

    @Override
    void range(int worker, int from, int to) {
      float[] piece = scratch[worker].pieces[0];
      for (int i = from; i < to; i += Scratch.WIDTH) {
        int width = Math.min(Scratch.WIDTH, to - i);
        System.arraycopy(data(x), (int) x.offset() + i, piece, 0, width);
        for (int j = 0; j < width; j++) {
          piece[j] = piece[j] * scale + shift;
        }
        System.arraycopy(piece, 0, data(y), (int) y.offset() + i, width);
      }
    }
  }
}
