package dev.evenkeel.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.Backend.RegressionLoss;
import dev.evenkeel.backend.Operation;
import dev.evenkeel.simulator.SimulatedDriver;
import dev.evenkeel.simulator.Statistics;
import dev.evenkeel.simulator.Statistics.Accesses;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * The kernels' design, held on a machine without a GPU: how many bytes of global memory an
 * operation moves, in 32-byte sectors as the hardware does, and that it asks for 16 bytes at a
 * time.
 */
class KernelTrafficTest {

  private static final int ROWS = 4096;
  private static final int COLUMNS = 512;

  /** What may be moved beside the planned bytes: vectors of C, partial sums, tickets. */
  private static final double MARGIN = 1.03;

  /** In bfloat16 the matrix is half as large, and its partial sums are as large. */
  private static final double BFLOAT16_MARGIN = 1.05;

  /**
   * What the caches are asked for: vectors of C are float32 and come once for each eight rows of a
   * thread, so beside a small matrix in bfloat16 they are as much as the matrix.
   */
  private static final double ASKED_MARGIN = 1.5;

  private static final double BFLOAT16_ASKED_MARGIN = 2.4;

  /**
   * Each row of a row norm asks for γ and β, float32, again. In bfloat16 a thread's eight of them
   * are two accesses, and each touches all their sectors.
   */
  private static final double ROW_ASKED_MARGIN = 2.1;

  private static final double BFLOAT16_ROW_ASKED_MARGIN = 5.2;

  private final SimulatedDriver driver = new SimulatedDriver(1);
  private final long stream = driver.createStream();
  private final CudaMemory memory = new CudaMemory(driver, stream);
  private final Kernels kernels = new Kernels(memory, memory.allocate(Kernels.SCRATCH_BYTES));

  @AfterEach
  void close() {
    driver.close();
  }

  private View matrix(int rows, ElementType type) {
    long address = memory.allocate((long) rows * COLUMNS * type.bytes);
    return new View(address, rows, COLUMNS, COLUMNS, type);
  }

  private Kernels.Norm norm() {
    long v = memory.allocate(5L * 4 * COLUMNS);
    int c = 4 * COLUMNS;
    return new Kernels.Norm(v, v + c, v + 2 * c, v + 3 * c, v + 4 * c, 1e-5, 0.1, true, 0);
  }

  private List<Statistics.Launch> run(Operation operation) {
    driver.synchronize(stream);
    Statistics statistics = new Statistics();
    driver.collect(statistics);
    operation.run();
    driver.synchronize(stream);
    driver.collect(null);
    return statistics.launches();
  }

  /**
   * @param reads how many times a matrix is read, by design
   * @param writes how many times one is written
   */
  private void moves(
      String what, View x, int reads, int writes, int launches, Operation operation) {
    boolean exact = x.type() == ElementType.FLOAT32;
    double asked = exact ? ASKED_MARGIN : BFLOAT16_ASKED_MARGIN;
    moves(what, x, reads, writes, launches, asked, operation);
  }

  private void moves(
      String what,
      View x,
      int reads,
      int writes,
      int launches,
      double askedMargin,
      Operation operation) {
    List<Statistics.Launch> all = run(operation);
    assertEquals(launches, all.size(), what + ": launches");
    long moved = 0;
    long asked = 0;
    long vectors = 0;
    for (Statistics.Launch launch : all) {
      Accesses loads = launch.globalLoads();
      Accesses stores = launch.globalStores();
      moved += loads.differentSectors() + stores.differentSectors();
      asked += loads.sectors() + stores.sectors();
      vectors += 16 * loads.widths().getOrDefault(16, 0L);
      vectors += 16 * stores.widths().getOrDefault(16, 0L);
      assertEquals(0, launch.localBytes(), what + ": local memory");
    }
    double planned = (double) (reads + writes) * x.size() * x.type().bytes;
    boolean exact = x.type() == ElementType.FLOAT32;
    double margin = exact ? MARGIN : BFLOAT16_MARGIN;
    within(what + " moves", moved * Statistics.SECTOR / planned, margin);
    within(what + " asks the caches for", asked * Statistics.SECTOR / planned, askedMargin);
    assertTrue(vectors >= 0.99 * planned, what + ": not in 16-byte accesses");
  }

  private static void within(String what, double ratio, double most) {
    String text = "%s %.3f of the bytes planned, at most %s".formatted(what, ratio, most);
    assertTrue(ratio > 0.99 && ratio <= most, text);
  }

  /** Every way with dropout as without: it moves nothing of its own. */
  private List<Kernels.Drop> drops() {
    return List.of(
        Kernels.Drop.NONE, new Kernels.Drop(memory.allocate(16), 1, 0, memory.allocate(8)));
  }

  @Test
  void batchNormOfManyRows() {
    drops().forEach(this::batchNormOfManyRows);
  }

  private void batchNormOfManyRows(Kernels.Drop drop) {
    for (ElementType type : ElementType.values()) {
      View x = matrix(ROWS, type);
      View y = matrix(ROWS, type);
      View dy = matrix(ROWS, type);
      Kernels.Norm norm = norm();
      long saved = memory.allocate(3L * 4 * COLUMNS);
      long gradients = memory.allocate(2L * 4 * COLUMNS);
      moves(
          "forward in " + type,
          x,
          2,
          1,
          2,
          kernels.norms.batchNormForward(x, norm, Activation.RELU, drop, y, saved));
      moves(
          "backward in " + type,
          x,
          4,
          1,
          2,
          kernels.norms.batchNormBackward(
              dy, x, norm, Activation.RELU, drop, saved, dy, gradients, gradients + 4 * COLUMNS));
      moves(
          "inference in " + type,
          x,
          1,
          1,
          1,
          kernels.norms.batchNormInference(x, norm, Activation.RELU, y));
    }
  }

  /**
   * One block merges a panel's partial sums while all others are done: it must not ask for any
   * sector twice.
   */
  @Test
  void partialSumsAreReadSideBySide() {
    for (ElementType type : ElementType.values()) {
      View x = matrix(ROWS, type);
      long vectors = memory.allocate(2L * 4 * COLUMNS);
      Operation statistics = kernels.norms.columnStatistics(x, vectors, vectors + 4 * COLUMNS);
      Accesses loads = run(statistics).get(0).globalLoads();
      double ratio = (double) loads.sectors() / loads.differentSectors();
      assertTrue(ratio < 1.1, type + ": sectors are asked for " + ratio + " times");
    }
  }

  /** A block waits for others where sums are merged, and nowhere else. */
  @Test
  void blocksTakeOneTicket() {
    View x = matrix(ROWS, ElementType.FLOAT32);
    View y = matrix(ROWS, ElementType.FLOAT32);
    long saved = memory.allocate(3L * 4 * COLUMNS);
    Operation forward =
        kernels.norms.batchNormForward(x, norm(), Activation.RELU, Kernels.Drop.NONE, y, saved);
    Panels panels = Panels.ofSums(ROWS, COLUMNS, 4, 4);
    assertEquals(
        panels.panels() * panels.slabs(),
        run(forward).stream().mapToLong(KernelTrafficTest::tickets).sum());
  }

  private static long tickets(Statistics.Launch launch) {
    return launch.instructions().entrySet().stream()
        .filter(one -> one.getKey().startsWith("atom."))
        .mapToLong(Map.Entry::getValue)
        .sum();
  }

  /** The second look at x is served by a cache: a block sees nothing but its own columns. */
  @Test
  void batchNormOfFewRowsIsOneKernelEachWay() {
    drops().forEach(this::batchNormOfFewRows);
  }

  private void batchNormOfFewRows(Kernels.Drop drop) {
    View x = matrix(256, ElementType.FLOAT32);
    View y = matrix(256, ElementType.FLOAT32);
    View dy = matrix(256, ElementType.FLOAT32);
    Kernels.Norm norm = norm();
    long saved = memory.allocate(3L * 4 * COLUMNS);
    long gradients = memory.allocate(2L * 4 * COLUMNS);
    long scalars = drop.isNone() ? 0 : 2;
    long vector = sectors(4L * COLUMNS);
    // γ, β, both running statistics, the count
    readsOnly(
        sectors(4L * x.size()) + 4 * vector + 1 + scalars,
        kernels.norms.batchNormForward(x, norm, Activation.RELU, drop, y, saved));
    // γ, β, what was saved
    readsOnly(
        2 * sectors(4L * x.size()) + 5 * vector + scalars,
        kernels.norms.batchNormBackward(
            dy, x, norm, Activation.RELU, drop, saved, dy, gradients, gradients + 4 * COLUMNS));
  }

  private static long sectors(long bytes) {
    return bytes / Statistics.SECTOR;
  }

  /** One kernel, which reads nothing that it has written, and waits for no other block. */
  private void readsOnly(long sectors, Operation operation) {
    List<Statistics.Launch> launches = run(operation);
    assertEquals(1, launches.size());
    assertEquals(sectors, launches.get(0).globalLoads().differentSectors());
    assertEquals(0, tickets(launches.get(0)));
  }

  /** A row stays in registers from its statistics to its result. */
  @Test
  void rowNormsReadARowOnce() {
    for (ElementType type : ElementType.values()) {
      View x = matrix(ROWS, type);
      View y = matrix(ROWS, type);
      View dy = matrix(ROWS, type);
      long v = memory.allocate(4L * 4 * COLUMNS);
      int c = 4 * COLUMNS;
      Kernels.RowNorm norm = new Kernels.RowNorm(v, v + c, 1, true, 1e-5);
      long saved = memory.allocate(3L * 4 * ROWS);
      boolean exact = type == ElementType.FLOAT32;
      double asked = exact ? ROW_ASKED_MARGIN : BFLOAT16_ROW_ASKED_MARGIN;
      Activation relu = Activation.RELU;
      Operation forward = kernels.rowNorms.forward(x, norm, relu, y, saved);
      moves("row norm forward in " + type, x, 1, 1, 1, asked, forward);
      Operation backward =
          kernels.rowNorms.backward(dy, x, norm, relu, saved, dy, v + 2L * c, v + 3L * c);
      moves("row norm backward in " + type, x, 4, 1, 2, asked, backward);
    }
  }

  /** The second look at a group is served by a cache, as in batch norm of few rows. */
  @Test
  void ghostBatchNormIsOneKernelEachWay() {
    drops().forEach(this::ghostBatchNorm);
  }

  private void ghostBatchNorm(Kernels.Drop drop) {
    View x = matrix(ROWS, ElementType.FLOAT32);
    View y = matrix(ROWS, ElementType.FLOAT32);
    View dy = matrix(ROWS, ElementType.FLOAT32);
    Kernels.Norm norm = norm().ofGroups(256);
    long saved = memory.allocate(3L * 4 * COLUMNS * norm.groups(ROWS));
    long gradients = memory.allocate(2L * 4 * COLUMNS);
    Activation relu = Activation.RELU;
    Operation forward = kernels.norms.batchNormForward(x, norm, relu, drop, y, saved);
    moves("ghost forward", x, 1, 1, 1, 2, forward);
    Operation backward =
        kernels.norms.batchNormBackward(
            dy, x, norm, relu, drop, saved, dy, gradients, gradients + 4 * COLUMNS);
    moves("ghost backward", x, 2, 1, 1, 2, backward);
  }

  @Test
  void weightNormReadsEachWeightOnce() {
    View direction = matrix(ROWS, ElementType.FLOAT32);
    View slopes = matrix(ROWS, ElementType.FLOAT32);
    View weight = matrix(ROWS, ElementType.FLOAT32);
    long gain = memory.allocate(4L * ROWS);
    long dGain = memory.allocate(4L * ROWS);
    moves("forward", weight, 1, 1, 1, kernels.weightNorms.forward(direction, gain, weight));
    moves(
        "backward",
        weight,
        2,
        1,
        1,
        kernels.weightNorms.backward(slopes, direction, gain, slopes, dGain));
  }

  @Test
  void elementWiseWork() {
    View x = matrix(ROWS, ElementType.FLOAT32);
    View y = matrix(ROWS, ElementType.FLOAT32);
    moves("copy", x, 1, 1, 1, kernels.data.copy(x, y));
    moves("add", x, 2, 1, 1, kernels.data.add(x, y, y));
    moves("relu", x, 1, 1, 1, kernels.activations.forward(x, 0, Activation.RELU, y));
    moves("scale and shift", x, 1, 1, 1, kernels.data.scaleShift(x, 2, 1, y));
    long step = memory.allocate(8);
    long dropping = memory.allocate(16);
    moves("dropout", x, 1, 1, 1, kernels.data.dropout(x, dropping, 1, 0, step, y));
  }

  /** Adam reads four vectors and writes three: 28 bytes a parameter. */
  @Test
  void adamMovesWhatItMust() {
    View p = matrix(1024, ElementType.FLOAT32);
    long g = matrix(1024, ElementType.FLOAT32).address();
    long m = matrix(1024, ElementType.FLOAT32).address();
    long v = matrix(1024, ElementType.FLOAT32).address();
    long scalars = memory.allocate(16);
    Kernels.Update update =
        new Kernels.Update(p.address(), g, 0, p.size(), p.size(), 0.01, 0, 0, scalars);
    moves(
        "adam",
        p,
        4,
        3,
        1,
        kernels.updates.updateAdam(update, m, v, 0.9, 0.999, 1e-8, true, scalars + 4));
  }

  private Kernels.Loss loss(View outputs, int targets, boolean biased) {
    int n = outputs.rows();
    int c = outputs.columns();
    View classes = View.floats(memory.allocate(4L * n * targets), n, targets);
    long address = memory.allocate((long) n * c * outputs.type().bytes);
    View slopes = new View(address, n, c, c, outputs.type());
    long bias = biased ? memory.allocate(4L * c) : 0;
    long dBias = biased ? memory.allocate(4L * c) : 0;
    return new Kernels.Loss(outputs, bias, classes, slopes, dBias, memory.allocate(4));
  }

  /**
   * The blocks' sums for a bias would be half as much as the matrix: it has a launch of its own.
   */
  @Test
  void softmaxCrossEntropyOfManyClasses() {
    for (ElementType type : ElementType.values()) {
      View x = new View(matrix(ROWS, type).address(), ROWS, 128, 128, type);
      double asked = type == ElementType.FLOAT32 ? 2.8 : 3.8; // three looks, each at the bias, too
      Operation biased = kernels.losses.softmaxCrossEntropy(loss(x, 1, true), 0, 0);
      moves("softmax cross-entropy", x, 2, 1, 2, asked, biased);
      Operation bare = kernels.losses.softmaxCrossEntropy(loss(x, 1, false), 0, 0);
      moves("softmax cross-entropy without bias", x, 1, 1, 1, asked, bare);
    }
  }

  /** However many columns a row has, its blocks leave a number each. */
  @Test
  void aLossOfOneRowNeedsLittleScratch() {
    int columns = 20_000;
    long scratch = memory.allocate(10_000);
    Kernels little = new Kernels(memory, scratch);
    View x = View.floats(memory.allocate(4L * columns), 1, columns);
    Kernels.Loss of = loss(x, columns, true);
    run(little.losses.regressionLoss(of, RegressionLoss.SQUARED, 0));
    run(little.losses.binaryCrossEntropy(of));
    little.close();
  }
}
