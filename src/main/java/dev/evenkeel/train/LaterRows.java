package dev.evenkeel.train;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.data.Preparation;
import dev.evenkeel.data.PreparedTable;
import dev.evenkeel.data.Source;
import dev.evenkeel.data.Table;
import dev.evenkeel.io.Spool;
import java.io.File;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Rows with targets for a model that is trained. They are read once, whether they turn out to be
 * those of its training or others.
 *
 * @param plan the one that the model was trained by, of these data
 * @param raw as the plan parts them; it refuses those that it can't part
 * @param train makes prepared rows of these, which train
 * @param all prepared; of data with a test set of their own, that
 */
record LaterRows(
    DataPlan plan, Supplier<RawRows> raw, Function<int[], Dataset> train, Supplier<Dataset> all) {

  /** Read in a second or two. */
  private static final long MOST_BYTES = 50_000_000;

  static LaterRows read(DataPlan plan, Preparation trained, Consumer<String> notes) {
    try (Spool spool = Spool.of(Path.of(plan.data()))) {
      Source source = new Sources(plan).like(plan.data(), trained);
      return source instanceof Source.Csv csv
          ? of(plan, csv.table(), trained, notes)
          : of(plan, (Source.Arrays) source, trained);
    }
  }

  /** The rows that trained a model, where their file is still there and soon read. */
  static Optional<Dataset> thatTrained(DataPlan plan, SavedModel saved) {
    if (!DataPlan.isFile(plan.data()) || new File(plan.data()).length() > MOST_BYTES) {
      return Optional.empty();
    }
    try {
      return read(plan, saved.preparation().orElseThrow(), note -> {}).trained(saved);
    } catch (EvenkeelException e) {
      return Optional.empty(); // another file by now
    }
  }

  private static LaterRows of(
      DataPlan plan, Table read, Preparation trained, Consumer<String> notes) {
    read.remarks().forEach(notes);
    Table table = trained.withTargets(read, notes);
    PreparedTable rows = plan.prepare(trained, table, true, notes);
    return new LaterRows(
        plan,
        () -> RawRows.of(plan, rows, plan.groups(table), trained, notes),
        train -> rows.toTrain(train, plan.groups(table), note -> {}),
        rows::all);
  }

  private static LaterRows of(DataPlan plan, Source.Arrays arrays, Preparation trained) {
    return new LaterRows(
        plan,
        () -> RawRows.of(plan, arrays, split -> trained),
        rows -> trained.apply(arrays.data(), rows),
        () -> trained.apply(arrays.test().orElse(arrays.data())));
  }

  /** The rows that the plan takes to train on, if they are those that trained the model. */
  Optional<Dataset> trained(SavedModel saved) {
    if (!saved.tellsRows()) {
      return Optional.empty();
    }
    try {
      return Optional.of(train.apply(raw.get().split().train())).filter(saved::trainedOn);
    } catch (EvenkeelException e) {
      return Optional.empty(); // those of training could be parted
    }
  }

  /** Of rows that are the model's. */
  Parts parts() {
    new KeptFiles(plan).check();
    RawRows rows = raw.get();
    return rows.parts(rows.split());
  }
}
