package dev.evenkeel.backend.cuda;

import dev.evenkeel.backend.Operation;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

/** Launches of {@code kernels/data.cu}. */
final class DataKernels {

  private final Launcher launcher;

  DataKernels(Launcher launcher) {
    this.launcher = launcher;
  }

  /** 32-bit words that {@link #setWords} writes. */
  static final int WORDS = 32;

  /**
   * Writes words of the host's as they are whenever it is run, and copies a float.
   *
   * @param address at a multiple of 16 bytes
   * @param from the first of {@link #WORDS} words
   * @param value address of the float, 0 where there is none
   * @param place address of where it is copied to
   */
  Operation setWords(long address, int[] words, int from, LongSupplier value, LongSupplier place) {
    Object[] arguments = new Object[3 + WORDS / 2];
    arguments[0] = address;
    arguments[1] = value;
    arguments[2] = place;
    for (int i = 0; i < WORDS / 2; i++) {
      int at = from + 2 * i;
      arguments[3 + i] = (LongSupplier) () -> words[at] & 0xFFFFFFFFL | (long) words[at + 1] << 32;
    }
    return launcher.launch("set_words", CudaDriver.Grid.of(1, 1), arguments);
  }

  /**
   * batch[i] := table[rows[position + i]], or table[position + i] where rows is 0; rows and
   * position are 32-bit integers in memory.
   */
  Operation gather(View table, long rows, long position, View batch) {
    View none = View.floats(0, 0, 0);
    return gather(table, 0, none, rows, position, batch, none);
  }

  /**
   * The same of two tables at once.
   *
   * @param inputs address of what {@link ShortTable} says of each input; 0 where the table's
   *     columns are the inputs
   * @param targets of float32, or none; one more panel of blocks takes all their columns
   */
  Operation gather(
      View table,
      long inputs,
      View targets,
      long rows,
      long position,
      View batch,
      View batchTargets) {
    if (targets.type() != ElementType.FLOAT32 || batchTargets.type() != ElementType.FLOAT32) {
      throw new IllegalArgumentException("Targets must be float32: " + targets + batchTargets);
    }
    int width = inputs == 0 ? Launcher.width(table, batch) : Launcher.width(batch);
    Panels panels = Panels.ofElements(batch.rows(), batch.columns(), width);
    int all = panels.panels() + (targets.address() == 0 ? 0 : 1);
    List<Object> arguments = new ArrayList<>(List.of(table));
    if (inputs != 0) {
      arguments.add(inputs);
    }
    arguments.addAll(
        List.of(
            targets,
            rows,
            position,
            batch.address(),
            batch.rows(),
            batch.columns(),
            batch.pitch(),
            batchTargets.address(),
            batchTargets.columns(),
            batchTargets.pitch(),
            panels));
    return launcher.launch(
        (inputs == 0 ? "gather" : "gather_inputs") + Launcher.suffix(batch, width),
        new CudaDriver.Grid(all, panels.slabs(), Panels.THREADS, 1),
        arguments.toArray());
  }

  /** target := source, converted to its type. */
  Operation copy(View source, View target) {
    boolean same = source.type() == target.type();
    int width = same ? Launcher.width(source, target) : Launcher.conversionWidth(source, target);
    Panels panels = Panels.ofElements(source.rows(), source.columns(), width);
    return launcher.launch(
        "copy"
            + (same ? Launcher.suffix(source, width) : Launcher.conversion(source, target, width)),
        panels.grid(),
        source,
        target,
        source.rows(),
        source.columns(),
        panels);
  }

  /** out := a + b; out may be either. */
  Operation add(View a, View b, View out) {
    int width = Launcher.width(a, b, out);
    Panels panels = Panels.ofElements(a.rows(), a.columns(), width);
    return launcher.launch(
        "add" + Launcher.suffix(a, width), panels.grid(), a, b, out, a.rows(), a.columns(), panels);
  }

  /** y := scale · x + shift; y may be x. */
  Operation scaleShift(View x, double scale, double shift, View y) {
    int width = Launcher.width(x, y);
    Panels panels = Panels.ofElements(x.rows(), x.columns(), width);
    return launcher.launch(
        "scale_shift" + Launcher.suffix(x, width),
        panels.grid(),
        x,
        (float) scale,
        (float) shift,
        y,
        x.rows(),
        x.columns(),
        panels);
  }

  /**
   * y := scale · x + shift where word e mod 4 of Philox block (e / 4) of stream (stream · 2⁴⁰ +
   * step), e = row · columns + column, is at least probability · 2³² unsigned, else the dropped
   * value. y may be x.
   *
   * @param dropping address of what {@link StepScalars#dropping} writes
   * @param step address of a 64-bit integer
   */
  Operation dropout(View x, long dropping, long seed, int philoxStream, long step, View y) {
    int width = Launcher.width(x, y);
    Panels panels = Panels.ofElements(x.rows(), x.columns(), width);
    return launcher.launch(
        "dropout" + Launcher.suffix(x, width),
        panels.grid(),
        x,
        dropping,
        seed,
        (long) philoxStream << 40,
        step,
        y,
        x.rows(),
        x.columns(),
        panels);
  }

  /** found := 1, a 32-bit integer, where any element is NaN or infinite; else it stays. */
  Operation findNonFinite(View x, long found) {
    int width = Launcher.width(x);
    Panels panels = Panels.ofElements(x.rows(), x.columns(), width);
    return launcher.launch(
        "find_non_finite" + Launcher.suffix(x, width),
        panels.grid(),
        x.address(),
        x.rows(),
        x.columns(),
        x.pitch(),
        found,
        panels);
  }
}
