package dev.evenkeel.backend.cpu;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.BackendProvider;
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
  public Backend open(int index, int threads) {
    return new CpuBackend(threads);
  }
}
