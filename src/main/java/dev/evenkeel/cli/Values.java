package dev.evenkeel.cli;

import dev.evenkeel.data.Task;
import dev.evenkeel.nn.RunningVariance;
import dev.evenkeel.train.Portion;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.TypeConversionException;

/** Reads the values of options, and says in plain words what is wrong with one. */
final class Values {

  private Values() {}

  static void register(CommandLine line) {
    line.registerConverter(int.class, number(Integer::valueOf, "a whole number"));
    line.registerConverter(Integer.class, number(Integer::valueOf, "a whole number"));
    line.registerConverter(long.class, number(Long::valueOf, "a whole number"));
    line.registerConverter(Long.class, number(Long::valueOf, "a whole number"));
    line.registerConverter(double.class, number(Values::finite, "a finite number"));
    line.registerConverter(Double.class, number(Values::finite, "a finite number"));
    line.registerConverter(Path.class, Values::path);
    line.registerConverter(Portion.class, Portion::of);
    line.registerConverter(Task.Kind.class, word(Task.Kind.values()));
    line.registerConverter(RunningVariance.class, word(RunningVariance.values()));
    line.registerConverter(ExportCommand.Format.class, word(ExportCommand.Format.values()));
  }

  /**
   * Refuses what picocli lets pass: an option given twice, of which the last would win unsaid, one
   * given nothing, as by a shell's variable that isn't set, and a folder called "-", by which a
   * stream was meant.
   */
  static void check(ParseResult parsed) {
    for (ArgSpec arg : parsed.matchedArgs()) {
      String name = arg instanceof OptionSpec option ? option.longestName() : arg.paramLabel();
      List<String> given = arg.originalStringValues();
      if (!arg.isMultiValue() && given.size() > 1) {
        throw new ParameterException(
            parsed.commandSpec().commandLine(),
            "%s was given %d times: %s. help: once"
                .formatted(name, given.size(), String.join(", ", given)));
      }
      if (given.stream().anyMatch(String::isBlank)) {
        throw new ParameterException(
            parsed.commandSpec().commandLine(),
            "%s was given an empty value. help: leave it out".formatted(name));
      }
      if (arg.paramLabel().equals("DIR") && given.contains("-")) {
        throw new ParameterException(
            parsed.commandSpec().commandLine(),
            "%s - stands for a stream, but a folder is wanted. help: %s DIR; a folder of that name is ./-"
                .formatted(name, name));
      }
    }
  }

  private static <T> ITypeConverter<T> number(Function<String, T> parse, String what) {
    return text -> {
      try {
        return parse.apply(text.strip());
      } catch (NumberFormatException e) {
        boolean large = text.strip().matches("[+-]?\\d+");
        throw new TypeConversionException(
            "'%s' is %s".formatted(text, large ? "too large" : "not " + what));
      }
    };
  }

  private static Path path(String text) {
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw new TypeConversionException(noFile(e));
    }
  }

  /** Each system has names that no file can have; Windows has many, as a*b and a:b. */
  static String noFile(InvalidPathException e) {
    boolean locale = e.getReason().startsWith("Malformed input");
    return "there can be no file \"%s\" %s (%s). help: %s"
        .formatted(
            e.getInput(),
            locale ? "in this locale" : "on this system",
            e.getReason(),
            locale ? "a locale of UTF-8, such as LC_ALL=C.UTF-8" : "another name");
  }

  private static double finite(String text) {
    double value = Double.parseDouble(text);
    if (!Double.isFinite(value)) {
      throw new NumberFormatException();
    }
    return value;
  }

  private static <E extends Enum<E>> ITypeConverter<E> word(E[] allowed) {
    return text ->
        Arrays.stream(allowed)
            .filter(one -> one.name().equalsIgnoreCase(text))
            .findFirst()
            .orElseThrow(
                () ->
                    new TypeConversionException(
                        "'%s' is not %s"
                            .formatted(
                                text,
                                Arrays.stream(allowed)
                                    .map(one -> one.name().toLowerCase(Locale.ROOT))
                                    .collect(Collectors.joining(" or ")))));
  }
}
