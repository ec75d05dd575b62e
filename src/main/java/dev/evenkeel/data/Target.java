package dev.evenkeel.data;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;

/** What a prepared network predicts, and in which units. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Target.Labels.class, name = "labels"),
  @JsonSubTypes.Type(value = Target.Quantities.class, name = "quantities")
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
