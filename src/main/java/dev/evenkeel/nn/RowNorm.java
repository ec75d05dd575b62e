package dev.evenkeel.nn;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Normalisation of each row by itself: y = γ (x − μ) / √(σ² + ε) + β, with μ and σ² over groups of
 * neighbouring features of one row. The same in training and at inference, for batches of any size.
 * γ and β are learned, one each for every feature.
 *
 * @param size the groups of {@link Kind#GROUP}, the length of a group of {@link Kind#INSTANCE},
 *     else 0
 * @param epsilon is added to the variance, inside the root
 */
public record RowNorm(Kind kind, int size, double epsilon) implements Layer {

  public enum Kind {
    /** Ba, Kiros and Hinton 2016: one group, all features. */
    LAYER,
    /** Zhang and Sennrich 2019: as layer norm, but neither centred nor shifted. */
    RMS,
    /** Wu and He 2018: so many groups. */
    GROUP,
    /** Ulyanov et al. 2016: groups of that length, such as the lines of an image. */
    INSTANCE;

    String label() {
      return this == RMS ? "RMS" : name().charAt(0) + name().substring(1).toLowerCase(Locale.ROOT);
    }
  }

  public static final double DEFAULT_EPSILON = 1e-5;

  /** As many groups as Wu and He have. */
  public static final int DEFAULT_GROUPS = 32;

  private static final String ONE_ELEMENT =
      "%s norm over sets of 1 feature: each set has one element, so its deviation is 0 and every output would be β. help: %s";

  public RowNorm {
    if (!(epsilon >= 0 && epsilon < Double.POSITIVE_INFINITY)) {
      throw new EvenkeelException(
          "%s norm's epsilon must be at least 0, not %s".formatted(kind.label(), epsilon));
    }
    if (kind == Kind.INSTANCE && size == 1) {
      throw new EvenkeelException(
          ONE_ELEMENT.formatted("Instance", "a length of at least 2, such as an image's width"));
    }
    if ((kind == Kind.GROUP || kind == Kind.INSTANCE) && size < 1) {
      throw new EvenkeelException(
          kind == Kind.GROUP
              ? "Group norm needs at least 1 group, not " + size
              : "Instance norm needs groups of at least 2 features, not " + size);
    }
  }

  public static RowNorm layer() {
    return new RowNorm(Kind.LAYER, 0, DEFAULT_EPSILON);
  }

  public static RowNorm rms() {
    return new RowNorm(Kind.RMS, 0, DEFAULT_EPSILON);
  }

  public static RowNorm group(int groups) {
    return new RowNorm(Kind.GROUP, groups, DEFAULT_EPSILON);
  }

  /**
   * @param length of a group: a row of features has no other dimension that could tell
   */
  public static RowNorm instance(int length) {
    return new RowNorm(Kind.INSTANCE, length, DEFAULT_EPSILON);
  }

  public RowNorm withEpsilon(double epsilon) {
    return new RowNorm(kind, size, epsilon);
  }

  /** Whether the mean is taken off, and β added. */
  public boolean centred() {
    return kind != Kind.RMS;
  }

  /** Into how many groups it parts the features. */
  public int groups(int width) {
    return switch (kind) {
      case LAYER, RMS -> 1;
      case GROUP -> size;
      case INSTANCE -> width / size;
    };
  }

  /** Refuses a width that can't be parted evenly, or into single features. */
  void requireFit(int width) {
    if (size != 0 && width % size != 0) {
      throw new EvenkeelException(
          kind == Kind.GROUP
              ? "Group norm can't part %s into %d equal groups. help: the number of groups can be %s"
                  .formatted(
                      Words.counted(width, "feature"), size, divisorsNear(width, 1, width - 1))
              : "Instance norm can't part %s into groups of %d. help: the length of a group can be %s"
                  .formatted(Words.counted(width, "feature"), size, divisorsNear(width, 2, width)));
    }
    if (centred() && width == groups(width)) {
      throw new EvenkeelException(
          ONE_ELEMENT.formatted(
              kind.label(),
              width == 1 ? "a wider layer" : "fewer groups than the %d features".formatted(width)));
    }
  }

  /** The divisors next to the size on either side: "25 or 50". */
  private String divisorsNear(int width, int least, int most) {
    int[] divisors =
        IntStream.rangeClosed(1, (int) Math.sqrt(width)) // by pairs: widths from files may be huge
            .filter(d -> width % d == 0)
            .flatMap(d -> IntStream.of(d, width / d))
            .filter(d -> d >= least && d <= most)
            .toArray();
    OptionalInt below = IntStream.of(divisors).filter(d -> d < size).max();
    OptionalInt above = IntStream.of(divisors).filter(d -> d > size).min();
    return IntStream.concat(below.stream(), above.stream())
        .mapToObj(Integer::toString)
        .collect(Collectors.joining(" or "));
  }
}
