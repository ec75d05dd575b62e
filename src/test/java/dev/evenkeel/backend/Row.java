package dev.evenkeel.backend;

/** One row of the conformance table: an operation of {@link Backend} on one kind of input. */
record Row(String operation, String input, Body body) {

  interface Body {
    void check(Bench bench);
  }

  String name() {
    return operation + ": " + input;
  }
}
