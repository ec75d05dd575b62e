package dev.evenkeel.backend.cuda.libraries;

import dev.evenkeel.EvenkeelException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLConnection;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.jar.JarEntry;
import java.util.zip.CRC32;
import java.util.zip.CheckedOutputStream;

/**
 * Unpacks libraries from jars on the class path into a cache, once for all processes of a user.
 *
 * <p>A folder of the cache is named by its contents and comes into being as a whole, by a rename,
 * after every file's checksum was compared with the jar's. Later its files' sizes are looked at.
 */
public final class Unpacker {

  private static final String UNFINISHED = ".unfinished";

  private final Path cache;
  private final ClassLoader classLoader;

  public Unpacker(Path cache, ClassLoader classLoader) {
    this.cache = cache;
    this.classLoader = classLoader;
  }

  /** A file in a jar, and what the jar says of it. */
  private record Packed(URL url, String name, long size, long crc) {}

  /**
   * The folder with those files.
   *
   * @param label that its name begins with
   * @return empty where the class path lacks any of them
   */
  public Optional<Path> unpack(String label, List<String> resources) {
    try {
      List<Packed> files = new ArrayList<>();
      for (String resource : resources) {
        URL url = classLoader.getResource(resource);
        if (url == null) {
          return Optional.empty();
        }
        files.add(look(url, resource));
      }
      Path folder = cache.resolve(label + "-" + fingerprint(files));
      if (!isComplete(folder, files)) {
        Files.createDirectories(cache);
        unpackAlone(label, files, folder);
      }
      return Optional.of(folder);
    } catch (IOException e) {
      throw new EvenkeelException(
          "The libraries of %s can't be unpacked into %s: %s. help: make room there, or name another folder in EVENKEEL_CACHE"
              .formatted(label, cache, e.getMessage()),
          e);
    }
  }

  private static Packed look(URL url, String resource) throws IOException {
    String name = resource.substring(resource.lastIndexOf('/') + 1);
    URLConnection connection = url.openConnection();
    if (connection instanceof JarURLConnection jar) {
      JarEntry entry = jar.getJarEntry();
      return new Packed(url, name, entry.getSize(), entry.getCrc());
    }
    // A folder on the class path: the file itself is all there is to compare with.
    CRC32 crc = new CRC32();
    try (InputStream in = url.openStream();
        OutputStream out = new CheckedOutputStream(OutputStream.nullOutputStream(), crc)) {
      return new Packed(url, name, in.transferTo(out), crc.getValue());
    }
  }

  private static String fingerprint(List<Packed> files) {
    CRC32 all = new CRC32();
    for (Packed file : files) {
      all.update("%s %d %x\n".formatted(file.name, file.size, file.crc).getBytes());
    }
    return "%08x".formatted(all.getValue());
  }

  private static boolean isComplete(Path folder, List<Packed> files) throws IOException {
    for (Packed file : files) {
      Path path = folder.resolve(file.name);
      if (!Files.isRegularFile(path) || Files.size(path) != file.size) {
        return false;
      }
    }
    return true;
  }

  /** One process at a time by the file's lock, one thread of it at a time by the monitor. */
  private void unpackAlone(String label, List<Packed> files, Path folder) throws IOException {
    Path lockFile = cache.resolve(label + ".lock");
    synchronized (Unpacker.class) {
      try (FileChannel channel =
              FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
          FileLock lock = channel.lock()) {
        if (isComplete(folder, files)) {
          return;
        }
        deleteUnfinished(label);
        delete(folder);
        Path unfinished = Files.createTempDirectory(cache, label + UNFINISHED);
        for (Packed file : files) {
          write(file, unfinished.resolve(file.name));
        }
        Files.move(unfinished, folder, StandardCopyOption.ATOMIC_MOVE);
      }
    }
  }

  private static void write(Packed file, Path target) throws IOException {
    CRC32 crc = new CRC32();
    try (InputStream in = file.url.openStream();
        OutputStream out = new CheckedOutputStream(Files.newOutputStream(target), crc)) {
      in.transferTo(out);
    }
    if (Files.size(target) != file.size || crc.getValue() != file.crc) {
      throw new IOException(
          "%s has %,d bytes with checksum %08x, and %,d with %08x were expected; the jar is damaged"
              .formatted(file.name, Files.size(target), crc.getValue(), file.size, file.crc));
    }
  }

  /** What a process that was killed has left. */
  private void deleteUnfinished(String label) throws IOException {
    try (DirectoryStream<Path> left = Files.newDirectoryStream(cache, label + UNFINISHED + "*")) {
      for (Path folder : left) {
        delete(folder);
      }
    }
  }

  /** A folder of files. */
  private static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }
}
