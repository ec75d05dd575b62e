package dev.evenkeel.data;

import java.util.List;

/** Records that can be gone through again and again: of a text file, or of rows in memory. */
interface Records {

  /** Receives each record, in order. */
  @FunctionalInterface
  interface Receiver {
    /**
     * @param line where the record starts, from 1
     */
    void accept(int line, List<String> fields);
  }

  void forEach(Receiver receiver);

  /** The same, read in another way, where there is one. */
  default Records as(TableFormat format) {
    return this;
  }

  /** What stands between fields, where something does. */
  default char delimiter() {
    return '\0';
  }

  /** What messages call them. */
  String name();

  /** Where a record stands, for messages. */
  String at(int line);

  /** Lines above the records that are none of them. */
  default List<String> comments() {
    return List.of();
  }

  /** What was found out about them that the user should hear of, a sentence each. */
  default List<String> remarks() {
    return List.of();
  }

  /** Whether this is so: a pipe that nobody copied is read once. */
  default boolean canReopen() {
    return true;
  }
}
