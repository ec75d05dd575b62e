package dev.evenkeel.cli;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.io.Json;
import dev.evenkeel.train.NonFiniteException;
import dev.evenkeel.train.SavedModel;
import java.io.File;
import java.nio.file.InvalidPathException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** The command line's front door. */
@Command(
    name = "evenkeel",
    description = "Trains normalised multi-layer perceptrons, batch norm above all.",
    synopsisSubcommandLabel = "COMMAND",
    versionProvider = Main.Version.class,
    subcommands = {
      TrainCommand.class,
      CrossValidateCommand.class,
      LrRangeCommand.class,
      TuneCommand.class,
      EvaluateCommand.class,
      PredictCommand.class,
      AdaptCommand.class,
      CalibrateCommand.class,
      ExportCommand.class,
      ImportCommand.class,
      SummaryCommand.class,
      ReportCommand.class,
      UiCommand.class,
      BenchCommand.class,
      LabCommand.class,
      DoctorCommand.class,
      HelpCommand.class
    },
    footer = {
      "",
      "Try: evenkeel train                        the embedded digits, in seconds",
      "     evenkeel train --data houses.csv --target price",
      "     evenkeel COMMAND --help"
    })
public final class Main implements Runnable {

  /** What the program ends with. */
  static final int WRONG_INPUT = 2;

  static final int FAILED = 1;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "show this help")
  private boolean help;

  @Option(
      names = {"-V", "--version"},
      versionHelp = true,
      description = "show the version")
  private boolean version;

  @Spec private CommandSpec spec;

  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"evenkeel " + SavedModel.version()};
    }
  }

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(),
        "No command was given; there are: " + String.join(", ", spec.subcommands().keySet()));
  }

  /** Numbers look the same whatever the user's language: 1,797 rows, 98.60 %. */
  public static void main(String[] args) {
    Locale.setDefault(Locale.Category.FORMAT, Locale.ROOT);
    System.exit(Stdout.code(run(args)));
  }

  /** Runs a command line; returns its exit code. */
  static int run(String... args) {
    boolean debug = Arrays.asList(args).contains("--debug");
    boolean json = Arrays.asList(args).contains("--json");
    CommandLine line = new CommandLine(new Main());
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setUsageHelpAutoWidth(true);
    line.getSubcommands()
        .get("help")
        .getCommandSpec()
        .usageMessage()
        .header("Shows a command's options, as COMMAND --help does.");
    Values.register(line);
    line.setExecutionStrategy(
        parsed -> {
          if (parsed.hasSubcommand()) {
            Values.check(parsed.subcommand());
          }
          return new CommandLine.RunLast().execute(parsed);
        });
    line.setParameterExceptionHandler(
        (e, unparsed) -> {
          complain(e, debug, json);
          System.err.println(
              "See: " + e.getCommandLine().getCommandSpec().qualifiedName() + " --help");
          return WRONG_INPUT;
        });
    line.setExecutionExceptionHandler(
        (thrown, command, parsed) -> {
          Exception e =
              thrown instanceof InvalidPathException name
                  ? new EvenkeelException(Values.noFile(name), name)
                  : thrown;
          complain(e, debug, json);
          return e instanceof EvenkeelException && !(e instanceof NonFiniteException)
              ? WRONG_INPUT
              : FAILED;
        });
    try {
      return line.execute(args);
    } catch (OutOfMemoryError e) {
      String words =
          "out of memory, of which Java may use %,d MB. help: fewer rows, smaller --hidden or --batch, or more memory, as in EVENKEEL_JAVA_OPTIONS=-Xmx8g"
              .formatted(Runtime.getRuntime().maxMemory() >> 20);
      complain(words, json);
      if (debug) {
        e.printStackTrace();
      }
      return FAILED;
    }
  }

  /** Whoever reads the JSON object on stdout finds one there, whatever happened. */
  private static void complain(String words, boolean json) {
    System.err.println("evenkeel: " + words);
    if (json) {
      System.out.println(Json.ascii(Map.of("error", words)));
    }
  }

  private static void complain(Exception e, boolean debug, boolean json) {
    boolean expected = e instanceof EvenkeelException || e instanceof ParameterException;
    complain(expected ? words(e) : "internal error: " + e, json);
    if (debug) {
      e.printStackTrace();
    } else if (!expected) {
      System.err.println("help: --debug shows where; please report it with the command line");
    }
  }

  private static String words(Exception e) {
    if (!(e instanceof UnmatchedArgumentException unmatched)) {
      return e.getMessage();
    }
    String first = unmatched.getUnmatched().get(0);
    boolean isCommand = unmatched.getCommandLine().getCommand() instanceof Main;
    List<String> similar = unmatched.getSuggestions();
    boolean takesData = unmatched.getCommandLine().getCommandSpec().findOption("--data") != null;
    if (takesData && !first.startsWith("-") && new File(first).exists()) {
      similar = List.of("--data " + first);
    }
    return "%s '%s'%s"
        .formatted(
            first.startsWith("-")
                ? "Unknown option"
                : isCommand ? "Unknown command" : "Unexpected argument",
            first,
            similar.isEmpty() ? "" : "; did you mean " + String.join(" or ", similar) + "?");
  }
}
