package dev.evenkeel.backend;

import dev.evenkeel.Expect;
import dev.evenkeel.tensor.InNoArray;
import dev.evenkeel.tensor.InputLayout;
import dev.evenkeel.tensor.InputLayout.Kind;
import dev.evenkeel.tensor.InputLayout.Stored;
import dev.evenkeel.tensor.Matrix;
import dev.evenkeel.tensor.RowOrder;
import dev.evenkeel.tensor.Rows;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Operations that move numbers or choose among them: exact to the bit. */
final class DataRows {

  private static final int[][] SHAPES = {
    {1, 1}, {7, 13}, {3, 1031}, {19, 257}, {11, 600}, {131_101, 3}
  };

  private DataRows() {}

  static List<Row> all() {
    List<Row> rows = new ArrayList<>();
    for (int[] shape : SHAPES) {
      int n = shape[0];
      int c = shape[1];
      String at = "%d x %d".formatted(n, c);
      for (Values values : List.of(Values.NORMAL, Values.DENORMAL, Values.NON_FINITE)) {
        String input = at + ", " + values.label();
        rows.add(new Row("gather", input, bench -> gather(bench, values, n, c)));
        for (int k : new int[] {1, 8, 300}) {
          if (n <= 19) {
            String with = input + ", %d columns of targets".formatted(k);
            rows.add(
                new Row(
                    "gatherWithTargets", with, bench -> gatherWithTargets(bench, values, n, c, k)));
          }
        }
        String category = input + ", with categories";
        rows.add(new Row("gather", category, bench -> gatherInputs(bench, values, n, c, false)));
        String nowhere = category + ", in no array";
        rows.add(new Row("gather", nowhere, bench -> gatherInputs(bench, values, n, c, true)));
        rows.add(new Row("copy", input, bench -> copy(bench, values, n, c)));
        rows.add(new Row("add", input, bench -> add(bench, values, n, c)));
      }
      for (double probability : new double[] {0, 0.1, 0.5, 0.93}) {
        for (long step : new long[] {0, 1, 1_000_000_007L}) {
          String input = at + ", probability %s at step %d".formatted(probability, step);
          rows.add(new Row("dropout", input, bench -> dropout(bench, probability, step, n, c)));
        }
        rows.add(
            new Row(
                "dropout",
                at + ", alpha, probability " + probability,
                bench -> alphaDropout(bench, probability, n, c)));
      }
      for (double[] map : new double[][] {{1.7, -0.3}, {-0.5, 0}, {0, 2}}) {
        String input = at + ", %s x + %s".formatted(map[0], map[1]);
        rows.add(new Row("scaleShift", input, bench -> scaleShift(bench, map[0], map[1], n, c)));
      }
    }
    for (int n : new int[] {1, 37}) {
      String input = "%d x 13, order and step move on".formatted(n);
      rows.add(new Row("sequence", input, bench -> sequence(bench, n, 13)));
    }
    String allButSurely = "5 x 7, all but surely";
    rows.add(new Row("dropout", allButSurely, bench -> dropout(bench, 1 - 1e-10, 3, 5, 7)));
    rows.add(new Row("dropout", "how many stay", DataRows::keepRate));
    rows.add(new Row("dropout", "layers and seeds differ", DataRows::independence));
    rows.add(new Row("dropout", "a dropped NaN is 0", DataRows::droppedNaN));
    rows.add(new Row("hasNonFinite", "one NaN or infinity, anywhere", DataRows::hasNonFinite));
    return rows;
  }

  /** The same as its operations one by one, each time, though a device may replay it. */
  private static void sequence(Bench bench, int n, int c) {
    int[] order = new int[5 * n];
    for (int i = 0; i < order.length; i++) {
      order[i] = (int) (i * 7919L % n);
    }
    RowOrder walk = new RowOrder(order);
    Step step = new Step();
    Backend backend = bench.backend;
    Matrix table = bench.rows(n, c, Values.NORMAL.of(n, c, 1));
    Matrix batch = bench.outputRows(n, c);
    Matrix dropped = bench.outputRows(n, c);
    Matrix sum = bench.rows(n, c, new float[n * c]);
    List<Operation> operations =
        List.of(
            backend.gather(table, walk, batch),
            backend.dropout(batch, Dropping.inverted(0.5), 3, 2, step, dropped),
            backend.add(dropped, sum, sum));
    Operation sequence = backend.sequence(operations);
    float[] expected = new float[n * c];
    for (int k = 0; k < 5; k++) {
      walk.moveTo(k * n);
      step.set(100 + k, 0);
      float[] before = bench.read(sum);
      operations.forEach(Operation::run);
      System.arraycopy(bench.read(sum), 0, expected, 0, expected.length);
      backend.write(before, sum);
      bench.backend.write(new float[n * c], dropped);
      sequence.run();
      bench.exact("sum at run " + k, expected, sum);
    }
    walk.replace(new int[order.length]);
    backend.write(new float[n * c], sum);
    sequence.run();
    operations.get(0).run();
    float[] firstRows = new float[n * c];
    for (int i = 0; i < n; i++) {
      System.arraycopy(Values.NORMAL.of(n, c, 1), 0, firstRows, i * c, c);
    }
    bench.exact("the batch of a new order", firstRows, batch);
  }

  private static void gather(Bench bench, Values values, int n, int c) {
    int tableRows = n + 5;
    float[] table = values.of(tableRows, c, 1);
    int[] order = new int[3 + 2 * n];
    for (int i = 0; i < order.length; i++) {
      order[i] = (int) (i * 7919L % tableRows);
    }
    RowOrder walk = new RowOrder(order);
    Matrix batch = bench.outputRows(n, c);
    Matrix inNoArray = bench.backend.inputs(InNoArray.of(table, c), InputLayout.plain(c));
    try (var held = inNoArray.buffer()) {
      for (Matrix source : List.of(bench.input(tableRows, c, table), inNoArray)) {
        Operation gather = bench.backend.gather(source, walk, batch);
        for (int position : new int[] {0, 3, n}) {
          walk.moveTo(position);
          gather.run();
          float[] expected = new float[n * c];
          for (int i = 0; i < n; i++) {
            System.arraycopy(table, order[position + i] * c, expected, i * c, c);
          }
          String where = source == inNoArray ? ", in no array" : "";
          bench.exact("batch at position " + position + where, expected, batch);
          bench.backend.write(new float[n * c], batch);
        }
      }
    }
    try (var untouched = bench.backend.table(table, tableRows, c).buffer()) {
      walk.moveTo(1);
      bench.backend.gather(Matrix.of(untouched, tableRows, c), walk, batch).run();
      bench.holds(
          bench.read(batch)[c - 1] == table[order[1] * c + c - 1]
              || Float.isNaN(table[order[1] * c + c - 1]),
          "a row of a read-only table");
    }
  }

  /** Columns of numbers, categories and pieces, of one input and of many, and rows of no level. */
  private static void gatherInputs(Bench bench, Values values, int n, int c, boolean hidden) {
    List<Stored> columns = new ArrayList<>();
    Stored[] kinds = {
      Stored.category(3),
      Stored.NUMBER,
      Stored.pieces(16),
      Stored.category(1),
      Stored.NUMBER,
      Stored.NUMBER,
      Stored.pieces(1),
      Stored.category(5),
      Stored.pieces(5),
      Stored.category(130)
    };
    for (int left = c, k = 0; left > 0; k++) {
      Stored next = kinds[k % kinds.length];
      columns.add(new Stored(next.kind(), Math.min(left, next.inputs())));
      left -= columns.get(k).inputs();
    }
    int stored = columns.size();
    int tableRows = n + 5;
    float[] cold = Values.NORMAL.of(1, c, 4);
    float[] hot = Values.NORMAL.of(1, c, 5);
    float[] numbers = values.of(tableRows, stored, 1);
    float[] table = numbers.clone();
    float[] inputs = new float[tableRows * c];
    for (int row = 0; row < tableRows; row++) {
      int input = row * c;
      for (int k = 0; k < stored; k++) {
        Stored column = columns.get(k);
        float value = numbers[row * stored + k];
        if (column.kind() == Kind.CATEGORY) {
          value = (row * 7 + k) % (column.inputs() + 1) - 1;
        } else if (column.kind() == Kind.PIECES) { // edges, too, and what is next to them
          value = (row * 5 + k) % (4 * column.inputs() + 1) / 4f;
          value = row % 3 == 1 ? Math.nextUp(value) : row % 3 == 2 ? value + 0.1f : value;
          value = Math.min(value, column.inputs());
        }
        table[row * stored + k] = value;
        for (int j = 0; j < column.inputs(); j++, input++) {
          float least = cold[input % c];
          float most = hot[input % c];
          inputs[input] =
              switch (column.kind()) {
                case NUMBER -> value;
                case CATEGORY -> value == j ? most : least;
                case PIECES ->
                    value <= j
                        ? least
                        : value >= j + 1 ? most : least + (most - least) * (value - j);
              };
        }
      }
    }
    int[] order = new int[3 + 2 * n];
    for (int i = 0; i < order.length; i++) {
      order[i] = (int) (i * 7919L % tableRows);
    }
    RowOrder walk = new RowOrder(order);
    Matrix batch = bench.outputRows(n, c);
    Matrix batchTargets = bench.output(n, 2);
    float[] targets = Values.NORMAL.of(tableRows, 2, 2);
    InputLayout layout = new InputLayout(columns, cold, hot);
    Rows rows = Rows.of(table, layout.stored());
    Matrix source = bench.backend.inputs(hidden ? new InNoArray(rows) : rows, layout);
    try (var held = source.buffer()) {
      Matrix view = source.view(c, n, c);
      Expect.failure(
          () -> bench.backend.gather(view, walk, batch), "A view", "give the table itself");
      Expect.failure(() -> bench.read(source), "is stored in short: only gather can read it");
      Operation gather = bench.backend.gather(source, walk, batch);
      Operation both =
          bench.backend.gatherWithTargets(
              source, bench.input(tableRows, 2, targets), walk, batch, batchTargets);
      for (int position : new int[] {0, 3, n}) {
        walk.moveTo(position);
        float[] expected = new float[n * c];
        float[] belonging = new float[n * 2];
        for (int i = 0; i < n; i++) {
          System.arraycopy(inputs, order[position + i] * c, expected, i * c, c);
          System.arraycopy(targets, order[position + i] * 2, belonging, i * 2, 2);
        }
        gather.run();
        bench.exact("batch at position " + position, expected, batch);
        bench.backend.write(new float[n * c], batch);
        both.run();
        bench.exact("batch with targets at position " + position, expected, batch);
        bench.exact("targets at position " + position, belonging, batchTargets);
      }
    }
  }

  private static void gatherWithTargets(Bench bench, Values values, int n, int c, int k) {
    int tableRows = n + 5;
    float[] features = Values.NORMAL.of(tableRows, c, 1);
    float[] targets = values.of(tableRows, k, 2);
    int[] order = new int[3 + 2 * n];
    for (int i = 0; i < order.length; i++) {
      order[i] = (int) (i * 7919L % tableRows);
    }
    RowOrder walk = new RowOrder(order);
    Matrix batch = bench.outputRows(n, c);
    Matrix batchTargets = bench.output(n, k);
    Operation gather =
        bench.backend.gatherWithTargets(
            bench.rows(tableRows, c, features),
            bench.input(tableRows, k, targets),
            walk,
            batch,
            batchTargets);
    for (int position : new int[] {0, 3, n}) {
      walk.moveTo(position);
      gather.run();
      float[] rows = new float[n * c];
      float[] belonging = new float[n * k];
      for (int i = 0; i < n; i++) {
        System.arraycopy(features, order[position + i] * c, rows, i * c, c);
        System.arraycopy(targets, order[position + i] * k, belonging, i * k, k);
      }
      bench.exact("batch at position " + position, rows, batch);
      bench.exact("targets at position " + position, belonging, batchTargets);
    }
  }

  private static void copy(Bench bench, Values values, int n, int c) {
    float[] source = values.of(n, c, 2);
    Matrix target = bench.outputRows(n, c);
    bench.backend.copy(bench.rows(n, c, source), target).run();
    bench.exact("target", source, target);
  }

  private static void add(Bench bench, Values values, int n, int c) {
    float[] a = values.of(n, c, 3);
    float[] b = Values.NORMAL.of(n, c, 4);
    float[] expected = new float[n * c];
    for (int i = 0; i < expected.length; i++) {
      expected[i] = a[i] + b[i];
    }
    Matrix out = bench.outputRows(n, c);
    bench.backend.add(bench.rows(n, c, a), bench.rows(n, c, b), out).run();
    bench.exact("out", expected, out);
    Matrix left = bench.rows(n, c, a);
    bench.backend.add(left, bench.rows(n, c, b), left).run();
    bench.exact("out in place of a", expected, left);
    Matrix right = bench.rows(n, c, b);
    bench.backend.add(bench.rows(n, c, a), right, right).run();
    bench.exact("out in place of b", expected, right);
  }

  private static void dropout(Bench bench, double probability, long number, int n, int c) {
    float[] x = Values.NORMAL.of(n, c, 5);
    float[] dy = Values.NORMAL.of(n, c, 6);
    boolean[] keeps = Reference.dropoutKeeps(n * c, probability, 42, 3, number);
    Step step = new Step();
    Matrix y = bench.outputRows(n, c);
    Matrix gradient = bench.rows(n, c, dy);
    Operation forward =
        bench.backend.dropout(bench.rows(n, c, x), Dropping.inverted(probability), 42, 3, step, y);
    Operation backward =
        bench.backend.dropout(
            gradient, Dropping.inverted(probability).backward(), 42, 3, step, gradient);
    step.set(number, 0.1);
    forward.run();
    backward.run();
    bench.exact("y", dropped(x, keeps, probability), y);
    bench.exact("dx in place of dy, by the same mask", dropped(dy, keeps, probability), gradient);
    double faded = 0.3 * probability;
    step.set(number, 0.1, 1, 0.3);
    forward.run();
    boolean[] keepsMore = Reference.dropoutKeeps(n * c, faded, 42, 3, number);
    bench.exact("y, faded", dropped(x, keepsMore, faded), y);
  }

  private static void alphaDropout(Bench bench, double probability, int n, int c) {
    float[] x = Values.NORMAL.of(n, c, 5);
    boolean[] keeps = Reference.dropoutKeeps(n * c, probability, 42, 3, 7);
    Dropping dropping = Dropping.alpha(probability);
    double[] expected = new double[n * c];
    double[] scale = new double[n * c];
    for (int i = 0; i < expected.length; i++) {
      double kept = dropping.scale(probability) * x[i];
      double shift = dropping.shift(probability);
      expected[i] = keeps[i] ? kept + shift : dropping.dropped(probability);
      scale[i] = Math.abs(kept) + Math.abs(shift);
    }
    Step step = new Step();
    step.set(7, 0.1);
    Matrix y = bench.outputRows(n, c);
    bench.backend.dropout(bench.rows(n, c, x), dropping, 42, 3, step, y).run();
    bench.near(Tolerance.AFFINE, "y", expected, bench.read(y), scale);
    Matrix gradient = bench.rows(n, c, x);
    bench.backend.dropout(gradient, dropping.backward(), 42, 3, step, gradient).run();
    float[] masked = new float[n * c];
    for (int i = 0; i < masked.length; i++) {
      masked[i] = keeps[i] ? x[i] * (float) dropping.scale(probability) : 0;
    }
    bench.exact("dx in place of dy, by the same mask", masked, gradient);
  }

  private static void scaleShift(Bench bench, double scale, double shift, int n, int c) {
    float[] x = Values.NORMAL.of(n, c, 9);
    double[] expected = new double[n * c];
    double[] size = new double[n * c];
    for (int i = 0; i < expected.length; i++) {
      expected[i] = scale * x[i] + shift;
      size[i] = Math.abs(scale * x[i]) + Math.abs(shift);
    }
    Matrix y = bench.outputRows(n, c);
    bench.backend.scaleShift(bench.rows(n, c, x), scale, shift, y).run();
    bench.near(Tolerance.AFFINE, "y", expected, bench.read(y), size);
    Matrix inPlace = bench.rows(n, c, x);
    bench.backend.scaleShift(inPlace, scale, shift, inPlace).run();
    bench.exact("y in place of x", bench.read(y), inPlace);
  }

  private static float[] dropped(float[] x, boolean[] keeps, double probability) {
    float scale = (float) (1 / (1 - probability));
    float[] y = new float[x.length];
    for (int i = 0; i < x.length; i++) {
      y[i] = keeps[i] ? x[i] * scale : 0;
    }
    return y;
  }

  private static void keepRate(Bench bench) {
    int n = 1001;
    int c = 1003;
    float[] ones = new float[n * c];
    Arrays.fill(ones, 1);
    for (double probability : new double[] {0.01, 0.3, 0.5, 0.9}) {
      Matrix y = bench.outputRows(n, c);
      bench
          .backend
          .dropout(bench.rows(n, c, ones), Dropping.inverted(probability), 7, 0, new Step(), y)
          .run();
      int kept = 0;
      for (float value : bench.read(y)) {
        kept += value != 0 ? 1 : 0;
      }
      double sigma = Math.sqrt(n * c * probability * (1 - probability));
      double sigmas = Math.abs(kept - n * c * (1 - probability)) / sigma;
      bench.holds(sigmas < 4, "%d of %d kept at %s".formatted(kept, n * c, probability));
    }
  }

  private static void independence(Bench bench) {
    int size = 10_007;
    float[] ones = new float[size];
    Arrays.fill(ones, 1);
    Matrix x = bench.input(1, size, ones);
    float[][] masks = new float[4][];
    for (int i = 0; i < 4; i++) {
      Matrix y = bench.output(1, size);
      Step step = new Step();
      step.set(i == 3 ? 1 : 0, 0);
      bench
          .backend
          .dropout(x, Dropping.inverted(0.5), i == 1 ? 8 : 7, i == 2 ? 1 : 0, step, y)
          .run();
      masks[i] = bench.read(y);
    }
    for (int i = 1; i < 4; i++) {
      int same = 0;
      for (int e = 0; e < size; e++) {
        same += masks[0][e] == masks[i][e] ? 1 : 0;
      }
      boolean half = Math.abs(same - size / 2.0) < 4 * Math.sqrt(size) / 2;
      bench.holds(half, "two masks share %d of %d elements".formatted(same, size));
    }
  }

  private static void droppedNaN(Bench bench) {
    float[] x = new float[4096];
    Arrays.fill(x, Float.NaN);
    boolean[] keeps = Reference.dropoutKeeps(x.length, 0.5, 7, 0, 0);
    Matrix y = bench.outputRows(64, 64);
    bench.backend.dropout(bench.rows(64, 64, x), Dropping.inverted(0.5), 7, 0, new Step(), y).run();
    bench.exact("y", dropped(x, keeps, 0.5), y);
  }

  private static void hasNonFinite(Bench bench) {
    for (float poison : new float[] {Float.NaN, Float.NEGATIVE_INFINITY, Float.MAX_VALUE}) {
      for (int place : new int[] {0, 500, 7 * 131 - 1}) {
        float[] x = Values.NORMAL.of(7, 131, 8);
        x[place] = poison;
        boolean found = bench.backend.hasNonFinite(bench.rows(7, 131, x));
        bench.holds(found != Float.isFinite(poison), poison + " at " + place);
      }
    }
  }
}
