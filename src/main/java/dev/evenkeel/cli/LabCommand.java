package dev.evenkeel.cli;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.lab.About;
import dev.evenkeel.lab.Check;
import dev.evenkeel.lab.Experiment;
import dev.evenkeel.lab.Finding;
import dev.evenkeel.lab.Laboratory;
import dev.evenkeel.lab.Scale;
import dev.evenkeel.lab.Settings;
import dev.evenkeel.lab.experiments.Experiments;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "lab",
    description =
        "Tests what is claimed about normalisation: measures, and writes a report with figures. Without a name it lists the experiments.",
    abbreviateSynopsis = true,
    sortOptions = false)
final class LabCommand implements Runnable {

  @Parameters(
      arity = "0..1",
      paramLabel = "NAME",
      description = "the experiment to run, or all; none lists them")
  private String name;

  @Option(names = "--full", description = "at the size of the literature, which may take hours")
  private boolean full;

  @Option(
      names = "--smoke",
      description = "in seconds, on the embedded digits: only shows that it works")
  private boolean smoke;

  @Option(
      names = "--seeds",
      paramLabel = "N",
      description = "how often each setting is run (default: as the experiment says)")
  private Integer seeds;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "where report, data and figures go (default: lab/NAME, for all: lab)")
  private Path out;

  @Mixin private CommonOptions common;

  @Spec private CommandSpec spec;

  private final Set<String> said = new HashSet<>();

  @Override
  public void run() {
    if (name == null) {
      list();
      return;
    }
    if (seeds != null) {
      Flag.atLeast("--seeds", seeds, 1);
    }
    if (full && smoke) {
      throw new EvenkeelException("--full and --smoke ask for two sizes. help: leave one out");
    }
    List<Experiment> experiments = Experiments.named(name);
    System.setProperty("java.awt.headless", "true"); // figures are drawn without a display
    Path all = Path.of("lab");
    Path folder = out != null ? out : name.equals("all") ? all : all.resolve(name);
    try (LabProgress progress = new LabProgress()) {
      List<Finding> findings = new Laboratory(settings(), progress).run(experiments, folder);
      findings.forEach(finding -> common.say(line(finding)));
      Path report = folder.resolve(Laboratory.REPORT);
      common.say("The report is " + report);
      Map<String, Object> verdicts = new LinkedHashMap<>();
      findings.forEach(one -> verdicts.put(one.about().name(), one.verdict().words()));
      common.result(Map.of("report", report.toString(), "verdicts", verdicts));
    }
  }

  private void list() {
    Map<String, Object> claims = new LinkedHashMap<>();
    for (Experiment experiment : Experiments.all()) {
      About about = experiment.about();
      claims.put(about.name(), about.claim());
      common.say("%-24s %s", about.name(), about.claim());
    }
    common.say(
        "Run one: evenkeel lab NAME [--full] [--seeds N] [--out DIR], or all of them: lab all");
    common.result(claims);
  }

  private Settings settings() {
    Scale scale = full ? Scale.FULL : smoke ? Scale.SMOKE : Scale.DEFAULT;
    String command =
        "scripts/evenkeel " + String.join(" ", spec.commandLine().getParseResult().originalArgs());
    return new Settings(
        scale,
        Optional.ofNullable(seeds),
        common.device,
        common.deviceOptions(),
        command,
        this::once);
  }

  /** Every experiment opens the device anew, for the same reason. */
  private void once(String note) {
    if (said.add(note)) {
      common.say(note);
    }
  }

  private static String line(Finding finding) {
    long passed = finding.checks().stream().filter(Check::passed).count();
    return "%s %s (%d of %d numbers as expected)"
        .formatted(
            finding.about().name(), finding.verdict().words(), passed, finding.checks().size());
  }
}
