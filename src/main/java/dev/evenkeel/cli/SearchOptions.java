package dev.evenkeel.cli;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import dev.evenkeel.data.Scaling;
import dev.evenkeel.nn.Dropout;
import dev.evenkeel.train.SearchSpace;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParseResult;

/**
 * Options that say which settings are tried. A setting whose own option is given, as {@code --lr},
 * is the same in all trials.
 */
final class SearchOptions {

  private static final String WIDTH = "width";
  private static final String DEPTH = "depth";
  private static final String SCALE = "scale";

  @Option(
      names = "--try-lr",
      paramLabel = "R",
      split = ",",
      defaultValue = "1e-4,3e-2",
      description = "lowest and highest rate (default: ${DEFAULT-VALUE})")
  List<Double> rates;

  @Option(
      names = "--try-width",
      paramLabel = "N",
      split = ",",
      defaultValue = "64,128,256",
      description = "widths of all hidden layers (default: ${DEFAULT-VALUE})")
  List<Integer> widths;

  @Option(
      names = "--try-depth",
      paramLabel = "N",
      split = ",",
      defaultValue = "1,2,3",
      description = "numbers of hidden layers (default: ${DEFAULT-VALUE})")
  List<Integer> depths;

  @Option(
      names = "--try-norm",
      paramLabel = "NORM",
      split = ",",
      defaultValue = "none,batch,layer",
      description = "kinds of norm (default: ${DEFAULT-VALUE})")
  List<String> norms;

  @Option(
      names = "--try-dropout",
      paramLabel = "P",
      split = ",",
      defaultValue = "0,0.1,0.3",
      description = "dropout probabilities (default: ${DEFAULT-VALUE})")
  List<Double> dropouts;

  @Option(
      names = "--try-batch",
      paramLabel = "N",
      split = ",",
      defaultValue = "32,64,128,256",
      description = "rows of a mini-batch (default: ${DEFAULT-VALUE})")
  List<Integer> batches;

  @Option(
      names = "--try-scale",
      paramLabel = "KIND",
      split = ",",
      description = "scales of features, such as robust,pieces (default: none is tried)")
  List<String> scales = List.of();

  /** What is searched, less what the command line holds fixed. */
  SearchSpace space(ParseResult parsed) {
    check();
    List<SearchSpace.Dimension> all = new ArrayList<>();
    if (searched(parsed, "--lr", "--try-lr")) {
      all.add(
          Flag.of("--try-lr", () -> new SearchSpace.LogRange("lr", rates.get(0), rates.get(1))));
    }
    if (searched(parsed, "--hidden", "--try-width", "--try-depth")) {
      all.add(choice(WIDTH, widths));
      all.add(choice(DEPTH, depths));
    }
    if (searched(parsed, "--norm", "--try-norm")) {
      all.add(choice("norm", norms));
    }
    if (searched(parsed, "--dropout", "--try-dropout")) {
      all.add(choice("dropout", dropouts));
    }
    if (searched(parsed, "--batch", "--try-batch")) {
      all.add(choice("batch", batches));
    }
    if (searched(parsed, "--scale", "--try-scale") && !scales.isEmpty()) {
      all.add(choice(SCALE, scales.stream().map(one -> one.toLowerCase(Locale.ROOT)).toList()));
    }
    if (all.isEmpty()) {
      throw new EvenkeelException(
          "Every setting is given, so there is nothing to try. help: leave out --lr, --hidden, --norm, --dropout or --batch");
    }
    return new SearchSpace(all);
  }

  /** Those that trials may have; one alone where none is tried. */
  List<Scaling> scalings(Scaling otherwise) {
    return scales.isEmpty()
        ? List.of(otherwise)
        : scales.stream().map(SearchOptions::scaling).distinct().toList();
  }

  /** That of a trial. */
  static Scaling scaling(Map<String, String> settings, Scaling otherwise) {
    return settings.containsKey(SCALE) ? scaling(settings.get(SCALE)) : otherwise;
  }

  private static Scaling scaling(String name) {
    return DataOptions.scaling("--try-scale", name);
  }

  /**
   * Refuses a norm that one of the batches leaves without effect.
   *
   * @param norm of all trials, where none is searched
   * @param batch of all trials, where none is searched
   * @param rows that train
   */
  void requireFilled(ParseResult parsed, String norm, int batch, int rows) {
    List<String> tried = parsed.hasMatchedOption("--norm") ? List.of(norm) : norms;
    int least = parsed.hasMatchedOption("--batch") ? batch : Collections.min(batches);
    tried.forEach(one -> NormName.of(one).requireFilled(Math.min(least, rows)));
  }

  private void check() {
    if (rates.size() != 2) {
      throw new EvenkeelException(
          "--try-lr takes the lowest and the highest learning rate, not %s. help: --try-lr 1e-4,3e-2"
              .formatted(Words.counted(rates.size(), "number")));
    }
    widths.forEach(value -> Flag.atLeast("--try-width", value, 1));
    depths.forEach(value -> Flag.atLeast("--try-depth", value, 1));
    batches.forEach(value -> Flag.atLeast("--try-batch", value, 1));
    scales.forEach(SearchOptions::scaling);
    norms.forEach(value -> Flag.of("--try-norm", () -> NormName.of(value)));
    dropouts.forEach(
        value -> {
          if (value != 0) {
            Flag.of("--try-dropout", () -> new Dropout(value));
          }
        });
  }

  private static boolean searched(ParseResult parsed, String fixed, String... searching) {
    if (!parsed.hasMatchedOption(fixed)) {
      return true;
    }
    for (String one : searching) {
      if (parsed.hasMatchedOption(one)) {
        throw new EvenkeelException(
            "%s holds fixed what %s would try. help: leave one of them out".formatted(fixed, one));
      }
    }
    return false;
  }

  private static SearchSpace.Dimension choice(String name, List<?> values) {
    return new SearchSpace.Choice(name, values.stream().map(Object::toString).distinct().toList());
  }

  /** A trial as it follows {@code train}. */
  static List<String> arguments(Map<String, String> settings, int epochs) {
    List<String> arguments = new ArrayList<>();
    settings.forEach(
        (name, value) -> {
          if (name.equals(WIDTH)) {
            int depth = Integer.parseInt(settings.get(DEPTH));
            arguments.add("--hidden");
            arguments.add(String.join(",", Collections.nCopies(depth, value)));
          } else if (!name.equals(DEPTH)) {
            arguments.add("--" + name);
            arguments.add(value);
          }
        });
    arguments.addAll(List.of("--epochs", Integer.toString(epochs)));
    return arguments;
  }
}
