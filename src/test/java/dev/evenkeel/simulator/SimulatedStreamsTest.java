package dev.evenkeel.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.backend.cuda.CudaDriver.Graph;
import dev.evenkeel.backend.cuda.CudaException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class SimulatedStreamsTest {

  private final SimulatedDriver driver = new SimulatedDriver(1);
  private final List<String> ran = new ArrayList<>();
  private final long a = driver.createStream();
  private final long b = driver.createStream();
  private final long event = driver.createEvent(false);

  private void put(SimulatedDriver device, String name, long stream) {
    device.library(name, stream, () -> ran.add(name)).run();
  }

  private void put(String name, long stream) {
    put(driver, name, stream);
  }

  @Test
  void aStreamKeepsItsOrderAndStreamsDoNotKeepEachOthers() {
    Set<List<String>> orders = new HashSet<>();
    for (int seed = 0; seed < 300; seed++) {
      List<String> order = twoStreams(seed);
      assertEquals(order, twoStreams(seed), "the same seed gives the same order");
      assertTrue(order.indexOf("a1") < order.indexOf("a2"), order.toString());
      assertTrue(order.indexOf("b1") < order.indexOf("b2"), order.toString());
      orders.add(order);
    }
    assertEquals(6, orders.size(), "all ways to interleave two and two: " + orders);
  }

  private List<String> twoStreams(int seed) {
    ran.clear();
    try (SimulatedDriver device = new SimulatedDriver(seed)) {
      long one = device.createStream();
      long two = device.createStream();
      put(device, "a1", one);
      put(device, "a2", one);
      put(device, "b1", two);
      put(device, "b2", two);
    }
    return List.copyOf(ran);
  }

  /** Planted: the consumer's stream does not wait for the producer's. */
  @Test
  void aMissingWaitShowsUnderSomeSeed() {
    int wrong = 0;
    for (int seed = 0; seed < 20; seed++) {
      assertEquals(7, handOver(seed, true), "with the wait every seed is right");
      wrong += handOver(seed, false) == 7 ? 0 : 1;
    }
    assertTrue(wrong >= 6, "only " + wrong + " of 20 seeds show it");
  }

  private static int handOver(int seed, boolean wait) {
    try (SimulatedDriver device = new SimulatedDriver(seed)) {
      long producer = device.createStream();
      long consumer = device.createStream();
      long done = device.createEvent(false);
      long memory = device.allocate(4);
      var pinned = device.allocatePinned(4);
      device.fill(memory, 3, 1, producer);
      device.fill(memory, 7, 1, producer);
      device.record(done, producer);
      if (wait) {
        device.await(consumer, done);
      }
      device.copyToHost(memory, pinned, 0, 4, consumer);
      device.synchronize(consumer);
      return pinned.getInt(0);
    }
  }

  @Test
  void workRunsLaterThanItIsAskedFor() {
    int late = 0;
    for (int seed = 0; seed < 10; seed++) {
      ran.clear();
      SimulatedDriver device = new SimulatedDriver(seed);
      long stream = device.createStream();
      put(device, "work", stream);
      late += ran.isEmpty() ? 1 : 0;
      device.synchronize(stream);
      assertEquals(List.of("work"), ran);
    }
    assertTrue(late > 0, "every seed ran it at once");
  }

  /** Else a stream that nobody waits for would never be found late. */
  @Test
  void waitingForOneStreamMayLeaveAnotherBehind() {
    int alone = 0;
    for (int seed = 0; seed < 40; seed++) {
      ran.clear();
      SimulatedDriver device = new SimulatedDriver(seed);
      for (int i = 0; i < 10; i++) {
        put(device, "a" + i, device.createStream());
      }
      long awaited = device.createStream();
      put(device, "b", awaited);
      device.synchronize(awaited);
      alone += ran.equals(List.of("b")) ? 1 : 0;
    }
    // If what is run were left to chance, it would be about one in eleven.
    assertTrue(alone >= 10 && alone < 40, alone + " of 40 seeds ran only what was awaited");
  }

  @Test
  void anEagerDeviceIsNeverLate() {
    SimulatedDriver eager = new SimulatedDriver(SimulatedOptions.standard(3).withEager(true));
    long stream = eager.createStream();
    put(eager, "work", stream);
    assertEquals(List.of("work"), ran);
  }

  @Test
  void closingRunsWhatIsQueued() {
    put("a", a);
    put("b", b);
    driver.close();
    assertEquals(Set.of("a", "b"), Set.copyOf(ran));
  }

  @Test
  void pollingEndsAndSeesTheWorkBefore() {
    for (int i = 0; i < 20; i++) {
      put("a" + i, a);
    }
    driver.record(event, a);
    assertFalse(driver.isDone(event));
    int polls = 0;
    while (!driver.isDone(event)) {
      assertTrue(polls++ < 1000, "still polling");
    }
    assertEquals(20, ran.size());
  }

  @Test
  void anEventNeverRecordedIsNoWait() {
    driver.await(a, event);
    put("a", a);
    driver.synchronize(a);
    assertTrue(driver.isDone(event));
    driver.synchronizeEvent(event);
    assertEquals(List.of("a"), ran);
  }

  @Test
  void waitingIsForWhatWasRecordedByThen() {
    put("first", a);
    driver.record(event, a);
    driver.await(b, event);
    put("second", a);
    driver.record(event, a);
    put("third", b);
    driver.synchronize(b);
    assertTrue(ran.indexOf("first") < ran.indexOf("third"), ran.toString());
    driver.synchronizeEvent(event);
    assertTrue(ran.contains("second"));
  }

  @Test
  void onlyTimingEventsThatAreDoneHaveATime() {
    long from = driver.createEvent(true);
    long to = driver.createEvent(true);
    refused(400, () -> driver.milliseconds(from, to));
    driver.record(from, a);
    put("work of 5 microseconds", a);
    put("work of 5 microseconds", a);
    driver.record(to, a);
    driver.synchronize(a);
    assertEquals(0.01f, driver.milliseconds(from, to), 1e-6f);
    driver.record(event, a);
    driver.synchronize(a);
    refused(400, () -> driver.milliseconds(from, event));
    for (int i = 0; i < 50; i++) {
      put("more", a);
    }
    driver.record(to, a);
    refused(600, () -> driver.milliseconds(from, to));
  }

  @Test
  void staleHandlesAreRefused() {
    driver.destroyStream(b);
    refused(400, () -> put("b", b));
    refused(400, () -> driver.synchronize(b));
    refused(400, () -> driver.destroyStream(b));
    driver.destroyEvent(event);
    refused(400, () -> driver.record(event, a));
    refused(400, () -> driver.await(a, 0));
    refused(400, () -> driver.synchronize(0));
  }

  @Test
  void capturedWorkRunsAtLaunchOnly() {
    driver.beginCapture(a);
    put("x", a);
    put("y", a);
    Graph graph = driver.endCapture(a);
    driver.synchronize(a);
    assertEquals(List.of(), ran);
    assertEquals(2, graph.nodes());
    assertEquals(List.of("x", "y"), ((SimulatedGraph) graph).names());
    put("before", a);
    graph.launch(a);
    graph.launch(b);
    driver.synchronize(b);
    put("after", a);
    driver.synchronize(a);
    assertEquals(List.of("before", "x", "y", "x", "y", "after"), ran);
    graph.close();
    refused(400, () -> graph.launch(a));
  }

  @Test
  void oneGraphNeverRunsBesideItself() {
    driver.beginCapture(a);
    put("x", a);
    put("y", a);
    Graph graph = driver.endCapture(a);
    for (int i = 0; i < 20; i++) {
      graph.launch(i % 2 == 0 ? a : b);
    }
    driver.close();
    for (int i = 0; i < 40; i++) {
      assertEquals(i % 2 == 0 ? "x" : "y", ran.get(i), ran::toString);
    }
  }

  @Test
  void aForkRunsBesideAndIsJoined() {
    Set<List<String>> orders = new HashSet<>();
    Graph graph = forked();
    assertEquals(4, graph.nodes());
    for (int i = 0; i < 40; i++) {
      ran.clear();
      graph.launch(a);
      driver.synchronize(a);
      assertEquals("fork", ran.get(0));
      assertEquals("join", ran.get(3));
      orders.add(List.copyOf(ran));
    }
    assertEquals(2, orders.size(), orders.toString());
    // The stream that joined is its own master again.
    put("b", b);
    driver.synchronize(b);
    assertEquals("b", ran.get(4));
  }

  private Graph forked() {
    long join = driver.createEvent(false);
    driver.beginCapture(a);
    put("fork", a);
    driver.record(event, a);
    driver.await(b, event);
    put("left", a);
    put("right", b);
    driver.record(join, b);
    driver.await(a, join);
    put("join", a);
    return driver.endCapture(a);
  }

  @Test
  void aForkNotJoinedIsRefused() {
    driver.beginCapture(a);
    put("fork", a);
    driver.record(event, a);
    driver.await(b, event);
    put("right", b);
    refused(903, () -> driver.endCapture(b));
    refused(901, () -> driver.endCapture(a));

    driver.beginCapture(a);
    driver.record(event, a);
    driver.await(b, event);
    put("right", b);
    refused(904, () -> driver.endCapture(a));
    put("b", b);
    driver.synchronize(b);
    assertEquals(List.of("b"), ran, "after the refusal both streams run again");
  }

  @Test
  void whatCaptureForbidsEndsIt() {
    driver.beginCapture(a);
    refused(401, () -> driver.beginCapture(a));
    put("x", a);
    refused(900, () -> driver.synchronize(a));
    refused(901, () -> put("y", a));
    refused(901, () -> driver.endCapture(a));
    refused(401, () -> driver.endCapture(a));
    put("z", a);
    driver.synchronize(a);
    assertEquals(List.of("z"), ran);
  }

  @Test
  void aThreadThatCapturesNeitherAllocatesNorWaits() {
    long memory = driver.allocate(4);
    var pinned = driver.allocatePinned(4);
    List<Executable> forbidden =
        List.of(
            () -> driver.allocate(4),
            () -> driver.free(memory),
            () -> driver.allocatePinned(4),
            () -> driver.freePinned(pinned),
            () -> driver.isDone(event),
            () -> driver.synchronizeEvent(event),
            () -> driver.synchronize(b));
    for (Executable call : forbidden) {
      driver.beginCapture(a);
      refused(900, call);
      refused(901, () -> driver.endCapture(a));
    }
    driver.beginCapture(a);
    driver.destroyStream(a);
    driver.free(memory);
  }

  @Test
  void capturedEventsAreNotForTheHost() {
    driver.beginCapture(a);
    driver.record(event, a);
    refused(907, () -> driver.isDone(event));
    refused(901, () -> driver.endCapture(a));
    refused(907, () -> driver.synchronizeEvent(event));
  }

  @Test
  void aCaptureDoesNotWaitForWorkOutsideIt() {
    driver.record(event, b);
    driver.beginCapture(a);
    refused(905, () -> driver.await(a, event));
  }

  @Test
  void twoCapturesAreNotMixed() {
    driver.beginCapture(a);
    driver.beginCapture(b);
    driver.record(event, a);
    refused(902, () -> driver.await(b, event));
  }

  @Test
  void aGraphsCopiesReadWhatTheHostHoldsAtItsLaunch() {
    long memory = driver.allocate(4);
    var pinned = driver.allocatePinned(4);
    var back = driver.allocatePinned(4);
    driver.beginCapture(a);
    driver.copyToDevice(pinned, 0, memory, 4, a);
    driver.copyToHost(memory, back, 0, 4, a);
    Graph graph = driver.endCapture(a);
    for (int i = 1; i <= 5; i++) {
      pinned.putInt(0, i);
      graph.launch(a);
      driver.synchronize(a);
      assertEquals(i, back.getInt(0));
    }
    assertEquals(5, driver.counters().graphLaunches);
    assertEquals(10, driver.counters().nodesRun());
  }

  private static void refused(int code, Executable call) {
    CudaException refusal = assertThrows(CudaException.class, call);
    assertEquals(code, refusal.code(), refusal.getMessage());
  }
}
