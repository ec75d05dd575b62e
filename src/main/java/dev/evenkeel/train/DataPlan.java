package dev.evenkeel.train;

import com.fasterxml.jackson.annotation.JacksonInject;
import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.OptBoolean;
import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import dev.evenkeel.data.Catalog;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.data.Feature;
import dev.evenkeel.data.Groups;
import dev.evenkeel.data.Preparation;
import dev.evenkeel.data.RowNames;
import dev.evenkeel.data.Scaling;
import dev.evenkeel.data.Source;
import dev.evenkeel.data.Split;
import dev.evenkeel.data.Table;
import dev.evenkeel.data.TableFormat;
import dev.evenkeel.data.TableRemarks;
import dev.evenkeel.data.TargetChoice;
import dev.evenkeel.data.Task;
import dev.evenkeel.io.Json;
import dev.evenkeel.io.Spool;
import dev.evenkeel.nn.Network;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * From a name or a file to rows that train, validate and test: what to load, what to predict, how
 * to split. Plain data, kept as a note in checkpoints, so that a run can be resumed by its folder
 * alone.
 *
 * @param target a column or file, "" for the default
 * @param task a {@link Task.Kind}, "" to find out
 * @param valid what validates; a file's rows are never fitted to
 * @param test what tests; data with a test set of their own test on that
 * @param group a column, no feature, whose equal values keep their rows in one part; "" for none
 */
public record DataPlan(
    String data,
    String target,
    String task,
    List<String> drop,
    List<String> categorical,
    TableFormat format,
    Scaling scaling,
    Portion valid,
    Portion test,
    long seed,
    String group,
    Split.Order order) {

  public DataPlan {
    if (!(valid.share() >= 0 && test.share() >= 0 && valid.share() + test.share() < 1)) {
      throw new EvenkeelException(
          "--valid %s and --test %s leave no rows to train on; both must be at least 0 and their sum below 1"
              .formatted(valid, test));
    }
    if (!group.isEmpty() && order == Split.Order.ORDERED) {
      throw new EvenkeelException(
          "--group %s and --split ordered can't go together: rows of one value may stand anywhere in the file, before and after the cut. help: leave one of them out"
              .formatted(group));
    }
    drop = List.copyOf(drop);
    categorical = List.copyOf(categorical);
  }

  /**
   * From JSON, of which there is more than one form: what is injected stands for a property that
   * files from before it do not have.
   */
  @JsonCreator
  static DataPlan of(
      @JsonProperty("data") String data,
      @JsonProperty("target") String target,
      @JsonProperty("task") String task,
      @JsonProperty("drop") List<String> drop,
      @JsonProperty("categorical") List<String> categorical,
      @JsonProperty("noHeader") @JacksonInject(value = "false", useInput = OptBoolean.TRUE)
          boolean noHeader,
      @JsonProperty("format")
          @JacksonInject(value = TableFormat.JSON_BEFORE, useInput = OptBoolean.TRUE)
          TableFormat format,
      @JsonProperty("scaling") @JacksonInject(value = "\"STANDARD\"", useInput = OptBoolean.TRUE)
          Scaling scaling,
      @JsonProperty("valid") Portion valid,
      @JsonProperty("test") Portion test,
      @JsonProperty("seed") long seed,
      @JsonProperty("group") @JacksonInject(value = "\"\"", useInput = OptBoolean.TRUE)
          String group,
      @JsonProperty("order") @JacksonInject(value = "\"RANDOM\"", useInput = OptBoolean.TRUE)
          Split.Order order) {
    TableFormat read = noHeader ? format.withHeader(Table.Header.ABSENT) : format;
    return new DataPlan(
        data, target, task, drop, categorical, read, scaling, valid, test, seed, group, order);
  }

  private static final TableFormat BEFORE =
      Json.read(TableFormat.JSON_BEFORE, TableFormat.class, "a plan");

  /** A tenth of the rows to validate on, a fifth to test on, the last column to predict, seed 1. */
  public static DataPlan of(String data) {
    return new DataPlan(
        data,
        "",
        "",
        List.of(),
        List.of(),
        TableFormat.DETECT,
        Scaling.STANDARD,
        Portion.ofShare(Parts.VALID),
        Portion.ofShare(Parts.TEST),
        1,
        "",
        Split.Order.RANDOM);
  }

  /** Predicts this column, by name or number; for .npy and IDX data, the values in this file. */
  public DataPlan withTarget(String target) {
    return new DataPlan(
        data, target, task, drop, categorical, format, scaling, valid, test, seed, group, order);
  }

  public DataPlan withScaling(Scaling scaling) {
    return new DataPlan(
        data, target, task, drop, categorical, format, scaling, valid, test, seed, group, order);
  }

  /** Reads a text file in this way. */
  public DataPlan withFormat(TableFormat format) {
    return new DataPlan(
        data, target, task, drop, categorical, format, scaling, valid, test, seed, group, order);
  }

  /** Of other data that are read in the same way: they hold the same columns. */
  public DataPlan withData(String data) {
    return new DataPlan(
        data, target, task, drop, categorical, format, scaling, valid, test, seed, group, order);
  }

  /** With others to validate and test on. */
  public DataPlan withParts(Portion valid, Portion test) {
    return new DataPlan(
        data, target, task, drop, categorical, format, scaling, valid, test, seed, group, order);
  }

  /** Rows of the same value in this column, which is no feature, all go to the same part. */
  public DataPlan withGroup(String group) {
    return new DataPlan(
        data, target, task, drop, categorical, format, scaling, valid, test, seed, group, order);
  }

  public DataPlan withOrder(Split.Order order) {
    return new DataPlan(
        data, target, task, drop, categorical, format, scaling, valid, test, seed, group, order);
  }

  /** With another split. */
  public DataPlan withSeed(long seed) {
    return new DataPlan(
        data, target, task, drop, categorical, format, scaling, valid, test, seed, group, order);
  }

  /** Prepared rows. valid and test are absent where their share is 0. */
  public record Parts(
      Dataset train, Optional<Dataset> valid, Optional<Dataset> test, Preparation preparation) {

    private static final double VALID = 0.1;
    private static final double TEST = 0.2;

    /** Of arrays whose row i is of class {@code classes[i]}, from 0; split as a plan's are. */
    public static Parts of(float[][] rows, int[] classes) {
      if (classes == null) {
        throw new EvenkeelException("The classes are null. Give the class of each row, from 0.");
      }
      int count = IntStream.of(classes).max().orElse(0) + 1;
      List<String> names = IntStream.range(0, count).mapToObj(Integer::toString).toList();
      return of(Dataset.classification("arrays", rows, classes, names), VALID, TEST, 1);
    }

    /** Of arrays whose row i is to give {@code values[i]}; split as a plan's are. */
    public static Parts of(float[][] rows, float[] values) {
      return of(Dataset.regression("arrays", rows, values, "target"), VALID, TEST, 1);
    }

    /**
     * Of rows in memory: split, and prepared by what the training rows teach.
     *
     * @param valid the share of the rows to validate on; 0 for none
     * @param test the share to test on; 0 for none
     */
    public static Parts of(Dataset data, double valid, double test, long seed) {
      Split split = Split.of(data, valid, test, seed);
      Preparation preparation = Preparation.fit(data, split.train(), false);
      return new Parts(
          preparation.apply(data, split.train()),
          prepared(preparation, data, split.valid()),
          prepared(preparation, data, split.test()),
          preparation);
    }

    /** {@link Network#mlp} with as many inputs and outputs as these data need. */
    public Network mlp(int... hidden) {
      List<Integer> widths = IntStream.of(hidden).boxed().toList();
      return Network.mlp(train.columns(), widths, train.task().outputs());
    }

    /** Of the rows that train and validate. */
    List<String> fingerprints() {
      return DataPlan.fingerprints(train, valid);
    }
  }

  static List<String> fingerprints(Dataset train, Optional<Dataset> valid) {
    List<String> all = new ArrayList<>(List.of(train.fingerprint()));
    valid.ifPresent(rows -> all.add(rows.fingerprint()));
    return all;
  }

  /**
   * Rows that are read, but neither split nor prepared.
   *
   * @param ownTest the test set that the data bring along, not among these rows
   * @param parts splits them, and prepares them by what the training rows teach
   */
  private record Rows(Parting parting, Optional<Dataset> ownTest, Function<Split, Parts> parts) {}

  /** How rows are parted, in a few words. */
  public String way() {
    List<String> words = new ArrayList<>();
    if (valid.share() + test.share() > 0) {
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
    return words.isEmpty() ? "not split" : String.join(", ", words);
  }

  /**
   * @param notes hears what was decided or ignored, a sentence each
   */
  public Parts load(Consumer<String> notes) {
    new KeptFiles(this).check();
    try (Spool spool = Spool.of(Path.of(data))) {
      return read(notes);
    }
  }

  private Parts read(Consumer<String> notes) {
    Rows rows = rows(notes);
    double tested = rows.ownTest.isPresent() ? 0 : test.share();
    Split split = rows.parting.requireTrained(rows.parting.split(tested));
    Parts parts = rows.parts.apply(split);
    return rows.ownTest.isEmpty()
        ? parts
        : new Parts(
            parts.train,
            parts.valid,
            rows.ownTest.map(parts.preparation::apply),
            parts.preparation);
  }

  /**
   * The same split for a model that is trained: its preparation is taken, not fitted anew.
   *
   * @param notes hears what was ignored or replaced, a sentence each
   */
  public Parts load(Preparation trained, Consumer<String> notes) {
    new KeptFiles(this).check();
    try (Spool spool = Spool.of(Path.of(data))) {
      return read(trained, notes);
    }
  }

  private Parts read(Preparation trained, Consumer<String> notes) {
    Source source = source(data, trained);
    Optional<Dataset> own = Optional.empty();
    Optional<Groups> groups = Optional.empty();
    Dataset all;
    if (source instanceof Source.Csv csv) {
      csv.table().remarks().forEach(notes);
      groups = groups(csv.table());
      all = trained.apply(csv.table(), true, notes);
    } else {
      requireNothingOfTables();
      Source.Arrays arrays = (Source.Arrays) source;
      requireTargets(arrays.data());
      own = arrays.test().map(trained::apply);
      all = trained.apply(arrays.data());
    }
    Parting parting = new Parting(this, strata(all), row -> "", groups);
    Split split = parting.split(own.isPresent() ? 0 : test.share());
    Parts parts =
        new Parts(
            all.select(split.train()),
            some(all, split.valid()),
            own.isPresent() ? own : some(all, split.test()),
            trained);
    return new KeptFiles(this).into(parts, groups, notes);
  }

  private Optional<Groups> groups(Table table) {
    return group.isEmpty() ? Optional.empty() : Optional.of(Groups.of(table, group));
  }

  private static int[] strata(Dataset data) {
    return data.task() instanceof Task.Classification ? data.labels() : new int[data.rows()];
  }

  private void requireTargets(Dataset data) {
    if (!data.hasTargets()) {
      throw new EvenkeelException(
          "%s has no targets to learn from. help: --target FILE names the file that holds them"
              .formatted(this.data));
    }
  }

  /**
   * For cross-validation: each row tests in one of the folds, and the preparation is fitted anew on
   * the training rows of each. {@code valid} is a share of the rows that don't test; a test set
   * that the data bring along stays out of it. A fold is made when it is asked for.
   */
  public List<Supplier<Parts>> folds(int count, Consumer<String> notes) {
    new KeptFiles(this).check();
    Rows rows;
    try (Spool spool = Spool.of(Path.of(data))) {
      rows = rows(notes);
    }
    return rows.parting.folds(count).stream()
        .map(split -> (Supplier<Parts>) () -> rows.parts.apply(split))
        .toList();
  }

  private Rows rows(Consumer<String> notes) {
    Source source = source(data, options(format).withDropped(Set.copyOf(drop)), kind());
    if (source instanceof Source.Csv csv) {
      return rows(csv.table(), notes);
    }
    requireNothingOfTables();
    return rows((Source.Arrays) source, notes);
  }

  private void requireNothingOfTables() {
    if (!group.isEmpty() || new KeptFiles(this).areAny()) {
      throw new EvenkeelException(
          "--group COLUMN, --valid FILE and --test FILE are for CSV files; %s has no named columns. help: --valid FRACTION, --test FRACTION%s"
              .formatted(
                  data,
                  Catalog.NAMES.contains(data)
                      ? "; mnist and fashion-mnist bring a test set"
                      : ""));
    }
    boolean read = !format.equals(TableFormat.DETECT) && !format.equals(BEFORE);
    if (!drop.isEmpty() || !categorical.isEmpty() || read) {
      throw new EvenkeelException(
          "--drop, --categorical, --no-header and what else says how a table is read are for CSV files; %s has no named columns. help: leave them out"
              .formatted(data));
    }
    boolean classes = kind().orElse(Task.Kind.CLASSIFICATION) == Task.Kind.CLASSIFICATION;
    if (Catalog.NAMES.contains(data) && (!target.isEmpty() || !classes)) {
      throw new EvenkeelException(
          "%s has a target of its own, a class: %s can't change it. help: leave it out"
              .formatted(data, classes ? "--target " + target : "--task regression"));
    }
  }

  private Table.Options options(TableFormat format) {
    return Table.Options.DETECT
        .withFormat(format)
        .withCategorical(Set.copyOf(categorical))
        .withTexts(group.isEmpty() ? Set.of() : Set.of(group));
  }

  /** Data for a model, read as those that trained it. */
  private Source source(String nameOrPath, Preparation trained) {
    Table.Options options = trained.options();
    if (options.format().header() == Table.Header.AUTO) { // as in all models from before
      options = options.withHeader(format.header());
    }
    boolean number =
        trained.features().stream()
            .anyMatch(one -> one instanceof Feature.Numeric f && f.name().equals(group));
    if (!group.isEmpty() && !number) {
      Set<String> texts = new HashSet<>(options.texts());
      texts.add(group);
      options = options.withTexts(texts);
    }
    return source(nameOrPath, options, Optional.of(trained.target().task().kind()));
  }

  private Source source(String nameOrPath, Table.Options options, Optional<Task.Kind> kind) {
    return Catalog.standard()
        .load(nameOrPath, options, target.isEmpty() ? Optional.empty() : Optional.of(target), kind);
  }

  private Optional<Task.Kind> kind() {
    return task.isEmpty() ? Optional.empty() : Optional.of(Task.Kind.valueOf(task));
  }

  private Rows rows(Table read, Consumer<String> notes) {
    read.remarks().forEach(notes);
    if (read.find(target).isEmpty() && isFile(target)) {
      throw new EvenkeelException(
          "--target %s is a file, but the target of a CSV file is one of its own columns: %s. help: join the two files"
              .formatted(target, String.join(", ", read.columnNames())));
    }
    if (read.columns().size() == 1) {
      throw new EvenkeelException(
          "%s has one column, %s, so there is nothing to learn from; fields are looked for between commas, semicolons, tabs, bars and spaces. help: --delimiter CHAR names another"
              .formatted(data, read.columnNames().get(0)));
    }
    String predicted = target.isEmpty() ? "-1" : target;
    if (!group.isEmpty() && read.column(group) == read.column(predicted)) {
      throw new EvenkeelException(
          "--group %s is the target itself: each part would have values of its own, which no other knows. help: another --group, or another --target"
              .formatted(group));
    }
    TargetChoice choice = TargetChoice.of(read, predicted, kind());
    Table table = choice.spelled(read);
    notes.accept(choice.sentence());
    int[] strata = choice.strata(table);
    Optional<Groups> groups = groups(read);
    groups.ifPresent(found -> notes.accept(sentence(table, found, choice)));
    AtomicBoolean said = new AtomicBoolean();
    return new Rows(
        new Parting(this, strata, row -> table.column(choice.column()).text(row), groups),
        Optional.empty(),
        split -> {
          Consumer<String> remarks = said.getAndSet(true) ? note -> {} : notes;
          Parts parts = parts(table, choice, groups, split, remarks, notes);
          return new KeptFiles(this).into(parts, groups, notes);
        });
  }

  private static String sentence(Table table, Groups groups, TargetChoice choice) {
    return "%s: rows of the same \"%s\" stay together, %s%s."
        .formatted(
            table.name(),
            groups.column(),
            Words.counted(groups.names().size(), "group"),
            choice.kind() == Task.Kind.CLASSIFICATION
                ? "; shares of the classes may differ from part to part"
                : "");
  }

  /**
   * @param remarks hears what became of the columns, once for all folds
   */
  private Parts parts(
      Table table,
      TargetChoice choice,
      Optional<Groups> groups,
      Split split,
      Consumer<String> remarks,
      Consumer<String> notes) {
    List<String> left = new ArrayList<>(drop);
    groups.ifPresent(found -> left.add(found.column()));
    left.addAll(namesOfRows(table, choice, left, remarks));
    Preparation preparation = Preparation.fit(table, choice, left, split.train(), scaling);
    TableRemarks.of(table, preparation, Set.copyOf(categorical)).forEach(remarks);
    Dataset all = preparation.apply(table.without(left), true, notes);
    return new Parts(
        all.select(split.train()), some(all, split.valid()), some(all, split.test()), preparation);
  }

  private List<String> namesOfRows(
      Table table, TargetChoice choice, List<String> left, Consumer<String> remarks) {
    List<String> others = new ArrayList<>(categorical);
    others.add(choice.column());
    others.addAll(left);
    List<String> names = RowNames.in(table, others);
    TableRemarks.leftOut(table, names).forEach(remarks);
    return names;
  }

  private static Optional<Dataset> some(Dataset all, int[] rows) {
    return rows.length == 0 ? Optional.empty() : Optional.of(all.select(rows));
  }

  private static boolean isFile(String name) {
    return !name.isEmpty() && Files.isRegularFile(Path.of(name));
  }

  private Rows rows(Source.Arrays arrays, Consumer<String> notes) {
    Dataset data = arrays.data();
    requireTargets(data);
    if (!target.isEmpty()) {
      notes.accept(sentence(data.task()));
    }
    int[] strata = strata(data);
    return new Rows(
        new Parting(this, strata, row -> Integer.toString(strata[row]), Optional.empty()),
        arrays.test(),
        split -> parts(arrays, split));
  }

  private Parts parts(Source.Arrays arrays, Split split) {
    Dataset data = arrays.data();
    Preparation preparation =
        scaling == Scaling.ROBUST
            ? Preparation.fitRobust(data, split.train())
            : Preparation.fit(data, split.train(), arrays.shared());
    return new Parts(
        preparation.apply(data, split.train()),
        prepared(preparation, data, split.valid()),
        prepared(preparation, data, split.test()),
        preparation);
  }

  private String sentence(Task found) {
    boolean classes = found instanceof Task.Classification;
    return "%s is predicted by %s%s. If that is wrong, say --task %s."
        .formatted(
            target,
            classes ? "classification" : "regression",
            classes ? ", into %d classes".formatted(found.outputs()) : "",
            classes ? "regression" : "classification");
  }

  private static Optional<Dataset> prepared(Preparation preparation, Dataset data, int[] rows) {
    return rows.length == 0 ? Optional.empty() : Optional.of(preparation.apply(data, rows));
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

  static boolean isSame(String one, String other) {
    try {
      return one.equals(other)
          || (isFile(one) && isFile(other) && Files.isSameFile(Path.of(one), Path.of(other)));
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * Rows to measure a trained model on.
   *
   * @param words how many they are, and what they are to the model: "80 rows that training never
   *     saw"
   * @param changed whether the file is not what it was at training
   */
  public record Measured(Dataset rows, String words, boolean changed) {}

  /** Of a file of their own, which training never read, whatever became of the data. */
  private Measured loadTestFile(SavedModel saved, Consumer<String> notes) {
    Dataset rows = new KeptFiles(this).test(saved.preparation().orElseThrow(), notes);
    boolean changed = !saved.testedOn(rows).orElse(true);
    notes.accept(
        "The %,d rows of %s, which %s."
            .formatted(
                rows.rows(), test, changed ? "has changed since training" : "training never saw"));
    String words = changed ? " of a file that changed since training" : " that training never saw";
    return new Measured(rows, Words.counted(rows.rows(), "row") + words, changed);
  }

  /**
   * Rows with targets for a model that is trained: of the data that it was trained on, the test
   * rows alone, which may be a file of their own; of other data, all. So, too, of a file that
   * changed since: it is split by the number of its rows and their order, so that training rows
   * would count as test rows.
   */
  public Measured loadMeasured(String other, SavedModel saved, Consumer<String> notes) {
    Preparation preparation = saved.preparation().orElseThrow();
    boolean own = isOf(other) && !Spool.isStream(Path.of(other));
    if (test.isFile() && (own || isSame(other, test.file()))) {
      return loadTestFile(saved, notes);
    }
    Dataset rows;
    String words = "%s";
    boolean changed = false;
    if (isOf(other)) {
      Parts parts = load(preparation, note -> {});
      Optional<Boolean> same = saved.learnedFrom(parts);
      if (same.orElse(true) && parts.test().isPresent()) {
        rows = parts.test().get();
        String unseen = same.isPresent() ? " that training never saw" : "";
        notes.accept("Of %s, the %,d test rows%s.".formatted(other, rows.rows(), unseen));
        return new Measured(rows, Words.counted(rows.rows(), "row") + unseen, false);
      }
      changed = !same.orElse(true);
      if (!changed) {
        words = "%s, which training saw";
      } else {
        notes.accept(
            "%s has changed since training, so its test rows can't be told any more: these are all its rows, and training may have seen some of them. help: for a fair measure, --data with rows kept apart"
                .formatted(other));
        words = "%s of a file that changed since training, which may have seen some of them";
      }
    }
    rows = load(other, true, preparation, notes);
    return new Measured(rows, words.formatted(Words.counted(rows.rows(), "row")), changed);
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
    Source source = source(other, preparation);
    if (source instanceof Source.Csv csv) {
      csv.table().remarks().forEach(notes);
      tables.accept(csv.table());
      return preparation.apply(csv.table(), withTargets, notes);
    }
    Source.Arrays arrays = (Source.Arrays) source;
    return preparation.apply(arrays.test().orElse(arrays.data()));
  }
}
