package dev.evenkeel.cli;

import dev.evenkeel.io.Json;
import java.util.Map;
import picocli.CommandLine.Option;

/** Options that every command has: who is spoken to, and how. */
class OutputOptions {

  /** In the help, behind the options that have no such number. */
  private static final int LAST = 1;

  @Option(
      names = "--json",
      order = LAST,
      description = "print exactly one JSON object on stdout; all else goes to stderr")
  boolean json;

  /** Read by {@link Main}, before any command is. */
  @Option(names = "--debug", order = LAST, description = "show stack traces")
  private boolean debug;

  @Option(
      names = {"-h", "--help"},
      order = LAST,
      usageHelp = true,
      description = "show this help")
  private boolean help;

  private boolean stdoutIsTaken;

  /** For a command that writes its result itself to stdout. */
  void takeStdout() {
    stdoutIsTaken = true;
  }

  /** A line for people: on stdout, or on stderr where stdout belongs to the result. */
  void say(String line) {
    (json || stdoutIsTaken ? System.err : System.out).println(line);
  }

  void say(String format, Object... values) {
    say(format.formatted(values));
  }

  /** The one JSON object, where it was asked for. */
  void result(Map<String, Object> values) {
    if (json) {
      System.out.println(Json.ascii(values));
    }
  }
}
