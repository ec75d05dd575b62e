package dev.evenkeel.data;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Texts that may have been meant as one: they differ in case alone, or in the punctuation around
 * them. Signs are no punctuation, since they may be all that a text says: A and A-, C and C++, 50K
 * and &gt;50K.
 */
final class LikeTexts {

  private static final Pattern AROUND =
      Pattern.compile("^[\\s\"'`´:;_(\\[]+|[\\s\"'`´.,:;!_)\\]]+$");

  private static final int EXAMPLES = 3;

  private LikeTexts() {}

  /**
   * Names those that are several classes or categories.
   *
   * @param chosen columns whose texts are meant as they are
   */
  static Optional<String> remark(String file, Preparation preparation, Set<String> chosen) {
    Map<String, List<String>> texts = new LinkedHashMap<>();
    for (Feature feature : preparation.features()) {
      if (!feature.levels().isEmpty()) {
        texts.put(feature.column().orElseThrow(), feature.levels());
      }
    }
    if (preparation.target() instanceof Target.Labels labels) {
      texts.put(labels.name(), labels.classes());
    } else if (preparation.target() instanceof Target.Flags flags) {
      flags.flags().forEach(flag -> texts.put(flag.name(), List.of(flag.no(), flag.yes())));
    }
    texts.keySet().removeAll(chosen);
    List<String> alike = new ArrayList<>();
    texts.forEach(
        (name, all) ->
            in(all)
                .forEach(
                    some -> alike.add(Cells.quoted(some) + " in column \"%s\"".formatted(name))));
    if (alike.isEmpty()) {
      return Optional.empty();
    }
    int more = alike.size() - EXAMPLES;
    return Optional.of(
        "%s: taken for different, though only case or punctuation tells them apart: %s%s. help: write those alike in the file that mean the same; --categorical COLUMN says that they don't"
            .formatted(
                file,
                alike.stream().limit(EXAMPLES).collect(Collectors.joining("; ")),
                more > 0 ? "; and %,d more".formatted(more) : ""));
  }

  /** Two or more each, in their order. */
  static List<List<String>> in(List<String> texts) {
    Map<String, List<String>> alike = new LinkedHashMap<>();
    for (String text : texts) {
      String core = AROUND.matcher(text).replaceAll("").toLowerCase(Locale.ROOT);
      alike.computeIfAbsent(core.isEmpty() ? text : core, k -> new ArrayList<>()).add(text);
    }
    return alike.values().stream().filter(group -> group.size() > 1).toList();
  }
}
