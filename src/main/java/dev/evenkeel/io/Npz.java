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
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
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
          if (entry == null) {
            throw new EvenkeelException(
                "%s has no array \"%s\". Its arrays are: %s."
                    .formatted(path, name, String.join(", ", names)));
          }
          CRC32 sum = new CRC32();
          try (InputStream all = new CheckedInputStream(zip.getInputStream(entry), sum);
              InputStream in = new BufferedInputStream(all, 1 << 16)) {
            Npy array = Npy.read("%s, array \"%s\"".formatted(path, name), in, Files.size(path));
            if (sum.getValue() != entry.getCrc()) {
              throw new ZipException("the checksum of " + entry.getName() + " is another");
            }
            return array;
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
              .formatted(path, AtomicFile.reason(e)),
          e);
    } catch (IOException e) {
      throw Unreadable.because(path, e);
    }
  }
}
