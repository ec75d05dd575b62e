package dev.evenkeel.data;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.io.Gzip;
import dev.evenkeel.io.Idx;
import dev.evenkeel.io.Sha256;
import dev.evenkeel.io.Spool;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Finds data by name or path: {@code digits} and {@code breast-cancer} come with Evenkeel; {@code
 * mnist} and {@code fashion-mnist} are fetched once by {@code scripts/fetch-data}; anything else is
 * a file.
 *
 * <p>digits: UCI Optical Recognition of Handwritten Digits, by E. Alpaydin and C. Kaynak;
 * breast-cancer: UCI Breast Cancer Wisconsin (Diagnostic), by W. Wolberg, O. Mangasarian, N. Street
 * and W. Street. Both CC BY 4.0.
 *
 * @param folder where {@code mnist} and {@code fashion-mnist} are
 */
public record Catalog(Path folder) {

  public static final List<String> NAMES =
      List.of("digits", "breast-cancer", "mnist", "fashion-mnist");

  private static final List<String> CLOTHES =
      List.of(
          "T-shirt/top",
          "Trouser",
          "Pullover",
          "Dress",
          "Coat",
          "Sandal",
          "Shirt",
          "Sneaker",
          "Bag",
          "Ankle boot");
  private static final List<String> DIGITS =
      IntStream.range(0, 10).mapToObj(Integer::toString).toList();
  private static final int DIGIT_PIXELS = 64;
  private static final List<String> TUMOURS = List.of("malignant", "benign");
  private static final int CELL_FEATURES = 30;

  /** The catalog of {@code $EVENKEEL_DATA}, else of the folder {@code data}. */
  public static Catalog standard() {
    String folder = System.getenv("EVENKEEL_DATA");
    return new Catalog(Path.of(folder == null || folder.isEmpty() ? "data" : folder));
  }

  /** Whether data, by name or path, have a test set, which their authors gave them. */
  public static boolean bringsTest(String data) {
    return data.equals("mnist")
        || data.equals("fashion-mnist")
        || ArraySource.brings(Path.of(data), ArraySource.Kept.TEST);
  }

  /** The same of rows to validate on. */
  public static boolean bringsValid(String data) {
    return ArraySource.brings(Path.of(data), ArraySource.Kept.VALID);
  }

  /** Whether a data set of {@link #NAMES} is here. */
  public boolean has(String name) {
    Path images = folder.resolve(name).resolve("train-images-idx3-ubyte");
    return name.equals("digits")
        || name.equals("breast-cancer")
        || Files.exists(images)
        || Files.exists(images.resolveSibling(images.getFileName() + ".gz"));
  }

  public Source load(String nameOrPath) {
    return load(nameOrPath, Table.Options.DETECT, Optional.empty(), Optional.empty());
  }

  /**
   * @param target for a file of arrays, the file with its labels or target values, or the array of
   *     an NPZ file
   * @param task for a file of arrays, overrides what its targets look like
   */
  public Source load(
      String nameOrPath, Table.Options options, Optional<String> target, Optional<Task.Kind> task) {
    switch (nameOrPath) {
      case "digits":
        return alone(digits(), true);
      case "breast-cancer":
        return alone(breastCancer(), false);
      case "mnist":
        return images(nameOrPath, DIGITS);
      case "fashion-mnist":
        return images(nameOrPath, CLOTHES);
      default:
        Path path = Path.of(nameOrPath);
        if (!Files.exists(path) && !Spool.isStream(path)) {
          throw new EvenkeelException(
              "There is no file %s (in the folder %s), nor a data set of that name. Data sets are: %s."
                  .formatted(nameOrPath, Path.of("").toAbsolutePath(), String.join(", ", NAMES)));
        }
        try (Spool spool = Spool.of(path)) {
          return ArraySource.matches(path)
              ? new ArraySource(path, target, task).load()
              : new Source.Csv(Table.read(path, options));
        }
    }
  }

  private static Source alone(Dataset data, boolean shared) {
    return new Source.Arrays(data, Optional.empty(), Optional.empty(), shared);
  }

  private static Dataset digits() {
    return embedded("digits", "digits.csv.gz", 0, DIGIT_PIXELS, DIGITS);
  }

  /** Its first line says how many rows and columns there are, and the classes. */
  private static Dataset breastCancer() {
    return embedded("breast-cancer", "breast_cancer.csv.gz", 1, CELL_FEATURES, TUMOURS);
  }

  /** Rows of features, and the label last. */
  private static Dataset embedded(
      String name, String file, int header, int columns, List<String> classes) {
    try (InputStream in = Catalog.class.getResourceAsStream(file)) {
      List<String> lines =
          new BufferedReader(new InputStreamReader(Gzip.open(in), StandardCharsets.US_ASCII))
              .lines()
              .skip(header)
              .toList();
      float[] features = new float[lines.size() * columns];
      int[] labels = new int[lines.size()];
      for (int row = 0; row < labels.length; row++) {
        String[] fields = lines.get(row).split(",");
        for (int c = 0; c < columns; c++) {
          features[row * columns + c] = Float.parseFloat(fields[c]);
        }
        labels[row] = Integer.parseInt(fields[columns]);
      }
      return Dataset.classification(name, features, columns, labels, classes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Source images(String name, List<String> classes) {
    return new Source.Arrays(
        images(name, "train", classes),
        Optional.empty(),
        Optional.of(images(name, "t10k", classes)),
        true);
  }

  private Dataset images(String name, String part, List<String> classes) {
    Idx images = checked(name, part + "-images-idx3-ubyte");
    Idx labels = checked(name, part + "-labels-idx1-ubyte");
    int[] indexes = IntStream.range(0, labels.data().length).map(i -> labels.data()[i]).toArray();
    return Dataset.classification(name, images.floats(), images.columns(), indexes, classes);
  }

  private Idx checked(String name, String file) {
    Path raw = folder.resolve(name).resolve(file);
    Path compressed = raw.resolveSibling(file + ".gz");
    Path path = Files.exists(raw) ? raw : compressed;
    if (!Files.exists(path)) {
      throw new EvenkeelException(
          "The data set %s is not here: there is no file %s. Run: scripts/fetch-data %s"
              .formatted(name, raw, name));
    }
    String expected = sum(name + "/" + file);
    String seen = Gzip.read(path, Catalog::sha256);
    if (!seen.equals(expected)) {
      throw new EvenkeelException(
          "%s is damaged: its SHA-256 is %s, but %s was expected. Run: scripts/fetch-data %s"
              .formatted(path, seen, expected, name));
    }
    return Idx.read(path);
  }

  /** The SHA-256 that a file has when uncompressed. */
  private static String sum(String file) {
    try (InputStream in = Catalog.class.getResourceAsStream("sha256sums")) {
      return new String(in.readAllBytes(), StandardCharsets.US_ASCII)
          .lines()
          .filter(line -> line.endsWith("  " + file))
          .map(line -> line.substring(0, line.indexOf(' ')))
          .findFirst()
          .orElseThrow();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String sha256(InputStream in) throws IOException {
    MessageDigest digest = Sha256.digest();
    in.transferTo(new DigestOutputStream(OutputStream.nullOutputStream(), digest));
    return HexFormat.of().formatHex(digest.digest());
  }
}
