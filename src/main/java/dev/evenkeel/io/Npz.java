package dev.evenkeel.io;

import dev.evenkeel.EvenkeelException;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/**
 * Arrays with names, from NumPy's file format NPZ: a zip file of NPY files, compressed or not. An
 * array is read when it is asked for.
 */
public record Npz(Path path, List<String> names) {

  private static final String ENDING = ".npy";

  public static boolean matches(Path path) {
    return path.toString().toLowerCase(Locale.ROOT).endsWith(".npz");
  }

  public static Npz of(Path path) {
    return with(
        path,
        zip ->
            new Npz(
                path,
                zip.stream()
                    .map(ZipEntry::getName)
                    .filter(name -> name.endsWith(ENDING))
                    .map(name -> name.substring(0, name.length() - ENDING.length()))
                    .toList()));
  }

  public Npy read(String name) {
    return with(
        path,
        zip -> {
          ZipEntry entry = zip.getEntry(name + ENDING);
          try (InputStream in = new BufferedInputStream(zip.getInputStream(entry), 1 << 16)) {
            return Npy.read("%s, array \"%s\"".formatted(path, name), in, Files.size(path));
          }
        });
  }

  /** Reads from an opened file. */
  @FunctionalInterface
  private interface Reader<T> {
    T read(ZipFile zip) throws IOException;
  }

  private static <T> T with(Path path, Reader<T> reader) {
    try (ZipFile zip = new ZipFile(path.toFile())) {
      return reader.read(zip);
    } catch (ZipException | EOFException | IllegalArgumentException e) { // of names, the last
      throw new EvenkeelException(
          "%s is damaged, or is not an NPZ file: %s. Use another copy of it."
              .formatted(path, e.getMessage()),
          e);
    } catch (IOException e) {
      throw Unreadable.because(path, e);
    }
  }
}
