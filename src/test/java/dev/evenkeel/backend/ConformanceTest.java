package dev.evenkeel.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Every operation of {@link Backend}, on every backend, against {@link Reference}.
 *
 * <p>How to add an operation:
 *
 * <ol>
 *   <li>Write its float64 body in {@link Reference}, and prove a backward body by a row in {@link
 *       GradientCheckTest}.
 *   <li>Say in {@link Tolerance} how far float32 may be from it, and why.
 *   <li>Add its rows to the list below, or to one of the {@code ...Rows} classes: shapes × {@link
 *       Values}, inputs from {@link Bench#input}, results into {@link Bench#output}. This test
 *       fails until an operation of the contract has a row.
 *   <li>Bind it in {@link EveryOperation}: for the self test of a user's machine, and to show that
 *       it is deterministic and allocates nothing.
 *   <li>Write its body in {@code backend.cpu} until the rows pass, then its kernel.
 * </ol>
 *
 * <p>How to add a backend: one line in {@link Backends}. The worst errors of a run are left in
 * target/conformance.txt.
 */
class ConformanceTest {

  /** Rows by name, where a tool that looks on makes all of them too slow. */
  private static final String CHOSEN = System.getProperty("evenkeel.rows", ".*");

  /** Elements of activations that one layout must do for. */
  private static final int LONG = 200_000;

  private static List<Row> table() {
    List<Row> rows = new ArrayList<>();
    rows.addAll(DataRows.all());
    rows.addAll(LinearRows.all());
    rows.addAll(ActivationRows.all());
    rows.addAll(BatchNormRows.all());
    rows.addAll(GhostNormRows.all());
    rows.addAll(RowNormRows.all());
    rows.addAll(WeightNormRows.all());
    rows.addAll(LossRows.all());
    rows.addAll(UpdateRows.all());
    return rows;
  }

  @TestFactory
  Stream<DynamicContainer> everyRowOnEveryBackend() {
    return Backends.all().entrySet().stream()
        .map(backend -> DynamicContainer.dynamicContainer(backend.getKey(), tests(backend)));
  }

  private static Stream<DynamicTest> tests(Map.Entry<String, Supplier<Backend>> supplier) {
    Backend backend = supplier.getValue().get();
    return table().stream()
        .filter(row -> row.name().matches(CHOSEN))
        .map(row -> DynamicTest.dynamicTest(row.name(), () -> check(backend, row)))
        .onClose(backend::close);
  }

  /**
   * Rows with activations run in both layouts; the longest, which take a simulated device seconds,
   * in one of the two.
   */
  private static void check(Backend backend, Row row) {
    if (!Backends.hasStorageOfItsOwn(backend)) {
      check(backend, false, row);
      return;
    }
    boolean first = row.name().hashCode() % 2 == 0;
    long activations = check(backend, first, row);
    if (activations > 0 && activations < LONG) {
      check(backend, !first, row);
    }
  }

  private static long check(Backend backend, boolean asStored, Row row) {
    long activations;
    try (Bench bench = new Bench(backend, asStored, row.name())) {
      row.body().check(bench);
      activations = bench.activations();
    }
    assertEquals(0, backend.allocated(), "memory left behind by " + row.name());
    return activations;
  }

  @Test
  void noOperationOfTheContractIsWithoutARow() {
    Set<String> rows = table().stream().map(Row::operation).collect(Collectors.toSet());
    Set<String> contract = Contract.operations();
    assertTrue(contract.size() > 15, "the contract was not found by reflection: " + contract);
    Set<String> missing = new TreeSet<>(contract);
    missing.removeAll(rows);
    assertEquals(Set.of(), missing, "operations of Backend without a row");
    Set<String> methods =
        Stream.of(Backend.class.getMethods()).map(Method::getName).collect(Collectors.toSet());
    rows.removeAll(methods);
    assertEquals(Set.of(), rows, "rows for operations that Backend does not have");
  }

  @AfterAll
  static void leaveTheWorstErrors() throws IOException {
    Measured.write(Path.of("target", "conformance.txt"));
  }
}
