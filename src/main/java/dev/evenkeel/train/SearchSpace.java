package dev.evenkeel.train;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.evenkeel.EvenkeelException;
import dev.evenkeel.tensor.Philox;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The settings that a search tries, each with its values. What a setting means is the caller's
 * matter: a trial is a text for each name.
 */
public record SearchSpace(List<Dimension> dimensions) {

  /** Philox's streams of searches, one for each trial, apart from all others. */
  private static final long STREAM = -(1L << 40);

  public SearchSpace {
    dimensions = List.copyOf(dimensions);
  }

  /** One setting and its values. */
  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
  @JsonSubTypes({
    @JsonSubTypes.Type(value = LogRange.class, name = "log-range"),
    @JsonSubTypes.Type(value = Choice.class, name = "choice"),
  })
  public sealed interface Dimension {
    String name();

    String draw(Philox random);
  }

  /** A number whose logarithm is uniform from one to the other, rounded to three digits. */
  public record LogRange(String name, double low, double high) implements Dimension {

    public LogRange {
      if (!(low > 0 && low <= high && high < Double.POSITIVE_INFINITY)) {
        throw new EvenkeelException(
            "The range of %s must be above 0 and rise, not %s to %s".formatted(name, low, high));
      }
    }

    @Override
    public String draw(Philox random) {
      return String.format(Locale.ROOT, "%.2e", low * Math.pow(high / low, random.nextDouble()));
    }
  }

  /** One of these, each as likely. */
  public record Choice(String name, List<String> values) implements Dimension {

    public Choice {
      values = List.copyOf(values);
      if (values.isEmpty()) {
        throw new EvenkeelException("There is no value to choose from for " + name);
      }
    }

    @Override
    public String draw(Philox random) {
      return values.get(random.nextInt(values.size()));
    }
  }

  /** The settings of a trial, counted from 0: the same whatever other trials there are. */
  public Map<String, String> trial(long seed, int trial) {
    Philox random = new Philox(seed, STREAM - trial);
    Map<String, String> settings = new LinkedHashMap<>();
    dimensions.forEach(one -> settings.put(one.name(), one.draw(random)));
    return settings;
  }
}
