package dev.evenkeel.cli;

import dev.evenkeel.data.Task;
import dev.evenkeel.nn.RunningVariance;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
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
    line.registerConverter(Task.Kind.class, word(Task.Kind.values()));
    line.registerConverter(RunningVariance.class, word(RunningVariance.values()));
    line.registerConverter(ExportCommand.Format.class, word(ExportCommand.Format.values()));
  }

  private static <T> ITypeConverter<T> number(Function<String, T> parse, String what) {
    return text -> {
      try {
        return parse.apply(text.strip());
      } catch (NumberFormatException e) {
        throw new TypeConversionException("'%s' is not %s".formatted(text, what));
      }
    };
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
