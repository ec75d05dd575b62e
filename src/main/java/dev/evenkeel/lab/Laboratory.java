package dev.evenkeel.lab;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.io.AtomicFile;
import dev.evenkeel.train.RunFolder;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Runs experiments, and writes down what they found. */
public final class Laboratory {

  /** The page in the folder that is given. */
  public static final String REPORT = "report.html";

  private final Settings settings;
  private final LabListener listener;

  public Laboratory(Settings settings, LabListener listener) {
    this.settings = settings;
    this.listener = listener;
  }

  /**
   * Runs them in turn. One goes into the folder itself; several go into folders of their names, and
   * a report of all lies beside these.
   */
  public List<Finding> run(List<Experiment> experiments, Path folder) {
    requireFigures(); // this and the folder before the work, not after it
    RunFolder.make(folder);
    Report report = new Report();
    List<Finding> findings = new ArrayList<>();
    for (Experiment experiment : experiments) {
      About about = experiment.about();
      listener.onStart(about, findings.size() + 1, experiments.size());
      Finding finding = run(experiment);
      Path own = experiments.size() == 1 ? folder : folder.resolve(about.name());
      write(report, finding, own);
      findings.add(finding);
      listener.onEnd(finding);
    }
    if (findings.size() > 1) {
      AtomicFile.write(folder.resolve(REPORT), report.html(findings));
    }
    return findings;
  }

  /** A class path may be without what draws figures, as that of the GPU bundle is. */
  private static void requireFigures() {
    try {
      Class.forName("org.jetbrains.letsPlot.awt.plot.PlotSvgExport");
    } catch (ClassNotFoundException | LinkageError e) {
      throw new EvenkeelException(
          "The lab can't draw its figures: Lets-Plot is not on the class path. help: run scripts/evenkeel lab from a clone; the GPU bundle leaves it out",
          e);
    }
  }

  private Finding run(Experiment experiment) {
    About about = experiment.about();
    Finding finding = new Finding(about, settings.scale());
    long start = System.nanoTime();
    try (Lab lab = new Lab(settings, about, listener)) {
      experiment.run(lab, finding);
      double seconds = (System.nanoTime() - start) * 1e-9;
      conditions(finding, lab, seconds);
    }
    return finding;
  }

  private void conditions(Finding finding, Lab lab, double seconds) {
    var conditions = finding.conditions();
    conditions.put("command", settings.command());
    conditions.put("size", settings.scale().label());
    conditions.put("seeds", Integer.toString(lab.seeds().size()));
    if (!lab.dataUsed().isEmpty()) {
      conditions.put(
          "data",
          lab.dataUsed().stream()
              .map(name -> lab.used(name).toString())
              .collect(Collectors.joining("; ")));
    }
    conditions.put("device", lab.backend().description());
    conditions.put("Java", System.getProperty("java.version"));
    conditions.put("time", String.format(Locale.ROOT, "%.1f s", seconds));
    conditions.put("date", LocalDate.now().toString());
  }

  private void write(Report report, Finding finding, Path folder) {
    RunFolder.make(folder);
    for (Table table : finding.files()) {
      AtomicFile.write(folder.resolve(table.name() + ".csv"), table.csv());
    }
    for (Chart chart : finding.figures()) {
      String svg = report.svg(chart);
      AtomicFile.write(folder.resolve(chart.name() + ".svg"), svg);
      Picture picture = Picture.of(svg);
      if (picture.png().isEmpty()) {
        finding.conditions().put("missing", picture.problem());
        settings.notes().accept(picture.problem());
      } else {
        AtomicFile.write(folder.resolve(chart.name() + ".png"), picture.png().get());
      }
    }
    AtomicFile.write(folder.resolve(REPORT), report.html(List.of(finding)));
  }
}
