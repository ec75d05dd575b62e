package dev.evenkeel.deploy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;

/** The test's Keras files, and .keras archives with other parts. */
public final class KerasFiles {

  public static final String CONFIG = KerasArchive.CONFIG;
  public static final String WEIGHTS = KerasArchive.WEIGHTS;

  private KerasFiles() {}

  /** Of make-keras-mlp.py. */
  public static byte[] read(String name) {
    try (InputStream in = KerasFiles.class.getResourceAsStream(name)) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static Map<String, byte[]> parts() {
    Map<String, byte[]> parts = new LinkedHashMap<>();
    try (ZipInputStream zip = new ZipInputStream(new ByteArrayInputStream(read("keras3.keras")))) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        parts.put(entry.getName(), zip.readAllBytes());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return parts;
  }

  /** The archive with one part exchanged. */
  public static byte[] with(String part, byte[] content) {
    Map<String, byte[]> parts = parts();
    parts.put(part, content);
    return archive(parts);
  }

  /** The archive with another configuration. */
  static byte[] replacing(String text, String by) {
    String config = new String(parts().get(CONFIG), StandardCharsets.UTF_8);
    if (!config.contains(text)) {
      throw new IllegalArgumentException("no " + text + " in " + config);
    }
    return with(CONFIG, config.replace(text, by).getBytes(StandardCharsets.UTF_8));
  }

  static byte[] archive(Map<String, byte[]> parts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(out)) {
      zip.setLevel(1); // the fuzzer makes thousands
      for (Map.Entry<String, byte[]> part : parts.entrySet()) {
        zip.putNextEntry(new ZipEntry(part.getKey()));
        zip.write(part.getValue());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }
}
