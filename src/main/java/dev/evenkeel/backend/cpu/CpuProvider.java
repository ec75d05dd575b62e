package dev.evenkeel.backend.cpu;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.BackendProvider;
import dev.evenkeel.backend.DeviceOptions;
import dev.evenkeel.backend.Precision;
import java.util.Optional;

/** Offers the CPU, which is always there. */
public final class CpuProvider implements BackendProvider {

  @Override
  public String kind() {
    return "cpu";
  }

  @Override
  public Optional<String> unavailable(int index) {
    return Optional.empty();
  }

  @Override
  public Backend open(int index, DeviceOptions options) {
    Precision precision = options.precision().orElse(Precision.FP32);
    if (precision == Precision.TF32) {
      throw new EvenkeelException(
          "The CPU computes in fp32 or bf16, not in tf32. help: leave the precision out");
    }
    return new CpuBackend(options.threads(), precision);
  }
}
