package dev.evenkeel.lab;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.backend.DeviceOptions;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * How experiments are to be run.
 *
 * @param seeds empty for the number that an experiment takes by default
 * @param device as on the command line
 * @param command that ran it, for the report
 * @param notes hears sentences about the device
 */
public record Settings(
    Scale scale,
    Optional<Integer> seeds,
    String device,
    DeviceOptions options,
    String command,
    Consumer<String> notes) {

  /** On the CPU, with default seeds. */
  public static Settings of(Scale scale) {
    return new Settings(
        scale,
        Optional.empty(),
        "cpu",
        DeviceOptions.defaults(),
        "scripts/evenkeel lab",
        note -> {});
  }

  public Settings withNotes(Consumer<String> notes) {
    return new Settings(scale, seeds, device, options, command, notes);
  }

  Backend open(DeviceOptions options) {
    return Device.open(device, options, notes);
  }
}
