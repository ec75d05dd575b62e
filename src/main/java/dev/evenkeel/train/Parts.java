package dev.evenkeel.train;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.data.Folds;
import dev.evenkeel.data.Groups;
import dev.evenkeel.data.Preparation;
import dev.evenkeel.data.PreparedTable;
import dev.evenkeel.data.Split;
import dev.evenkeel.data.Task;
import dev.evenkeel.nn.Network;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.slf4j.LoggerFactory;

/** Prepared rows to train, validate and test on. valid and test are absent where they have none. */
public record Parts(
    Dataset train, Optional<Dataset> valid, Optional<Dataset> test, Preparation preparation) {

  static final double VALID = 0.1;
  static final double TEST = 0.2;

  private static final int MOST_NAMED = 5;

  /** More are numbers of something else. */
  private static final int MOST_CLASSES = 1_000_000;

  /**
   * Of arrays whose row i is of class {@code classes[i]}, from 0; split as a plan's are. Classes
   * without a row are told by the log.
   */
  public static Parts of(float[][] rows, int[] classes) {
    if (classes == null) {
      throw new EvenkeelException("The classes are null. Give the class of each row, from 0.");
    }
    int last = IntStream.of(classes).max().orElse(0);
    if (last >= MOST_CLASSES) {
      throw new EvenkeelException(
          "The classes are numbered up to %,d, and each would be an output. help: number them from 0 on, without gaps; of numbers to be predicted, give float[] values"
              .formatted(last));
    }
    int count = last + 1;
    List<String> names = IntStream.range(0, count).mapToObj(Integer::toString).toList();
    Dataset data = Dataset.classification("arrays", rows, classes, names);
    String empty = emptyClasses(data);
    if (!empty.isEmpty()) {
      LoggerFactory.getLogger(Parts.class).warn("The arrays are of {} classes{}", count, empty);
    }
    return of(data, VALID, TEST, 1);
  }

  /** What to add to a sentence that counts the classes of arrays; "" where each has a row. */
  static String emptyClasses(Dataset data) {
    List<String> classes = ((Task.Classification) data.task()).classes();
    BitSet filled = new BitSet();
    IntStream.of(data.labels()).forEach(filled::set);
    List<String> empty =
        IntStream.range(0, classes.size())
            .filter(k -> !filled.get(k))
            .mapToObj(classes::get)
            .toList();
    return empty.isEmpty()
        ? ""
        : ", of which %,d %s no row: %s%s. help: number them from 0 on, without gaps"
            .formatted(
                empty.size(),
                empty.size() == 1 ? "has" : "have",
                String.join(", ", empty.subList(0, Math.min(MOST_NAMED, empty.size()))),
                empty.size() > MOST_NAMED
                    ? " and %,d more".formatted(empty.size() - MOST_NAMED)
                    : "");
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
    return prepared(data, split, Preparation.fit(data, split.train(), false));
  }

  /**
   * The same for {@link CrossValidation}: each row tests in one of the folds, which are made when
   * they are asked for.
   *
   * @param valid the share of the rows that don't test to validate on
   */
  public static List<Supplier<Parts>> folds(Dataset data, int count, double valid, long seed) {
    return Folds.of(data.strata(), count, valid, seed).stream()
        .map(
            split ->
                (Supplier<Parts>)
                    () -> prepared(data, split, Preparation.fit(data, split.train(), false)))
        .toList();
  }

  /** Of rows as they were read. */
  static Parts prepared(Dataset data, Split split, Preparation preparation) {
    return of(
        preparation.apply(data, split.train()),
        rows -> preparation.apply(data, rows),
        split,
        preparation);
  }

  /** Of a table's rows. */
  static Parts of(
      PreparedTable rows,
      Split split,
      Optional<Groups> groups,
      Preparation preparation,
      Consumer<String> notes) {
    Dataset train = rows.toTrain(split.train(), groups, notes);
    return of(train, rows::select, split, preparation);
  }

  /**
   * @param select makes prepared rows of these
   */
  private static Parts of(
      Dataset train, Function<int[], Dataset> select, Split split, Preparation preparation) {
    return new Parts(
        train, some(split.valid()).map(select), some(split.test()).map(select), preparation);
  }

  private static Optional<int[]> some(int[] rows) {
    return rows.length == 0 ? Optional.empty() : Optional.of(rows);
  }

  /** With those instead, where there are some. */
  Parts with(Optional<Dataset> ownValid, Optional<Dataset> ownTest) {
    return new Parts(train, ownValid.or(() -> valid), ownTest.or(() -> test), preparation);
  }

  /** {@link Network#mlp} with as many inputs and outputs as these data need. */
  public Network mlp(int... hidden) {
    List<Integer> widths = IntStream.of(hidden).boxed().toList();
    return Network.mlp(train.columns(), widths, train.task().outputs());
  }

  /** {@link Recipe#of} the rows that train. */
  public Recipe recipe() {
    return Recipe.of(train);
  }

  /** Of the rows that train and validate. */
  List<String> fingerprints() {
    return fingerprints(train, valid);
  }

  static List<String> fingerprints(Dataset train, Optional<Dataset> valid) {
    List<String> all = new ArrayList<>(List.of(train.fingerprint()));
    valid.ifPresent(rows -> all.add(rows.fingerprint()));
    return all;
  }
}
