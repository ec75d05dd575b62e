package dev.evenkeel.simulator;

/** PTX that the simulated GPU does not understand: always with its file and line. */
public final class PtxException extends RuntimeException {

  PtxException(String file, int line, String what) {
    super("%s:%d: %s".formatted(file, line, what));
  }
}
