package dev.evenkeel.backend;

import dev.evenkeel.EvenkeelException;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.LoggerFactory;

/** Chooses the backend that runs: "auto", "cpu", "cuda", "cuda:1". */
public final class Device {

  private static final Pattern NAME = Pattern.compile("auto|cpu|cuda(?::(\\d{1,3}))?");

  private static final Set<String> SAID = ConcurrentHashMap.newKeySet();

  private Device() {}

  /** The CPU with as many threads as there are processors. */
  public static Backend cpu() {
    return cpu(Runtime.getRuntime().availableProcessors());
  }

  public static Backend cpu(int threads) {
    return cpu(DeviceOptions.defaults().withThreads(threads));
  }

  private static Backend cpu(DeviceOptions options) {
    return provider("cpu").open(0, options);
  }

  /** The first GPU, or the CPU where it can't be used; the log says once why, at info. */
  public static Backend auto() {
    return open(
        "auto",
        DeviceOptions.defaults(),
        reason -> {
          if (SAID.add(reason)) {
            LoggerFactory.getLogger(Device.class).info(reason);
          }
        });
  }

  /**
   * @param reasons hears, in a sentence, why "auto" chose what it did, where there is something to
   *     say
   */
  public static Backend open(String name, DeviceOptions options, Consumer<String> reasons) {
    Matcher matcher = NAME.matcher(name);
    if (!matcher.matches()) {
      throw new EvenkeelException(
          "Unknown device '%s'; there are: auto, cpu, cuda, cuda:N".formatted(name));
    }
    if (name.equals("cpu")) {
      return loaded(cpu(options));
    }
    int index = matcher.group(1) == null ? 0 : Integer.parseInt(matcher.group(1));
    BackendProvider cuda = provider("cuda");
    Optional<String> no = cuda.unavailable(index);
    if (no.isEmpty()) {
      return cuda.open(index, options);
    }
    if (name.equals("auto")) {
      reasons.accept("Using the CPU, since " + no.get());
      return loaded(cpu(options));
    }
    throw new EvenkeelException(
        "--device %s can't be used: %s. help: --device cpu, or auto".formatted(name, no.get()));
  }

  /** Loading libraries takes memory for a moment, which is there before a model takes its own. */
  private static Backend loaded(Backend cpu) {
    cpu.description();
    return cpu;
  }

  /** Both come with Evenkeel, in the same jar. */
  private static BackendProvider provider(String kind) {
    return ServiceLoader.load(BackendProvider.class, BackendProvider.class.getClassLoader())
        .stream()
        .map(ServiceLoader.Provider::get)
        .filter(provider -> provider.kind().equals(kind))
        .findFirst()
        .orElseThrow();
  }
}
