package dev.evenkeel.train;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Required;
import dev.evenkeel.data.Catalog;
import dev.evenkeel.data.Column;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.data.Groups;
import dev.evenkeel.data.Preparation;
import dev.evenkeel.data.PreparedTable;
import dev.evenkeel.data.RowWeights;
import dev.evenkeel.data.Scaling;
import dev.evenkeel.data.Source;
import dev.evenkeel.data.Split;
import dev.evenkeel.data.Table;
import dev.evenkeel.data.TableFormat;
import dev.evenkeel.data.Task;
import dev.evenkeel.io.Json;
import dev.evenkeel.io.Spool;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * From a name or a file to rows that train, validate and test: what to load, what to predict, how
 * to split. Plain data, kept as a note in checkpoints, so that a run can be resumed by its folder
 * alone.
 *
 * @param targets columns by name or number, or one file; none for the default. What is no column's
 *     name may name several, between commas
 * @param task a {@link Task.Kind}, "" to find out
 * @param drop columns by name or number, as targets are
 * @param categorical columns by name, likewise
 * @param oneHot the most texts of a column that make an input each
 * @param valid what validates; a file's rows are never fitted to
 * @param test what tests; data with a test set of their own test on that
 * @param group a column, no feature, whose equal values keep their rows in one part; "" for none
 * @param weights a column, no feature, of what each row counts, in the loss and in metrics; ""
 *     where all are alike
 */
public record DataPlan(
    String data,
    List<String> targets,
    String task,
    List<String> drop,
    List<String> categorical,
    TableFormat format,
    Scaling scaling,
    int oneHot,
    Portion valid,
    Portion test,
    long seed,
    String group,
    Split.Order order,
    String weights) {

  private static final int MOST_ONE_HOT = 100_000;

  /** Before {@code oneHot} there were no means: each text made an input. */
  private static final Map<String, Object> OLDER =
      Map.of("oneHot", MOST_ONE_HOT, "format/amounts", Map.of());

  /** Gigabytes. */
  private static final double LARGE = 0.2;

  public DataPlan {
    if (!(valid.share() >= 0 && test.share() >= 0 && valid.share() + test.share() < 1)) {
      throw new EvenkeelException(
          "--valid %s and --test %s leave no rows to train on; both must be at least 0 and their sum below 1"
              .formatted(valid, test));
    }
    if (oneHot < 0 || oneHot > MOST_ONE_HOT) {
      throw new EvenkeelException(
          "--one-hot takes 0 to %,d texts, not %,d: each becomes an input with weights of its own"
              .formatted(MOST_ONE_HOT, oneHot));
    }
    if (!group.isEmpty() && order == Split.Order.ORDERED) {
      throw new EvenkeelException(
          "--group %s and --split ordered can't go together: rows of one value may stand anywhere in the file, before and after the cut. help: leave one of them out"
              .formatted(group));
    }
    targets = List.copyOf(targets);
    drop = List.copyOf(drop);
    categorical = List.copyOf(categorical);
  }

  /** A tenth of the rows to validate on, a fifth to test on, the last column to predict, seed 1. */
  public static DataPlan of(String data) {
    return new DataPlan(
        data,
        List.of(),
        "",
        List.of(),
        List.of(),
        TableFormat.DETECT,
        Scaling.STANDARD,
        Preparation.ONE_HOT,
        Portion.ofShare(Parts.VALID),
        Portion.ofShare(Parts.TEST),
        1,
        "",
        Split.Order.RANDOM,
        "");
  }

  /**
   * As a checkpoint keeps it, one of an older version too.
   *
   * @param source named in the error
   */
  public static DataPlan read(String json, String source) {
    return Json.read(json, DataPlan.class, source, OLDER);
  }

  /**
   * Predicts this column, by name or number, or several, which hold numbers then; for .npy and IDX
   * data, the values in this file.
   */
  public DataPlan withTarget(String... columns) {
    Stream.of(columns).forEach(name -> Required.there(name, "A target", "the name of a column"));
    return with(changed -> changed.targets = List.of(columns));
  }

  /** Predicts by classification or regression, whatever the target looks like. */
  public DataPlan withTask(Task.Kind task) {
    return with(changed -> changed.task = task.name());
  }

  /** Leaves columns out, and takes others for categories though they look like numbers. */
  public DataPlan withColumns(List<String> drop, List<String> categorical) {
    return with(
        changed -> {
          changed.drop = drop;
          changed.categorical = categorical;
        });
  }

  public DataPlan withScaling(Scaling scaling) {
    return with(changed -> changed.scaling = scaling);
  }

  /** A category of more texts than these stands for the mean target of each. */
  public DataPlan withOneHot(int most) {
    return with(changed -> changed.oneHot = most);
  }

  /** Reads a text file in this way. */
  public DataPlan withFormat(TableFormat format) {
    return with(changed -> changed.format = format);
  }

  /** Of other data that are read in the same way: they hold the same columns. */
  public DataPlan withData(String data) {
    return with(changed -> changed.data = data);
  }

  /** With others to validate and test on. */
  public DataPlan withParts(Portion valid, Portion test) {
    return with(
        changed -> {
          changed.valid = valid;
          changed.test = test;
        });
  }

  /** Rows of the same value in this column, which is no feature, all go to the same part. */
  public DataPlan withGroup(String group) {
    return with(changed -> changed.group = group);
  }

  public DataPlan withOrder(Split.Order order) {
    return with(changed -> changed.order = order);
  }

  /** Rows count as much in the loss as this column says, which is no feature. */
  public DataPlan withWeights(String weights) {
    return with(changed -> changed.weights = weights);
  }

  /** With another split. */
  public DataPlan withSeed(long seed) {
    return with(changed -> changed.seed = seed);
  }

  private DataPlan with(Consumer<Draft> change) {
    Draft draft = new Draft(this);
    change.accept(draft);
    return draft.plan();
  }

  /** A plan while something of it changes. */
  private static final class Draft {
    private String data;
    private List<String> targets;
    private String task;
    private List<String> drop;
    private List<String> categorical;
    private TableFormat format;
    private Scaling scaling;
    private int oneHot;
    private Portion valid;
    private Portion test;
    private long seed;
    private String group;
    private Split.Order order;
    private String weights;

    Draft(DataPlan plan) {
      data = plan.data;
      targets = plan.targets;
      task = plan.task;
      drop = plan.drop;
      categorical = plan.categorical;
      format = plan.format;
      scaling = plan.scaling;
      oneHot = plan.oneHot;
      valid = plan.valid;
      test = plan.test;
      seed = plan.seed;
      group = plan.group;
      order = plan.order;
      weights = plan.weights;
    }

    DataPlan plan() {
      return new DataPlan(
          data,
          targets,
          task,
          drop,
          categorical,
          format,
          scaling,
          oneHot,
          valid,
          test,
          seed,
          group,
          order,
          weights);
    }
  }

  /** How rows are parted, in a few words. */
  public String way() {
    List<String> words = new ArrayList<>();
    boolean ownValid = Catalog.bringsValid(data);
    boolean ownTest = Catalog.bringsTest(data);
    if (valid.share() > 0 && !ownValid || test.share() > 0 && !ownTest) {
      String random = group.isEmpty() ? "" : " by whole groups of \"%s\"".formatted(group);
      words.add(
          order == Split.Order.ORDERED
              ? "split in the order of the file"
              : "split at random" + random);
    }
    if (valid.isFile()) {
      words.add("validation rows in " + valid);
    }
    if (test.isFile()) {
      words.add("test rows in " + test);
    }
    if (ownValid) {
      words.add("the data's own validation rows");
    }
    if (ownTest) {
      words.add("the data's own test rows");
    }
    return words.isEmpty() ? "not split" : String.join(", ", words);
  }

  /**
   * @param notes hears what was decided or ignored, a sentence each
   */
  public Parts load(Consumer<String> notes) {
    return loadScaled(List.of(scaling), notes).get(0);
  }

  /**
   * The same rows in the same parts by each of several scalings; the data are read once.
   *
   * @param notes hears what was decided or ignored, a sentence each
   */
  public List<Parts> loadScaled(List<Scaling> scalings, Consumer<String> notes) {
    requireNotes(notes);
    new KeptFiles(this).check();
    noteLarge(notes);
    try (Spool spool = Spool.of(Path.of(data))) {
      Source source = new Sources(this).toLearn();
      List<Parts> all = new ArrayList<>();
      for (Scaling one : scalings) {
        Consumer<String> once = all.isEmpty() ? notes : note -> {};
        all.add(parts(RawRows.toLearn(withScaling(one), source, once), once));
      }
      return all;
    }
  }

  /**
   * Of rows that a program has, by {@link Table#of}. The plan names the target, since their columns
   * have no order; {@code data} is what messages call them.
   *
   * @param notes hears what was decided or ignored, a sentence each
   */
  public Parts load(Iterable<? extends Map<String, ?>> rows, Consumer<String> notes) {
    return parts(raw(rows, notes), notes);
  }

  private static void requireNotes(Consumer<String> notes) {
    Required.there(notes, "What hears the notes", "there, as System.out::println is");
  }

  private RawRows raw(Iterable<? extends Map<String, ?>> rows, Consumer<String> notes) {
    requireNotes(notes);
    new KeptFiles(this).check();
    if (targets.isEmpty()) {
      throw new EvenkeelException(
          "%s: rows in memory have no last column to predict. help: withTarget(\"price\")"
              .formatted(data));
    }
    Table table = Table.of(data, rows, new Sources(this).options());
    return RawRows.toLearn(this, table, notes);
  }

  /** What is read and prepared for many seconds is named before. */
  private void noteLarge(Consumer<String> notes) {
    if (isFile(data)) {
      double gigabytes = new File(data).length() * 1e-9;
      if (gigabytes >= LARGE) {
        notes.accept("Reading %s, %.1f GB.".formatted(data, gigabytes));
      }
    }
  }

  private static Parts parts(RawRows rows, Consumer<String> notes) {
    Parts parts = rows.parts(rows.requireTrained(rows.split()));
    RepeatedRows.in(parts).ifPresent(notes);
    return parts;
  }

  /**
   * The same split for a model that is trained: its preparation is taken, not fitted anew.
   *
   * @param notes hears what was ignored or replaced, a sentence each
   */
  public Parts load(Preparation trained, Consumer<String> notes) {
    new KeptFiles(this).check();
    noteLarge(notes);
    try (Spool spool = Spool.of(Path.of(data))) {
      RawRows rows = RawRows.toGoOn(this, trained, notes);
      return rows.parts(rows.split());
    }
  }

  /** The same of rows that a program has. */
  public Parts load(
      Preparation trained, Iterable<? extends Map<String, ?>> rows, Consumer<String> notes) {
    new KeptFiles(this).check();
    Table table = Table.of(data, rows, new Sources(this).options(trained));
    RawRows raw = RawRows.toGoOn(this, table, trained, notes);
    return raw.parts(raw.split());
  }

  /** The rows of a table, with their weights where it has some: an answer needs none. */
  PreparedTable prepare(
      Preparation trained, Table table, boolean withTargets, Consumer<String> notes) {
    Optional<String> column =
        weights.isEmpty() || !withTargets
            ? Optional.empty()
            : table.findAny(weights).map(Column::name).filter(name -> !trained.uses(name));
    if (column.isEmpty()) {
      return trained.prepare(table, withTargets, notes);
    }
    return trained
        .prepare(table.without(List.of(column.get())), true, notes)
        .withWeights(RowWeights.of(table, column.get()));
  }

  Optional<Groups> groups(Table table) {
    return group.isEmpty() ? Optional.empty() : Optional.of(Groups.of(table, group));
  }

  /**
   * For cross-validation: each row tests in one of the folds, and the preparation is fitted anew on
   * the training rows of each. {@code valid} is a share of the rows that don't test; a test set
   * that the data bring along stays out of it. A fold is made when it is asked for.
   */
  public List<Supplier<Parts>> folds(int count, Consumer<String> notes) {
    requireNotes(notes);
    new KeptFiles(this).check();
    RawRows rows;
    try (Spool spool = Spool.of(Path.of(data))) {
      rows = RawRows.toLearn(this, notes);
    }
    return folds(count, rows);
  }

  /** The same of rows that a program has. */
  public List<Supplier<Parts>> folds(
      int count, Iterable<? extends Map<String, ?>> rows, Consumer<String> notes) {
    return folds(count, raw(rows, notes));
  }

  private static List<Supplier<Parts>> folds(int count, RawRows rows) {
    return rows.folds(count).stream()
        .map(split -> (Supplier<Parts>) () -> rows.prepare().apply(split))
        .toList();
  }

  Optional<Task.Kind> kind() {
    return task.isEmpty() ? Optional.empty() : Optional.of(Task.Kind.valueOf(task));
  }

  /** Whether the data can be looked for where the plan says. */
  public boolean findsData() {
    return Catalog.NAMES.contains(data)
        || Spool.isStream(Path.of(data))
        || Files.exists(Path.of(data));
  }

  /** Whether a name or path means the data of this plan, however it is spelt. */
  public boolean isOf(String other) {
    return isSame(other, data);
  }

  /** Whether a path means a file that it validates or tests on. */
  boolean keeps(String other) {
    return isSame(other, valid.file()) || isSame(other, test.file());
  }

  static boolean isFile(String name) {
    return !name.isEmpty() && Files.isRegularFile(Path.of(name));
  }

  static boolean isSame(String one, String other) {
    try {
      return one.equals(other)
          || (isFile(one) && isFile(other) && Files.isSameFile(Path.of(one), Path.of(other)));
    } catch (IOException e) {
      return false;
    }
  }

  /** All rows, for a model that is trained; of data with a test set of its own, that. */
  public Dataset load(
      String other, boolean withTargets, Preparation preparation, Consumer<String> notes) {
    return load(other, withTargets, preparation, notes, table -> {});
  }

  /**
   * @param tables hears the table that the rows are of, where they are of one
   */
  public Dataset load(
      String other,
      boolean withTargets,
      Preparation preparation,
      Consumer<String> notes,
      Consumer<Table> tables) {
    Source source = new Sources(withTargets ? this : withWeights("")).like(other, preparation);
    if (source instanceof Source.Csv csv) {
      csv.table().remarks().forEach(notes);
      Table table = withTargets ? preparation.withTargets(csv.table(), notes) : csv.table();
      tables.accept(table);
      return prepare(preparation, table, withTargets, notes).all();
    }
    Source.Arrays arrays = (Source.Arrays) source;
    return preparation.apply(arrays.test().orElse(arrays.data()));
  }
}
