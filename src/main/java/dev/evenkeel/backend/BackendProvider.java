package dev.evenkeel.backend;

import java.util.Optional;

/**
 * Offers a kind of backend to {@link Device}; found by {@link java.util.ServiceLoader}, so that the
 * contract knows none of its bodies.
 */
public interface BackendProvider {

  /** "cpu", "cuda". */
  String kind();

  /** Why the device can't be used, and what to do about it; empty where it can. */
  Optional<String> unavailable(int index);

  /**
   * @param index which device of the kind, from 0 on
   */
  Backend open(int index, DeviceOptions options);
}
