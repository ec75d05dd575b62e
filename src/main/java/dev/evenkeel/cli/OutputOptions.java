package dev.evenkeel.cli;

import dev.evenkeel.io.Json;
import java.util.Map;
import picocli.CommandLine.Option;

/** Options that every command has: who is spoken to, and how. */
final class OutputOptions {

  @Option(
      names = "--json",
      description = "print exactly one JSON object on stdout; all else goes to stderr")
  boolean json;

  /** Read by {@link Main}, before any command is. */
  @Option(names = "--debug", description = "show stack traces")
  private boolean debug;

  @Option(
      names = {"-h", "--help"},
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

  /** The one JSON object, where it was asked for. */
  void result(Map<String, Object> values) {
    if (json) {
      System.out.println(Json.write(values));
    }
  }
}
