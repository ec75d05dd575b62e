package dev.evenkeel.data;

import dev.evenkeel.EvenkeelException;
import java.util.HashSet;
import java.util.List;

/**
 * What is to be predicted: one of several classes, numbers, or of several things which are true.
 */
public sealed interface Task {

  /** The kinds of task, for those who choose one before its classes or targets are known. */
  enum Kind {
    CLASSIFICATION,
    REGRESSION,
    FLAGS
  }

  /** The class with index k is called {@code classes.get(k)}. */
  record Classification(List<String> classes) implements Task {
    public Classification {
      classes = List.copyOf(classes);
      if (classes.isEmpty() || new HashSet<>(classes).size() < classes.size()) {
        throw new EvenkeelException(
            "A classification needs at least one class and no name twice, but was given "
                + classes
                + ".");
      }
    }
  }

  /** One number per target. */
  record Regression(List<String> targets) implements Task {
    public Regression {
      targets = List.copyOf(targets);
    }
  }

  /** Each target is 1 or 0, true or not, whatever the others are. */
  record Flags(List<String> targets) implements Task {
    public Flags {
      targets = List.copyOf(targets);
      if (targets.isEmpty() || new HashSet<>(targets).size() < targets.size()) {
        throw new EvenkeelException(
            "Flags need at least one and no name twice, but are called %s. help: other names"
                .formatted(targets));
      }
    }
  }

  default Kind kind() {
    return this instanceof Classification
        ? Kind.CLASSIFICATION
        : this instanceof Flags ? Kind.FLAGS : Kind.REGRESSION;
  }

  /** Whether answers are probabilities, and not numbers in units of their own. */
  default boolean hasProbabilities() {
    return kind() != Kind.REGRESSION;
  }

  /** How many numbers a network puts out for this task: one per class, or one per target. */
  default int outputs() {
    if (this instanceof Classification c) {
      return c.classes().size();
    }
    return this instanceof Flags flags
        ? flags.targets().size()
        : ((Regression) this).targets().size();
  }
}
