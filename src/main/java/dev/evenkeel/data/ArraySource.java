package dev.evenkeel.data;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import dev.evenkeel.io.Npz;
import dev.evenkeel.tensor.Rows;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Features and targets from arrays: a file of each, or one NPZ file of both, which may bring sets
 * to validate and test on, too.
 *
 * @param target a file, or the name of an array in an NPZ file; where it is empty, the rows have no
 *     targets, unless an array in an NPZ file is called as targets are
 * @param task overrides what the targets look like
 */
record ArraySource(Path path, Optional<String> target, Optional<Task.Kind> task) {

  private static final List<String> FEATURES =
      List.of("x", "X", "data", "features", "embeddings", "images");
  private static final List<String> TARGETS =
      List.of("y", "Y", "target", "targets", "label", "labels");

  static boolean matches(Path path) {
    return Npz.matches(path) || ArrayFile.matches(path);
  }

  /** Whether it has a set of its own to validate or to test on. */
  static boolean brings(Path path, Kept kept) {
    return Npz.matches(path) && Files.isRegularFile(path) && pair(Npz.of(path), kept).isPresent();
  }

  /** What else may stand beside the rows to learn from, and how people call it. */
  enum Kept {
    VALID("valid", "val"),
    TEST("test");

    private final List<String> endings;

    Kept(String... endings) {
      this.endings = List.of(endings);
    }
  }

  /** Names of features and targets. */
  private record Pair(String x, String y) {

    static Optional<Pair> of(List<String> names, String ending) {
      return Stream.of("x", "X")
          .map(x -> new Pair(x + "_" + ending, "y_" + ending))
          .filter(pair -> names.contains(pair.x) && names.contains(pair.y))
          .findFirst();
    }
  }

  private static Optional<Pair> pair(Npz file, Kept kept) {
    return Pair.of(file.names(), "train").isEmpty()
        ? Optional.empty()
        : kept.endings.stream().flatMap(end -> Pair.of(file.names(), end).stream()).findFirst();
  }

  Source load() {
    if (Npz.matches(path)) {
      return load(Npz.of(path));
    }
    ArrayFile features = ArrayFile.features(path);
    Dataset data = dataset(features, target.map(this::targets));
    return new Source.Arrays(data, Optional.empty(), Optional.empty(), features.images());
  }

  private ArrayFile targets(String file) {
    Path other = Path.of(file);
    if (!Files.exists(other)) {
      throw new EvenkeelException(
          "There is no file %s. The target of an NPY or IDX file is another such file with as many rows, as in --target y.npy."
              .formatted(other));
    }
    if (!ArrayFile.matches(other) && !BinaryFile.NPY.matches(other)) {
      throw new EvenkeelException(
          "%s is no NPY or IDX file, as the target of %s must be. help: np.save('y.npy', y), where y holds numbers or texts"
              .formatted(other, path));
    }
    return ArrayFile.read(other);
  }

  private Source load(Npz file) {
    Optional<Pair> train = Pair.of(file.names(), "train");
    if (train.isPresent()) {
      return load(file, train.get());
    }
    Optional<String> y = targetName(file);
    ArrayFile features = array(file, featuresName(file, y));
    Optional<ArrayFile> targets =
        y.map(name -> file.names().contains(name) ? array(file, name) : targets(name));
    Dataset data = dataset(features, targets);
    return new Source.Arrays(data, Optional.empty(), Optional.empty(), features.images());
  }

  private Source load(Npz file, Pair train) {
    if (target.isPresent() && !target.get().equals(train.y)) {
      throw new EvenkeelException(
          "%s has the arrays %s and %s, so its target is the latter, not %s. help: leave --target out"
              .formatted(path, train.x, train.y, target.get()));
    }
    ArrayFile features = array(file, train.x);
    Dataset data = dataset(features, Optional.of(array(file, train.y)));
    ArraySource alike = new ArraySource(path, target, Optional.of(data.task().kind()));
    return new Source.Arrays(
        data, alike.kept(file, Kept.VALID), alike.kept(file, Kept.TEST), features.images());
  }

  private Optional<Dataset> kept(Npz file, Kept kept) {
    return pair(file, kept)
        .map(pair -> dataset(array(file, pair.x), Optional.of(array(file, pair.y))));
  }

  private Optional<String> targetName(Npz file) {
    List<String> names = file.names();
    if (target.isPresent()) {
      if (!names.contains(target.get()) && !Files.exists(Path.of(target.get()))) {
        throw new EvenkeelException(
            "%s has no array \"%s\", nor is there a file of that name. Its arrays are: %s."
                .formatted(path, target.get(), ColumnNames.listed(names)));
      }
      return target;
    }
    return TARGETS.stream().filter(names::contains).findFirst();
  }

  private String featuresName(Npz file, Optional<String> y) {
    List<String> others =
        file.names().stream().filter(name -> !Optional.of(name).equals(y)).toList();
    if (others.size() == 1) {
      return others.get(0);
    }
    return FEATURES.stream()
        .filter(others::contains)
        .findFirst()
        .orElseThrow(
            () ->
                new EvenkeelException(
                    "%s has the arrays %s; which of them holds the features can't be told. help: save it as by np.savez(file, x=features, y=targets)"
                        .formatted(path, ColumnNames.listed(file.names()))));
  }

  private static ArrayFile array(Npz file, String name) {
    return ArrayFile.of("%s, array \"%s\"".formatted(file.path(), name), file.read(name));
  }

  private Dataset dataset(ArrayFile features, Optional<ArrayFile> targets) {
    if (features.holdsTexts()) {
      throw new EvenkeelException(
          "%s holds texts, but features are numbers. help: a CSV file, whose texts become categories"
              .formatted(features.name()));
    }
    String name = path.toString();
    Rows x = features.rows();
    if (targets.isEmpty()) {
      return Dataset.unlabelled(name, x, new Task.Regression(List.of()));
    }
    ArrayFile y = targets.get();
    if (y.rows().count() != x.count()) {
      throw new EvenkeelException(
          "%s has %s, but %s has %,d. They must be the same rows."
              .formatted(
                  y.name(), Words.counted(y.rows().count(), "row"), features.name(), x.count()));
    }
    List<String> names = ArrayTargets.names(y.columns());
    if (ArrayTargets.areFlags(y, task)) {
      return Dataset.flags(name, x, y.values(), names);
    }
    if (ArrayTargets.areClasses(y, task)) {
      List<String> classes = ArrayTargets.classes(y);
      return Dataset.classification(name, x, ArrayTargets.labels(y), classes);
    }
    return Dataset.regression(name, x, y.values(), names);
  }
}
