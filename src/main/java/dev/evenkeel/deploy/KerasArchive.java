package dev.evenkeel.deploy;

import dev.evenkeel.EvenkeelException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/** The two parts of a .keras archive that count, by their names; nothing is unpacked to disk. */
final class KerasArchive {

  static final String CONFIG = "config.json";
  static final String WEIGHTS = "model.weights.h5";

  /** Keras stores without compressing; weights that someone compressed shrink by far less. */
  private static final int MOST_TIMES = 32;

  private static final int ALWAYS = 1 << 20;

  private KerasArchive() {}

  static Map<String, byte[]> read(Path path) throws IOException {
    Map<String, byte[]> parts = new LinkedHashMap<>();
    try (ZipFile zip = new ZipFile(path.toFile())) {
      for (String name : List.of(CONFIG, WEIGHTS)) {
        ZipEntry entry = zip.getEntry(name);
        if (entry == null) {
          throw new EvenkeelException(
              "%s has no %s, so it is no model that Keras saved".formatted(path, name));
        }
        long limit = Math.min(ALWAYS + MOST_TIMES * path.toFile().length(), Integer.MAX_VALUE - 8);
        try (InputStream in = zip.getInputStream(entry)) {
          byte[] bytes = in.readNBytes((int) limit);
          if (bytes.length == limit) {
            throw new EvenkeelException(
                "%s: %s unpacks to more than %,d bytes, too many for a file of its size"
                    .formatted(path, name, limit));
          }
          parts.put(name, bytes);
        }
      }
    } catch (ZipException | IllegalArgumentException e) {
      throw new EvenkeelException(
          "%s is no .keras archive, or a damaged one: %s".formatted(path, e.getMessage()), e);
    }
    return parts;
  }
}
