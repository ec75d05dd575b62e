package dev.evenkeel.lab;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Precision;
import dev.evenkeel.data.Catalog;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;

/** What an experiment works with: a device, data, seeds, and how large it is to be. */
public final class Lab implements AutoCloseable {

  /** The larger data sets, the preferred one first. */
  private static final List<String> LARGE = List.of("mnist", "fashion-mnist");

  private static final int SMOKE_SEEDS = 2;

  private final Settings settings;
  private final int seeds;
  private final LabListener listener;
  private final Catalog catalog = Catalog.standard();
  private final Map<String, LabData> images = new LinkedHashMap<>();
  private final Backend backend;
  private final Map<Precision, Backend> others = new LinkedHashMap<>();
  private double done;
  private double all = 1;

  /** A run of a sweep. */
  @FunctionalInterface
  public interface Run<S, R> {
    R run(S setting, long seed);
  }

  Lab(Settings settings, About about, LabListener listener) {
    this.settings = settings;
    this.seeds =
        settings
            .seeds()
            .orElse(
                settings.scale() == Scale.SMOKE
                    ? Math.min(SMOKE_SEEDS, about.seeds())
                    : about.seeds());
    this.listener = listener;
    this.backend = settings.open(settings.options());
  }

  public Scale scale() {
    return settings.scale();
  }

  /** A number, or anything else, that depends on the size. */
  public <T> T size(T smoke, T normal, T full) {
    return switch (scale()) {
      case SMOKE -> smoke;
      case DEFAULT -> normal;
      case FULL -> full;
    };
  }

  public List<Long> seeds() {
    return LongStream.rangeClosed(1, seeds).boxed().toList();
  }

  /** "one seed", "5 seeds". */
  public String seedsInWords() {
    return seeds == 1 ? "one seed" : seeds + " seeds";
  }

  /**
   * What a figure says of its lines: one seed alone has neither mean nor band.
   *
   * @param what the lines are where there are several, "mean and sd"
   */
  public String overSeeds(String what) {
    return seeds == 1 ? seedsInWords() : what + " of " + seedsInWords();
  }

  /** The device that was asked for. */
  public Backend backend() {
    return backend;
  }

  /** The same device at another precision, which not every device has. */
  public Backend backend(Precision precision) {
    return others.computeIfAbsent(
        precision, one -> settings.open(settings.options().withPrecision(one)));
  }

  /** MNIST where it was fetched, else Fashion-MNIST, else the embedded digits; pixels 0 to 1. */
  public LabData images() {
    return images(LARGE.stream().filter(this::has).findFirst().orElse("digits"));
  }

  /** Whether these images were fetched; at the smallest size only the digits are used. */
  public boolean has(String name) {
    return name.equals("digits") || scale() != Scale.SMOKE && catalog.has(name);
  }

  public LabData images(String name) {
    return images.computeIfAbsent(name, one -> LabData.images(one, catalog));
  }

  /** Runs each setting with each seed, and tells how far it is. */
  public <S, R> Runs<S, R> sweep(List<S> settings, Run<S, R> run) {
    Runs<S, R> runs = new Runs<>();
    all = (double) settings.size() * seeds;
    done = 0;
    for (S setting : settings) {
      for (long seed : seeds()) {
        listener.onRun((int) done + 1, (int) all, setting + ", seed " + seed);
        runs.add(setting, run.run(setting, seed));
        done++;
        listener.onShare(done / all);
      }
    }
    return runs;
  }

  /** Tells how much of the run under way is done, from 0 to 1. */
  public void share(double ofRun) {
    listener.onShare((done + ofRun) / all);
  }

  /** The data that were asked for. */
  Set<String> dataUsed() {
    return images.keySet();
  }

  LabData used(String name) {
    return images.get(name);
  }

  @Override
  public void close() {
    others.values().forEach(Backend::close);
    backend.close();
  }
}
