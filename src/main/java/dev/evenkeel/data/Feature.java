package dev.evenkeel.data;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.evenkeel.EvenkeelException;
import java.util.List;

/** Where one or more of a network's inputs come from. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Feature.Numeric.class, name = "numeric"),
  @JsonSubTypes.Type(value = Feature.Categorical.class, name = "categorical"),
  @JsonSubTypes.Type(value = Feature.Columns.class, name = "columns")
})
public sealed interface Feature {

  /** How many inputs of the network it makes. */
  int width();

  /**
   * A column of numbers, less its mean over the training rows, which also stands for missing
   * values. It is taken off before the number becomes a 32-bit float, so that large values such as
   * time stamps keep their differences.
   */
  record Numeric(String name, double center) implements Feature {
    @Override
    public int width() {
      return 1;
    }
  }

  /**
   * A column of categories: one input per level seen in the training rows, in natural order, which
   * is 1 where the row has that level and else 0. A missing or unseen category is 0 in all of them.
   */
  record Categorical(String name, List<String> levels) implements Feature {
    public Categorical {
      levels = List.copyOf(levels);
    }

    @Override
    public int width() {
      return levels.size();
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
