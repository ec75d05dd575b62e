package dev.evenkeel.cli;

import dev.evenkeel.data.Preparation;
import dev.evenkeel.data.Scaling;
import dev.evenkeel.data.Split;
import dev.evenkeel.data.TableFormat;
import dev.evenkeel.data.Task;
import dev.evenkeel.train.DataPlan;
import dev.evenkeel.train.Portion;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** Options that say what to train on. */
final class DataOptions {

  @Option(
      names = "--data",
      paramLabel = "NAME|FILE",
      defaultValue = "digits",
      description =
          "digits, breast-cancer, mnist, fashion-mnist, or a CSV, JSON, NPY, NPZ or IDX file, gzipped or not, or - for stdin (default: ${DEFAULT-VALUE})")
  String data;

  @Option(
      names = "--target",
      paramLabel = "COLUMN|FILE",
      description =
          "the column to predict, by name or number, or several of numbers or flags, as a,b (default: the last); for NPY and IDX, the file of targets; for NPZ, an array in it")
  String[] target = {};

  @Option(
      names = "--task",
      paramLabel = "TASK",
      description =
          "classification, regression, or flags: columns of two values that may be true together (default: found from the target)")
  Task.Kind task;

  @Option(
      names = "--drop",
      paramLabel = "COLUMN",
      description = "columns to leave out, by name or number, as a,b")
  List<String> drop = List.of();

  @Option(
      names = "--categorical",
      paramLabel = "COLUMN",
      description = "columns of numbers that are categories, as a,b")
  List<String> categorical = List.of();

  @ArgGroup(validate = false)
  TableOptions table = new TableOptions();

  @Option(
      names = "--scale",
      paramLabel = "KIND",
      description =
          "how features are brought to one size: standard (mean 0, deviation 1; categories mean 0), robust (median 0, quartiles 1 apart, smoothly clipped at 3), or pieces (each number becomes up to 16 inputs, one for each piece of its range; else robust) (default: standard; tabular: robust)")
  String scale;

  @Option(
      names = "--one-hot",
      paramLabel = "N",
      defaultValue = "" + Preparation.ONE_HOT,
      description =
          "the most texts of a column that become an input each; of more, each is told by the mean target of its rows, drawn to that of all where they are few (default: ${DEFAULT-VALUE})")
  int oneHot;

  @Option(
      names = "--valid",
      paramLabel = "FRACTION|FILE",
      defaultValue = "0.1",
      description =
          "what to validate on: a share of the rows, or a CSV file of their own, to which nothing is fitted (default: ${DEFAULT-VALUE})")
  Portion valid;

  @Option(
      names = "--test",
      paramLabel = "FRACTION|FILE",
      defaultValue = "0.2",
      description =
          "what to test on at the end, likewise; mnist and fashion-mnist test on the set that they bring (default: ${DEFAULT-VALUE})")
  Portion test;

  @Option(
      names = "--group",
      paramLabel = "COLUMN",
      description =
          "rows of the same value in this column of a CSV, such as a customer, all go to the same part; it is no feature")
  String group;

  @Option(
      names = "--split",
      paramLabel = "KIND",
      defaultValue = "random",
      description =
          "random, or ordered for rows in order of time: the first train, those after them validate, the last test (default: ${DEFAULT-VALUE})")
  String split;

  @Option(
      names = "--weights",
      paramLabel = "COLUMN",
      description =
          "a column of a CSV that says how much each row counts in the loss, 0 or more; it is no feature")
  String weights;

  /**
   * @param otherwise what an option is that was not given
   */
  DataPlan plan(Defaults otherwise, long seed) {
    String called = scale == null ? otherwise.scale() : scale;
    DataPlan plan =
        DataPlan.of(data)
            .withTarget(target)
            .withColumns(drop, categorical)
            .withFormat(table.over(TableFormat.DETECT))
            .withScaling(scaling("--scale", called))
            .withOneHot(oneHot);
    return withRows(task == null ? plan : plan.withTask(task), seed);
  }

  static Scaling scaling(String option, String name) {
    String kind = Flag.choice(option, name, "standard", "robust", "pieces");
    return Scaling.valueOf(kind.toUpperCase(Locale.ROOT));
  }

  /**
   * Data for a model that is trained: its own again, split as they were, or others that are read as
   * those were.
   *
   * @param own whether they are the model's own
   */
  DataPlan plan(DataPlan model, boolean own, long seed) {
    DataPlan plan = own ? model : withRows(model.withData(data).withTarget(), seed);
    return target.length == 0 ? plan : plan.withTarget(target);
  }

  /** Which rows do what, and what they count. */
  private DataPlan withRows(DataPlan plan, long seed) {
    return plan.withParts(valid, test)
        .withSeed(seed)
        .withGroup("") // another order may not go with the model's
        .withOrder(order())
        .withGroup(group == null ? "" : group)
        .withWeights(weights == null ? "" : weights);
  }

  private Split.Order order() {
    return Flag.choice("--split", split, "random", "ordered").equals("ordered")
        ? Split.Order.ORDERED
        : Split.Order.RANDOM;
  }
}
