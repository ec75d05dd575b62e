package dev.evenkeel.backend.cuda.libraries;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What the search for a library came to.
 *
 * @param file the main one, loaded; empty where it is missing
 * @param place what the folder is called: "CUDA toolkit"; empty where it is missing
 * @param passedOver why folders that came before were not taken, a sentence each
 */
public record Finding(Library library, Optional<Path> file, String place, List<String> passedOver) {

  public boolean isFound() {
    return file.isPresent();
  }

  /** One sentence that says what is missing, and how to get it. */
  public String missing() {
    String what =
        passedOver.isEmpty()
            ? "there is no %s (%s)".formatted(library.title(), library.mainFile())
            : "%s can't be used: %s".formatted(library.title(), String.join("; ", passedOver));
    return what + ": " + library.remedy();
  }
}
