package dev.evenkeel.data;

import dev.evenkeel.EvenkeelException;
import java.util.HashSet;
import java.util.List;

/** What is to be predicted: one of several classes, or numbers. */
public sealed interface Task {

  /** The two kinds of task, for those who choose one before its classes or targets are known. */
  enum Kind {
    CLASSIFICATION,
    REGRESSION
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

  default Kind kind() {
    return this instanceof Classification ? Kind.CLASSIFICATION : Kind.REGRESSION;
  }

  /** How many numbers a network puts out for this task: one per class, or one per target. */
  default int outputs() {
    return this instanceof Classification c
        ? c.classes().size()
        : ((Regression) this).targets().size();
  }
}
