package dev.evenkeel.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.Expect;
import dev.evenkeel.io.NpyFiles;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CatalogTest {

  @TempDir Path folder;

  private Source load(Path path, Optional<String> target, Optional<Task.Kind> task) {
    return new Catalog(folder).load(path.toString(), Table.Options.DETECT, target, task);
  }

  private Path npy(String name, int rows, int columns, float... data) {
    int[] shape = columns == 0 ? new int[] {rows} : new int[] {rows, columns};
    return NpyFiles.write(folder.resolve(name), shape, data);
  }

  @Test
  void digitsComeWithEvenkeel() {
    Source.Arrays digits = (Source.Arrays) new Catalog(folder).load("digits");
    Dataset data = digits.data();
    assertEquals(1797, data.rows());
    assertEquals(64, data.columns());
    assertEquals(10, data.task().outputs());
    assertTrue(digits.shared());
    assertEquals(Optional.empty(), digits.test());
    assertEquals(13, data.features()[3]);
    assertArrayEquals(new int[] {0, 1, 2}, IntStream.of(data.labels()).limit(3).toArray());
    assertEquals(178, IntStream.of(data.labels()).filter(label -> label == 0).count());
  }

  @Test
  void breastCancerComesWithEvenkeel() {
    Source.Arrays tumours = (Source.Arrays) new Catalog(folder).load("breast-cancer");
    Dataset data = tumours.data();
    assertEquals(569, data.rows());
    assertEquals(30, data.columns());
    assertEquals(17.99f, data.features()[0]);
    assertEquals(357, IntStream.of(data.labels()).sum(), "benign");
    assertTrue(!tumours.shared(), "its columns have units of their own");
  }

  @ParameterizedTest
  @ValueSource(strings = {"mnist", "fashion-mnist"})
  void imagesComeWithTheirTestSet(String name) {
    Catalog catalog = Catalog.standard();
    String data = Optional.ofNullable(System.getenv("EVENKEEL_DATA")).orElse("data");
    Assumptions.assumeTrue(
        Files.isDirectory(Path.of(data, name)), "not here; run scripts/fetch-data " + name);
    Source.Arrays source = (Source.Arrays) catalog.load(name);
    assertEquals(60_000, source.data().rows());
    assertEquals(784, source.data().columns());
    assertEquals(10_000, source.test().orElseThrow().rows());
    assertEquals(6000, IntStream.of(source.data().labels()).filter(k -> k == 9).count(), 60);
    float largest = 0;
    for (float pixel : source.test().orElseThrow().features()) {
      assertTrue(pixel >= 0);
      largest = Math.max(largest, pixel);
    }
    assertEquals(255, largest);
  }

  @Test
  void aDataSetThatIsNotFetchedOrIsDamagedSaysHowToFetchIt() throws IOException {
    Catalog catalog = new Catalog(folder);
    Expect.failure(
        () -> catalog.load("mnist"), "mnist is not here", "Run: scripts/fetch-data mnist");
    Path images = folder.resolve("fashion-mnist/train-images-idx3-ubyte.gz");
    Files.createDirectories(images.getParent());
    Files.write(images, new byte[] {0, 0, 8, 1});
    Expect.failure(
        () -> catalog.load("fashion-mnist"),
        images + " is damaged: its SHA-256 is ",
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888 was expected",
        "Run: scripts/fetch-data fashion-mnist");
  }

  @Test
  void aPathIsReadAsATable() throws IOException {
    Path path = Files.writeString(folder.resolve("t.csv"), "a,b\n1,2\n");
    Source source = load(path, Optional.empty(), Optional.empty());
    assertEquals(
        List.of("a", "b"), assertInstanceOf(Source.Csv.class, source).table().columnNames());
    Expect.failure(
        () -> new Catalog(folder).load("mnits"),
        "no file mnits (in the folder ",
        "nor a data set of that name",
        "digits, breast-cancer, mnist, fashion-mnist");
  }

  @Test
  void arraysFindTheirTask() {
    Path x = npy("x.npy", 6, 2, new float[12]);
    Path classes = npy("c.npy", 6, 0, 0, 1, 1, 0, 0, 1);
    Path values = npy("v.npy", 6, 2, 0, .5f, 1, 1, 0, 0, 1, 1, 1, 1, 1, 1);
    Optional<String> c = Optional.of(classes.toString());
    Dataset labelled = ((Source.Arrays) load(x, c, Optional.empty())).data();
    assertEquals(new Task.Classification(List.of("0", "1")), labelled.task());
    assertArrayEquals(new int[] {0, 1, 1, 0, 0, 1}, labelled.labels());
    Dataset forced = ((Source.Arrays) load(x, c, Optional.of(Task.Kind.REGRESSION))).data();
    assertEquals(new Task.Regression(List.of("target")), forced.task());
    Dataset two =
        ((Source.Arrays) load(x, Optional.of(values.toString()), Optional.empty())).data();
    assertEquals(new Task.Regression(List.of("target 1", "target 2")), two.task());
    Dataset none = ((Source.Arrays) load(x, Optional.empty(), Optional.empty())).data();
    assertEquals(false, none.hasTargets());
  }

  @Test
  void textsAreClassesInNaturalOrder() {
    Path x = npy("x.npy", 4, 1, 1, 2, 3, 4);
    Path y = NpyFiles.write(folder.resolve("y.npy"), "class 10", "class 2", "class 2", "none");
    Optional<String> target = Optional.of(y.toString());
    Dataset data = ((Source.Arrays) load(x, target, Optional.empty())).data();
    assertEquals(new Task.Classification(List.of("class 2", "class 10", "none")), data.task());
    assertArrayEquals(new int[] {1, 0, 0, 2}, data.labels());
    Expect.failure(
        () -> load(x, target, Optional.of(Task.Kind.REGRESSION)),
        "y.npy holds texts, which are classes: they can't be predicted as numbers");
    Expect.failure(
        () -> load(x, target, Optional.of(Task.Kind.FLAGS)), "they can't be predicted as flags");
    Expect.failure(
        () -> load(y, Optional.empty(), Optional.empty()), "y.npy holds texts, but features are");
    NpyFiles.write(y, "a", "b", "", "a");
    Expect.failure(
        () -> load(x, target, Optional.empty()), "y.npy, value 2 (from 0): an empty text");
  }

  @Test
  void whatHasMoreThanTwoDimensionsIsOneKindOfNumbers() {
    Path x = NpyFiles.write(folder.resolve("x.npy"), new int[] {2, 2, 3}, new float[12]);
    Source.Arrays images = (Source.Arrays) load(x, Optional.empty(), Optional.empty());
    assertEquals(6, images.data().columns());
    assertTrue(images.shared(), "one mean and deviation for all pixels");
    Path flat = npy("f.npy", 2, 6, new float[12]);
    assertTrue(!((Source.Arrays) load(flat, Optional.empty(), Optional.empty())).shared());
  }

  private Source.Arrays npz(Optional<String> target, Path... arrays) {
    Path file = NpyFiles.zip(folder.resolve("a.npz"), arrays);
    return (Source.Arrays) load(file, target, Optional.empty());
  }

  @Test
  void oneFileHoldsFeaturesAndTargets() {
    Path x = npy("x.npy", 4, 2, 1, 2, 3, 4, 5, 6, 7, 8);
    Path y = npy("y.npy", 4, 0, 0.5f, 1, 2, 3);
    Path vectors = npy("vectors.npy", 4, 1, 9, 8, 7, 6);
    Path kinds = NpyFiles.write(folder.resolve("kinds.npy"), "b", "a", "a", "b");
    Dataset data = npz(Optional.empty(), x, y).data();
    assertEquals(new Task.Regression(List.of("target")), data.task());
    assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6, 7, 8}, data.features());
    assertArrayEquals(new float[] {0.5f, 1, 2, 3}, data.targets());
    assertEquals(Optional.empty(), npz(Optional.empty(), x, y).test());
    assertArrayEquals(
        new int[] {1, 0, 0, 1}, npz(Optional.of("kinds"), y, x, kinds).data().labels());
    assertArrayEquals(
        new float[] {9, 8, 7, 6}, npz(Optional.of("kinds"), vectors, kinds).data().features());
    assertArrayEquals(
        new float[] {9, 8, 7, 6}, npz(Optional.empty(), vectors, y).data().features());
    assertEquals(false, npz(Optional.empty(), x, kinds).data().hasTargets());
    assertArrayEquals(
        data.targets(), npz(Optional.of(y.toString()), x, kinds).data().targets(), "of a file");
  }

  @Test
  void arraysThatDoNotSayWhatTheyAreAreNamed() {
    Path a = npy("a.npy", 2, 0, 1, 2);
    Path b = npy("b.npy", 2, 0, 1, 2);
    Path y = npy("y.npy", 3, 0, 1, 2, 3);
    Expect.failure(
        () -> npz(Optional.empty(), a, b), "a.npz has the arrays a, b; which of them", "np.savez");
    Expect.failure(
        () -> npz(Optional.of("c"), a, b), "a.npz has no array \"c\"", "Its arrays are: a, b.");
    Expect.failure(
        () -> npz(Optional.empty(), a, y), "a.npz, array \"y\" has 3 rows, but", "has 2");
  }

  @Test
  void oneFileMayBringATestSet() {
    Path x = NpyFiles.write(folder.resolve("x_train.npy"), new int[] {4, 1, 2}, new float[8]);
    Path y = NpyFiles.write(folder.resolve("y_train.npy"), "b", "c", "a", "b");
    Path xTest = NpyFiles.write(folder.resolve("x_test.npy"), new int[] {2, 1, 2}, new float[4]);
    Path yTest = NpyFiles.write(folder.resolve("y_test.npy"), "c", "b");
    Source.Arrays source = npz(Optional.empty(), xTest, x, yTest, y);
    assertEquals(4, source.data().rows());
    assertEquals(2, source.test().orElseThrow().rows());
    assertTrue(source.shared());
    assertTrue(Catalog.bringsTest(folder.resolve("a.npz").toString()));
    Preparation fitted = Preparation.fit(source.data(), new int[] {0, 1, 2, 3}, true);
    Dataset test = fitted.apply(source.test().orElseThrow());
    assertArrayEquals(new int[] {2, 1}, test.labels(), "by the names of all classes");
    NpyFiles.write(yTest, "c", "d");
    Dataset other = npz(Optional.empty(), xTest, x, yTest, y).test().orElseThrow();
    Expect.failure(
        () -> fitted.apply(other),
        "has 1 class of which training had no rows: \"d\". Those of training are \"a\", \"b\", \"c\".");
    Expect.failure(
        () -> npz(Optional.of("y_test"), xTest, x, yTest, y),
        "has the arrays x_train and y_train, so its target is the latter, not y_test");
    npz(Optional.empty(), x, y);
    assertTrue(!Catalog.bringsTest(folder.resolve("a.npz").toString()));
  }

  /** By themselves the few rows would be numbers, since 3 of 4 are different. */
  @Test
  void aTestSetIsReadAsTheTrainingSetIs() {
    Path x = npy("x_train.npy", 9, 1, new float[9]);
    Path y = npy("y_train.npy", 9, 0, 0, 1, 2, 0, 1, 2, 0, 1, 2);
    Path xTest = npy("x_test.npy", 4, 1, new float[4]);
    Path yTest = npy("y_test.npy", 4, 0, 0, 1, 2, 1);
    Dataset test = npz(Optional.empty(), x, y, xTest, yTest).test().orElseThrow();
    assertArrayEquals(new int[] {0, 1, 2, 1}, test.labels());
    npy("y_train.npy", 9, 0, 0.5f, 1, 2, 3, 4, 5, 6, 7, 8);
    npy("y_test.npy", 4, 0, 0, 0, 1, 1);
    test = npz(Optional.empty(), x, y, xTest, yTest).test().orElseThrow();
    assertEquals(new Task.Regression(List.of("target")), test.task());
  }

  /** In a second; a list looked through for each class would take minutes. */
  @Test
  @Timeout(20)
  void classesMayBeMany() {
    int count = 1 << 17;
    float[] labels = new float[2 * count];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = i / 2;
    }
    Path x = npy("x.npy", labels.length, 1, new float[labels.length]);
    Path y = npy("y.npy", labels.length, 0, labels);
    Optional<String> target = Optional.of(y.toString());
    Dataset data = ((Source.Arrays) load(x, target, Optional.of(Task.Kind.CLASSIFICATION))).data();
    int[] rows = IntStream.range(0, labels.length).toArray();
    assertArrayEquals(data.labels(), Preparation.fit(data, rows, false).apply(data).labels());
  }

  @Test
  void oneFileMayBringRowsToValidateOn() {
    Path x = npy("X_train.npy", 3, 1, 1, 2, 3);
    Path y = npy("y_train.npy", 3, 0, 0.5f, 1, 2);
    for (String ending : List.of("val", "valid")) {
      Path xValid = npy("X_" + ending + ".npy", 2, 1, 4, 5);
      Path yValid = npy("y_" + ending + ".npy", 2, 0, 3, 4);
      Source.Arrays source = npz(Optional.empty(), yValid, xValid, x, y);
      assertArrayEquals(new float[] {4, 5}, source.valid().orElseThrow().features());
      assertArrayEquals(new float[] {3, 4}, source.valid().orElseThrow().targets());
      assertEquals(Optional.empty(), source.test());
      assertTrue(Catalog.bringsValid(folder.resolve("a.npz").toString()));
      assertTrue(!Catalog.bringsTest(folder.resolve("a.npz").toString()));
    }
  }

  @Test
  void targetsThatDoNotFitTheirArrayAreNamed() {
    Path x = npy("x.npy", 2, 2, 1, 2, 3, 4);
    Path three = npy("y.npy", 3, 0, 1, 2, 3);
    Expect.failure(
        () -> load(x, Optional.of(three.toString()), Optional.empty()),
        "y.npy has 3 rows, but",
        "x.npy has 2");
    Path half = npy("h.npy", 2, 0, 0, 0.5f);
    Expect.failure(
        () -> load(x, Optional.of(half.toString()), Optional.of(Task.Kind.CLASSIFICATION)),
        "row 1 (from 0): 0.5 is no class");
    Expect.failure(
        () -> load(x, Optional.of("none.npy"), Optional.empty()), "no file none.npy", "--target");
  }

  /** Unsigned bytes of the given dimensions; those named .gz are compressed. */
  private Path idx(String name, int[] dims, int... values) throws IOException {
    Path path = folder.resolve(name);
    ByteBuffer bytes = ByteBuffer.allocate(4 + 4 * dims.length + values.length);
    bytes.put(new byte[] {0, 0, 8, (byte) dims.length});
    IntStream.of(dims).forEach(bytes::putInt);
    IntStream.of(values).forEach(value -> bytes.put((byte) value));
    try (OutputStream file = Files.newOutputStream(path);
        OutputStream out = name.endsWith(".gz") ? new GZIPOutputStream(file) : file) {
      out.write(bytes.array());
    }
    return path;
  }

  private Source.Arrays idx(Path images, Path labels, Optional<Task.Kind> task) {
    return (Source.Arrays) load(images, Optional.of(labels.toString()), task);
  }

  @Test
  void idxImagesOfAnyDimensionsLieFlatAndByteLabelsAreClasses() throws IOException {
    Path images =
        idx("train-images-idx3-ubyte.gz", new int[] {3, 2, 2}, IntStream.range(244, 256).toArray());
    Path labels = idx("train-labels-idx1-ubyte.gz", new int[] {3}, 2, 0, 130);
    Source.Arrays source = idx(images, labels, Optional.empty());
    Dataset data = source.data();
    assertTrue(source.shared(), "one mean and deviation for all pixels");
    assertEquals(3, data.rows());
    assertEquals(4, data.columns());
    assertEquals(244, data.features()[0]);
    assertEquals(255, data.features()[11]);
    assertArrayEquals(new int[] {1, 0, 2}, data.labels());
    assertEquals(new Task.Classification(List.of("0", "2", "130")), data.task());
    Path volumes = idx("v-idx4-ubyte", new int[] {3, 1, 2, 2}, new int[12]);
    assertEquals(4, idx(volumes, labels, Optional.empty()).data().columns());
    Path plain = idx("no-name-tells", new int[] {3}, 1, 2, 3);
    Dataset forced = idx(plain, labels, Optional.of(Task.Kind.REGRESSION)).data();
    assertEquals(new Task.Regression(List.of("target")), forced.task());
    assertArrayEquals(new float[] {2, 0, 130}, forced.targets());
    Source.Arrays alone = (Source.Arrays) load(images, Optional.empty(), Optional.empty());
    assertEquals(false, alone.data().hasTargets());
    assertTrue(alone.shared());
  }

  @Test
  void idxAndNpyGoTogether() throws IOException {
    Path images = idx("i-idx3-ubyte", new int[] {4, 1, 2}, new int[8]);
    Path values = npy("v.npy", 4, 0, .5f, 1, 2, 3);
    assertEquals(
        new Task.Regression(List.of("target")),
        idx(images, values, Optional.empty()).data().task());
  }

  @Test
  void idxFilesThatDoNotFitOrAreDamagedAreNamed() throws IOException {
    Path images = idx("i-idx3-ubyte", new int[] {2, 2, 2}, new int[8]);
    Path labels = idx("l-idx1-ubyte", new int[] {3}, 0, 1, 2);
    Expect.failure(() -> idx(images, labels, Optional.empty()), "l-idx1-ubyte has 3 rows", "has 2");
    Path missing = folder.resolve("none-idx1-ubyte");
    Expect.failure(
        () -> idx(images, missing, Optional.empty()), "no file", "none-idx1-ubyte", "--target");
    Path wide = idx("w-idx3-ubyte", new int[] {2, 1, 2}, 0, 1, 2, 3);
    Expect.failure(
        () -> idx(images, wide, Optional.of(Task.Kind.CLASSIFICATION)),
        "w-idx3-ubyte has 2 columns",
        "one class index");
    Path text = Files.writeString(folder.resolve("t-idx3-ubyte"), "a,b\n1,2\n");
    Expect.failure(
        () -> load(text, Optional.empty(), Optional.empty()),
        "t-idx3-ubyte is damaged, or is not an IDX file: its magic number is 0x612C620A");
    Path empty = Files.write(folder.resolve("e-idx3-ubyte"), new byte[0]);
    Expect.failure(() -> load(empty, Optional.empty(), Optional.empty()), "it ends after 0 bytes");
    Path cut = idx("c-idx3-ubyte", new int[] {2, 2, 2}, 1, 2, 3);
    Expect.failure(
        () -> load(cut, Optional.empty(), Optional.empty()), "it has 3 values", "[2, 2, 2] need 8");
  }
}
