package dev.evenkeel.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.data.Preparation;
import dev.evenkeel.data.Table;
import dev.evenkeel.deploy.ForeignOnnx;
import dev.evenkeel.deploy.KerasFiles;
import dev.evenkeel.deploy.KerasImport;
import dev.evenkeel.deploy.OnnxImport;
import dev.evenkeel.deploy.Predictor;
import dev.evenkeel.deploy.WeightFile;
import dev.evenkeel.fuzz.Fuzzer.Outcome;
import dev.evenkeel.fuzz.Fuzzer.Reader;
import dev.evenkeel.fuzz.Fuzzer.Seed;
import dev.evenkeel.io.Idx;
import dev.evenkeel.io.Json;
import dev.evenkeel.io.Npy;
import dev.evenkeel.io.NpyFiles;
import dev.evenkeel.io.NpyRows;
import dev.evenkeel.io.Npz;
import dev.evenkeel.io.Safetensors;
import dev.evenkeel.nn.Activate;
import dev.evenkeel.nn.BatchNorm;
import dev.evenkeel.nn.Dropout;
import dev.evenkeel.nn.Linear;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import dev.evenkeel.nn.Residual;
import dev.evenkeel.nn.RowNorm;
import dev.evenkeel.nn.WeightNorm;
import dev.evenkeel.train.DataPlan;
import dev.evenkeel.train.Parts;
import dev.evenkeel.train.Recipe;
import dev.evenkeel.train.RunFolder;
import dev.evenkeel.train.SavedModel;
import dev.evenkeel.train.Trainer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * No file, however damaged, gets more out of a reader than an EvenkeelException: no other
 * exception, no hang, no memory that a size in it lies about, no file written anywhere.
 *
 * <p>A build tries two thousand for each reader; {@code mvn test -Dtest=FuzzTest
 * -Devenkeel.fuzz=1000000} a million for each, and {@code -Dtest=FuzzTest#npy} those of one reader.
 */
class FuzzTest {

  /** For each reader. */
  private static final int MUTATIONS = Integer.getInteger("evenkeel.fuzz", 2_000);

  /** Outside of every folder that a reader was given; one of the mutator's names. */
  private static final Path ESCAPED = Path.of("/tmp/evenkeel-escaped");

  @TempDir Path folder;
  private Path good;

  @BeforeEach
  void makeRoom() throws IOException {
    good = Files.createDirectory(folder.resolve("good"));
  }

  @AfterEach
  void nothingWasWrittenElsewhere() throws IOException {
    assertFalse(Files.exists(ESCAPED), ESCAPED + " was written");
    Set<String> seen = new TreeSet<>();
    try (Stream<Path> paths = Files.list(folder)) {
      paths.forEach(path -> seen.add(path.getFileName().toString()));
    }
    assertTrue(Set.of("good", "in").containsAll(seen), seen.toString());
  }

  private void fuzz(String name, String fileName, List<Seed> seeds, Reader reader)
      throws Exception {
    Path in = Files.createDirectories(folder.resolve("in")).resolve(fileName);
    long start = System.nanoTime();
    Outcome outcome = new Fuzzer().run(name, in, seeds, reader, MUTATIONS);
    if (Integer.getInteger("evenkeel.fuzz") != null) {
      System.out.printf(
          "%s: %,d damaged files, %,d refused, %,d read all the same, %.1f s%n",
          name,
          MUTATIONS,
          outcome.refused(),
          outcome.accepted(),
          (System.nanoTime() - start) * 1e-9);
    }
    assertEquals(MUTATIONS, outcome.accepted() + outcome.refused());
    assertTrue(outcome.refused() > 0, "nothing was damaged");
    try (Stream<Path> left = Files.list(in.getParent())) {
      assertEquals(List.of(in), left.toList(), "a reader writes nothing");
    }
  }

  @Test
  void safetensors() throws Exception {
    LinkedHashMap<String, Safetensors.Tensor> tensors = new LinkedHashMap<>();
    tensors.put("0.weight", tensor(3, 5));
    tensors.put("0.bias", tensor(3));
    tensors.put("count", new Safetensors.Tensor.Longs(new long[0], new long[] {7}));
    tensors.put("half", new Safetensors.Tensor.Raw("BF16", new long[] {2}, new byte[4]));
    Safetensors.write(good.resolve("a"), Map.of("format", "pt"), tensors);
    Safetensors.writePlain(good.resolve("b"), Map.of("format", "pt"), tensors);
    List<Seed> seeds = new ArrayList<>(Seeds.safetensors(good.resolve("a")));
    seeds.addAll(Seeds.safetensors(good.resolve("b")));
    fuzz("safetensors", "in.safetensors", seeds, Safetensors::read);
  }

  private static Safetensors.Tensor tensor(long... shape) {
    int size = 1;
    for (long dimension : shape) {
      size *= (int) dimension;
    }
    return new Safetensors.Tensor.Floats(shape, new float[size]);
  }

  @Test
  void npy() throws Exception {
    List<Seed> seeds = new ArrayList<>();
    for (int[] shape : List.of(new int[] {12}, new int[] {4, 3})) {
      NpyFiles.write(good.resolve("a.npy"), shape, new float[12]);
      seeds.addAll(Seeds.plainAndCompressed(Seeds.read(good.resolve("a.npy"))));
    }
    fuzz("npy", "in.npy", seeds, Npy::read);
    fuzz(
        "npy in place",
        "in.npy",
        seeds,
        path ->
            NpyRows.of(path)
                .ifPresent(rows -> rows.read(rows.count() - 1, new float[rows.columns()], 0)));
  }

  @Test
  void npz() throws Exception {
    NpyFiles.write(good.resolve("a.npy"), new int[] {4, 3}, new float[12]);
    byte[] array = Seeds.read(good.resolve("a.npy"));
    List<Seed> seeds = new ArrayList<>();
    try (InputStream in = Npz.class.getResourceAsStream("arrays.npz")) {
      seeds.add(Seed.of(in.readAllBytes()));
    }
    seeds.add(new Seed(array, content -> NpyFiles.zip(Map.of("x.npy", content))));
    Set<String> refused = Set.of("objects", "records"); // as they are
    fuzz(
        "npz",
        "in.npz",
        seeds,
        path -> {
          Npz file = Npz.of(path);
          file.names().stream().filter(name -> !refused.contains(name)).forEach(file::read);
        });
  }

  @Test
  void idx() throws Exception {
    byte[] labels = {0, 0, 8, 1, 0, 0, 0, 3, 1, 2, 3};
    byte[] images = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6};
    List<Seed> seeds = new ArrayList<>(Seeds.plainAndCompressed(labels));
    seeds.addAll(Seeds.plainAndCompressed(images));
    fuzz("idx", "in.idx", seeds, Idx::read);
  }

  @Test
  void tables() throws Exception {
    List<Seed> seeds = new ArrayList<>();
    for (String csv :
        List.of(
            houses(),
            houses().replace(',', '\t'),
            houses().replace(',', ';'),
            houses().replace(',', '|'),
            "0;1;day;y\n" + "1,5;-;2024-01-31;2,5\n3,5;7;2024-02-29T12:30:01+01:00;4\n".repeat(9),
            "31/01/2024 N/A 01\n01/12/2024 2.5 02\n".repeat(9),
            "{\"a\":1,\"b\":{\"c\":\"x\",\"d\":null},\"y\":2.5}\n{\"a\":2,\"y\":3}\n".repeat(9),
            "[" + "{\"a\":1e3,\"b\":true},{\"a\":2,\"b\":false},".repeat(9) + "{\"b\":false}]",
            "1 2 3\n4 5 6.5\n7 8 9\n".repeat(7),
            "20,3\n" + "1.5,2,3,0\n2,3,4.25,1\n".repeat(10))) {
      seeds.addAll(Seeds.plainAndCompressed(csv.getBytes(StandardCharsets.UTF_8)));
    }
    try (InputStream in = Table.class.getResourceAsStream("breast_cancer.csv.gz")) {
      seeds.add(Seed.of(in.readAllBytes()));
    }
    fuzz("tables", "in.csv", seeds, file -> DataPlan.of(file.toString()).load(note -> {}));
  }

  private static String houses() {
    StringBuilder csv = new StringBuilder("area,town,\"owned\",price\n");
    for (int row = 0; row < 12; row++) {
      csv.append(row % 5 == 0 ? "" : 20.5 + row).append(',');
      csv.append(List.of("Ulm", "Köln", "?").get(row % 3)).append(',');
      csv.append(row % 2 == 0 ? "\"yes\"" : "no").append(',').append(1000.25 * row).append('\n');
    }
    return csv.toString();
  }

  @Test
  void jsonOfDescriptions() throws Exception {
    Network network =
        Network.of(
            6,
            Linear.of(8).withWeightNorm(WeightNorm.fromData()),
            BatchNorm.standard(),
            Activate.relu(),
            Residual.of(Linear.of(8), RowNorm.group(2), new Dropout(0.5)),
            Linear.of(3));
    Path csv = Files.writeString(good.resolve("houses.csv"), houses());
    Preparation preparation = DataPlan.of(csv.toString()).load(note -> {}).preparation();
    List<Record> records =
        List.of(network, Recipe.classification(), preparation, DataPlan.of("digits"));
    List<Seed> seeds = new ArrayList<>();
    for (int i = 0; i < records.size(); i++) {
      String kind = i + " ";
      byte[] json = Json.write(records.get(i)).getBytes(StandardCharsets.UTF_8);
      seeds.add(new Seed(json, bytes -> Seeds.join(kind.getBytes(StandardCharsets.UTF_8), bytes)));
    }
    fuzz(
        "json",
        "in.json",
        seeds,
        file -> {
          String text = new String(Seeds.read(file), StandardCharsets.UTF_8);
          Class<?> type = records.get(text.charAt(0) - '0').getClass();
          Objects.requireNonNull(Json.read(text.substring(2), type, file.toString()));
        });
  }

  @Test
  void weightsOfPyTorch() throws Exception {
    Network network = Network.mlp(4, List.of(3), 2);
    try (Backend backend = Device.cpu(1);
        Model model = network.build(backend, 1)) {
      WeightFile.write(good.resolve("a"), model);
      fuzz(
          "weights",
          "in.safetensors",
          Seeds.safetensors(good.resolve("a")),
          file -> WeightFile.load(model, file));
    }
  }

  @Test
  void savedModels() throws Exception {
    Path csv = Files.writeString(good.resolve("houses.csv"), houses());
    List<Seed> seeds = new ArrayList<>();
    for (String target : List.of("price", "owned")) {
      seeds.addAll(modelSeeds(train(DataPlan.of(csv.toString()).withTarget(target)), "model"));
    }
    Map<String, String> row = Map.of("area", "30", "town", "Ulm", "price", "", "owned", "yes");
    fuzz(
        "models",
        "in.safetensors",
        seeds,
        file -> {
          Predictor predictor = Predictor.load(file);
          predictor.predict(row);
        });
  }

  @Test
  void savedModelsOfArrays() throws Exception {
    List<Seed> seeds = modelSeeds(train(arrays()), "model");
    fuzz("arrays", "in.safetensors", seeds, file -> Predictor.load(file).predict(1, 2, 3));
  }

  @Test
  void checkpoints() throws Exception {
    Dataset data = arrays();
    Path run = train(data);
    Recipe recipe = recipe();
    Network network = SavedModel.load(run).network();
    try (Backend backend = Device.cpu(1);
        Model model = network.build(backend, 1)) {
      fuzz(
          "checkpoints",
          SavedModel.CHECKPOINT_FILE,
          modelSeeds(run, "checkpoint"),
          file ->
              new Trainer(model, recipe, data)
                  .resuming(RunFolder.checkpoint(file.getParent()))
                  .fit());
    }
  }

  @Test
  void onnx() throws Exception {
    ForeignOnnx small = new ForeignOnnx("pytorch", 17);
    String x = small.linear(small.input("x", 6), 6, 4);
    x = small.node("Relu", small.batchNorm(x, 4));
    x = small.node("Mul", x, small.node("Sigmoid", x));
    x = small.node("Add", small.node("MatMul", x, small.weights(4, 3)), small.weights(3));
    List<Seed> seeds = new ArrayList<>();
    seeds.add(Seed.of(Seeds.read(small.write(good.resolve("a"), small.node("Softmax", x), 3))));
    seeds.add(Seed.of(KerasFiles.read("torch-bn-mlp.onnx")));
    fuzz("onnx", "in.onnx", seeds, OnnxImport::read);
  }

  @Test
  void legacyFilesOfKeras() throws Exception {
    fuzz("keras2", "in.h5", List.of(Seed.of(KerasFiles.read("keras2.h5"))), KerasImport::read);
  }

  @Test
  void archivesOfKeras() throws Exception {
    Map<String, byte[]> parts = KerasFiles.parts();
    List<Seed> seeds = new ArrayList<>(List.of(Seed.of(KerasFiles.read("keras3.keras"))));
    for (String part : List.of(KerasFiles.CONFIG, KerasFiles.WEIGHTS)) {
      seeds.add(new Seed(parts.get(part), damaged -> KerasFiles.with(part, damaged)));
    }
    fuzz("keras3", "in.keras", seeds, KerasImport::read);
  }

  private static Recipe recipe() {
    return Recipe.classification().withEpochs(2).withBatch(6).withMetrics(List.of());
  }

  private static Dataset arrays() {
    float[] features = new float[36];
    int[] labels = new int[12];
    for (int i = 0; i < features.length; i++) {
      features[i] = i * i % 7;
      labels[i / 3] = i / 3 % 2;
    }
    return Dataset.classification("arrays", features, 3, labels, List.of("a", "b"));
  }

  private Path train(Dataset data) {
    Preparation preparation = Preparation.fit(data, new int[] {0, 1, 2, 3}, false);
    return train(data, preparation, recipe(), good.resolve("arrays"));
  }

  private Path train(DataPlan plan) {
    Parts parts = plan.load(note -> {});
    boolean classes = parts.train().task().outputs() > 1;
    Recipe recipe = (classes ? recipe() : Recipe.regression().withEpochs(2)).withMetrics(List.of());
    return train(parts.train(), parts.preparation(), recipe, good.resolve(plan.targets().get(0)));
  }

  private static Path train(Dataset data, Preparation preparation, Recipe recipe, Path folder) {
    Network network = Network.mlp(data.columns(), List.of(4), data.task().outputs());
    try (Backend backend = Device.cpu(1);
        Model model = network.build(backend, 1)) {
      new Trainer(model, recipe, data).withPreparation(preparation).withCheckpoints(folder).fit();
    }
    return folder;
  }

  private static List<Seed> modelSeeds(Path run, String name) {
    Path file = run.resolve(name + ".safetensors");
    Path plain = Seeds.plain(file);
    List<Seed> seeds = new ArrayList<>(Seeds.safetensors(file));
    seeds.addAll(Seeds.safetensors(plain));
    seeds.addAll(Seeds.metadata(plain));
    return seeds;
  }
}
