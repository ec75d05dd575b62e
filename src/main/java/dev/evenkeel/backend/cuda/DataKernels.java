package dev.evenkeel.backend.cuda;

import dev.evenkeel.backend.Operation;

/** Launches of {@code kernels/data.cu}. */
final class DataKernels {

  private final Launcher launcher;

  DataKernels(Launcher launcher) {
    this.launcher = launcher;
  }

  Operation gather(View table, long rows, long position, View batch) {
    int width = Launcher.width(table, batch);
    Panels panels = Panels.ofElements(batch.rows(), batch.columns(), width);
    return launcher.launch(
        "gather" + Launcher.suffix(batch, width),
        panels.grid(),
        table.address(),
        table.pitch(),
        rows,
        position,
        batch.address(),
        batch.rows(),
        batch.columns(),
        batch.pitch(),
        panels.lanes(),
        panels.rowsPerSlab());
  }

  Operation copy(View source, View target) {
    boolean same = source.type() == target.type();
    int width = same ? Launcher.width(source, target) : Launcher.conversionWidth(source, target);
    Panels panels = Panels.ofElements(source.rows(), source.columns(), width);
    return launcher.launch(
        "copy"
            + (same ? Launcher.suffix(source, width) : Launcher.conversion(source, target, width)),
        panels.grid(),
        source.address(),
        source.pitch(),
        target.address(),
        target.pitch(),
        source.rows(),
        source.columns(),
        panels.lanes(),
        panels.rowsPerSlab());
  }

  Operation add(View a, View b, View out) {
    int width = Launcher.width(a, b, out);
    Panels panels = Panels.ofElements(a.rows(), a.columns(), width);
    return launcher.launch(
        "add" + Launcher.suffix(a, width),
        panels.grid(),
        a.address(),
        a.pitch(),
        b.address(),
        b.pitch(),
        out.address(),
        out.pitch(),
        a.rows(),
        a.columns(),
        panels.lanes(),
        panels.rowsPerSlab());
  }

  Operation scaleShift(View x, double scale, double shift, View y) {
    int width = Launcher.width(x, y);
    Panels panels = Panels.ofElements(x.rows(), x.columns(), width);
    return launcher.launch(
        "scale_shift" + Launcher.suffix(x, width),
        panels.grid(),
        x.address(),
        x.pitch(),
        (float) scale,
        (float) shift,
        y.address(),
        y.pitch(),
        x.rows(),
        x.columns(),
        panels.lanes(),
        panels.rowsPerSlab());
  }

  Operation dropout(View x, long dropping, long seed, int philoxStream, long step, View y) {
    int width = Launcher.width(x, y);
    Panels panels = Panels.ofElements(x.rows(), x.columns(), width);
    return launcher.launch(
        "dropout" + Launcher.suffix(x, width),
        panels.grid(),
        x.address(),
        x.pitch(),
        dropping,
        seed,
        (long) philoxStream << 40,
        step,
        y.address(),
        y.pitch(),
        x.rows(),
        x.columns(),
        panels.lanes(),
        panels.rowsPerSlab());
  }

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
        panels.lanes(),
        panels.rowsPerSlab());
  }
}
