package dev.evenkeel.data;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.evenkeel.EvenkeelException;
import java.util.List;

/** What a prepared network predicts, and in which units. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Target.Labels.class, name = "labels"),
  @JsonSubTypes.Type(value = Target.Quantities.class, name = "quantities"),
  @JsonSubTypes.Type(value = Target.Flags.class, name = "flags")
})
public sealed interface Target {

  Task task();

  /** Of the columns that hold it. */
  List<String> names();

  /** One of the classes; output k of the network belongs to {@code classes.get(k)}. */
  record Labels(String name, List<String> classes) implements Target {
    public Labels {
      classes = List.copyOf(classes);
    }

    @Override
    public Task task() {
      return new Task.Classification(classes);
    }

    @Override
    public List<String> names() {
      return List.of(name);
    }
  }

  /**
   * A column of two values.
   *
   * @param no the text that means 0
   * @param yes the text that means 1
   */
  record Flag(String name, String no, String yes) {
    public Flag {
      if (no.equals(yes)) {
        throw new EvenkeelException(
            "Flag \"%s\" is \"%s\" where it is true and where not; these must differ"
                .formatted(name, yes));
      }
    }

    /** Of a column of 0 and 1. */
    static Flag of(String name) {
      return new Flag(name, "0", "1");
    }

    /** What is true where it is 1: the column's name alone, or with the text that it has then. */
    public String label() {
      return ofNumbers() ? name : name + "=" + yes;
    }

    boolean ofNumbers() {
      return no.equals("0") && yes.equals("1");
    }
  }

  /** Several that may be true together; output k is the logit of flag k. */
  record Flags(List<Flag> flags) implements Target {
    public Flags {
      flags = List.copyOf(flags);
      new Task.Flags(flags.stream().map(Flag::name).toList()); // none twice
    }

    @Override
    public Task task() {
      return new Task.Flags(labels());
    }

    @Override
    public List<String> names() {
      return flags.stream().map(Flag::name).toList();
    }

    /** What each output is the probability of. */
    public List<String> labels() {
      return flags.stream().map(Flag::label).toList();
    }
  }

  /**
   * Numbers, which the network learns in standardised units: a prediction y means {@code mean +
   * deviation · y} in the data's own units.
   */
  record Quantities(List<String> names, Standardize scale) implements Target {
    public Quantities {
      names = List.copyOf(names);
      scale.requireWidth(names.size());
    }

    @Override
    public Task task() {
      return new Task.Regression(names);
    }
  }
}
