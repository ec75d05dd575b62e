package dev.evenkeel.data;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import java.util.List;
import java.util.Optional;

/** Where one or more of a network's inputs come from. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Feature.Numeric.class, name = "numeric"),
  @JsonSubTypes.Type(value = Feature.Pieces.class, name = "pieces"),
  @JsonSubTypes.Type(value = Feature.Categorical.class, name = "categorical"),
  @JsonSubTypes.Type(value = Feature.Means.class, name = "means"),
  @JsonSubTypes.Type(value = Feature.Dates.class, name = "dates"),
  @JsonSubTypes.Type(value = Feature.Vector.class, name = "vector"),
  @JsonSubTypes.Type(value = Feature.Columns.class, name = "columns")
})
public sealed interface Feature {

  /** How many inputs of the network it makes. */
  int width();

  /** The column of a table that it is made of; columns of an array have no names. */
  default Optional<String> column() {
    return Optional.empty();
  }

  /** The texts that it knows of its column; none where that is no category. */
  default List<String> levels() {
    return List.of();
  }

  /** Whether its column holds numbers, and not texts or dates. */
  default boolean holdsNumbers() {
    return this instanceof Numeric || this instanceof Pieces;
  }

  /** Of one column of a table. */
  sealed interface OfColumn extends Feature {
    String name();

    @Override
    default Optional<String> column() {
      return Optional.of(name());
    }
  }

  /**
   * A column of numbers, less its mean over the training rows, which also stands for missing
   * values. It is taken off before the number becomes a 32-bit float, so that large values such as
   * time stamps keep their differences.
   */
  record Numeric(String name, double center) implements OfColumn {
    @Override
    public int width() {
      return 1;
    }
  }

  /**
   * A column of numbers between such that part its training rows equally: one input per piece,
   * which is 0 before the piece, 1 behind it, and in between in proportion.
   *
   * @param edges where the pieces begin, and where the last one ends, upwards
   * @param center the median, which stands for missing values
   */
  record Pieces(String name, List<Double> edges, double center) implements OfColumn {
    public Pieces {
      edges = List.copyOf(edges);
      if (edges.size() < 2 || !Double.isFinite(center)) {
        throw new EvenkeelException(
            "Column \"%s\" has %s and the median %s, but pieces lie between at least 2, and a median is finite"
                .formatted(name, Words.counted(edges.size(), "edge"), center));
      }
      for (int k = 0; k + 1 < edges.size(); k++) {
        double from = edges.get(k);
        double to = edges.get(k + 1);
        if (!(from < to) || Double.isInfinite(from) || Double.isInfinite(to)) {
          throw new EvenkeelException(
              "Column \"%s\" has a piece from %s to %s, but a piece has two finite ends, the second above the first"
                  .formatted(name, from, to));
        }
      }
    }

    @Override
    public int width() {
      return edges.size() - 1;
    }

    /** What a piece's ends are multiplied by so that their difference is not infinite. */
    public double unit(int piece) {
      return Double.isInfinite(edges.get(piece + 1) - edges.get(piece)) ? 0.5 : 1;
    }

    PieceLine line() {
      return new PieceLine(this);
    }
  }

  /**
   * A column of categories: one input per level seen in the training rows, in natural order, which
   * is 1 where the row has that level and else 0. A missing or unseen category is 0 in all of them.
   */
  record Categorical(String name, List<String> levels) implements OfColumn {
    public Categorical {
      levels = List.copyOf(levels);
    }

    @Override
    public int width() {
      return levels.size();
    }
  }

  /**
   * A column of more categories than there can be inputs for: of each the mean target of its rows,
   * as {@link LevelMeans} tells it, one input for each target, or for each class where these are
   * more than two. A missing or unseen category is 0 in all of them.
   *
   * @param means {@code width} of each level, one level after the other
   */
  record Means(String name, List<String> levels, int width, List<Double> means)
      implements OfColumn {
    public Means {
      levels = List.copyOf(levels);
      means = List.copyOf(means);
      if (width < 1 || means.size() != (long) levels.size() * width) {
        throw new EvenkeelException(
            "Column \"%s\" has %s for %s, but each has %d"
                .formatted(
                    name,
                    Words.counted(means.size(), "mean"),
                    Words.counted(levels.size(), "text"),
                    width));
      }
    }

    /** Of an unknown level, −1, it is 0. */
    double mean(int level, int input) {
      return level < 0 ? 0 : means.get(level * width + input);
    }
  }

  /**
   * A column of dates: days since the start of 1970, less their mean over the training rows, then
   * sine and cosine over a year, a week and, where there are times, a day. So neighbours stay
   * neighbours at the turn of the year. A missing date is 0 in all of them.
   */
  record Dates(String name, DateForm form, boolean time, double center) implements OfColumn {

    /** In days: a year of the calendar on average, a week, a day. */
    private static final double[] PERIODS = {365.2425, 7, 1};

    @Override
    public int width() {
      return time ? 7 : 5;
    }

    /** Of input k > 0: what it repeats by, in days. */
    public static double period(int input) {
      return PERIODS[(input - 1) / 2];
    }

    /** Of input k > 0: what is added to the angle, so that a sine gives the cosine, too. */
    public static double shift(int input) {
      return input % 2 == 1 ? 0 : Math.PI / 2;
    }

    /** One of the inputs, before it is standardised. */
    double value(double days, int input) {
      if (Double.isNaN(days)) {
        return 0;
      }
      return input == 0
          ? days - center
          : Math.sin(2 * Math.PI / period(input) * days + shift(input));
    }
  }

  /**
   * A column of as many numbers in each row, as of an embedding: an input of each, less its mean
   * over the training rows. A missing vector is 0 in all of them.
   */
  record Vector(String name, List<Double> centers) implements OfColumn {
    public Vector {
      centers = List.copyOf(centers);
      if (centers.isEmpty()) {
        throw new EvenkeelException(
            "Column \"%s\" has vectors of 0 numbers, but a vector has at least 1".formatted(name));
      }
    }

    @Override
    public int width() {
      return centers.size();
    }
  }

  /** All columns of an array that has no column names, as pixels, in their order. */
  record Columns(int count) implements Feature {
    public Columns {
      if (count < 1) {
        throw new EvenkeelException("Data has at least 1 column, not " + count);
      }
    }

    @Override
    public int width() {
      return count;
    }
  }
}
