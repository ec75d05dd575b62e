package dev.evenkeel.simulator;

import dev.evenkeel.backend.cuda.CudaDriver;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Streams, events, capture and graphs of a simulated device. */
final class Streams {

  /** No work of its own: done when what was put on the stream before is. */
  private static final Action MARK = Action.of("mark", 0, () -> {});

  private final Scheduler scheduler;
  private final Counters counters;
  private final Handles handles;
  private final Owned<SimulatedStream> streams = new Owned<>();
  private final Owned<SimulatedEvent> events = new Owned<>();
  private final Owned<SimulatedGraph> graphs = new Owned<>();
  private final List<Capture> captures = new ArrayList<>();

  Streams(Scheduler scheduler, Counters counters, Handles handles) {
    this.scheduler = scheduler;
    this.counters = counters;
    this.handles = handles;
  }

  long create() {
    long handle = handles.next();
    streams.add(
        handle, new SimulatedStream(handle, scheduler.random()), "stream 0x%x".formatted(handle));
    return handle;
  }

  void destroy(long handle) {
    String call = "cuStreamDestroy(0x%x)".formatted(handle);
    Capture capture = stream(call, handle).capture;
    if (capture != null) {
      capture.invalidate();
    }
    if (capture != null && capture.origin.handle == handle) {
      capture.end();
      captures.remove(capture);
    }
    streams.remove(handle);
  }

  /** Puts an action on a stream: it is queued, or recorded where the stream is captured. */
  void enqueue(String call, long handle, Action action) {
    SimulatedStream stream = stream(call, handle);
    if (stream.capture != null) {
      checkValid(call, stream.capture);
      stream.capture.add(stream, action);
    } else {
      stream.append(submit(stream, action));
    }
  }

  void synchronize(long handle) {
    String call = "cuStreamSynchronize(0x%x)".formatted(handle);
    SimulatedStream stream = stream(call, handle);
    refuseInCapture(call);
    counters.synchronizations++;
    stream.frontier.forEach(scheduler::finish);
  }

  private Work submit(SimulatedStream stream, Action action) {
    return scheduler.submit(action, stream.rank(scheduler.random()), stream.frontier);
  }

  // Events

  long createEvent(boolean timing) {
    long handle = handles.next();
    events.add(handle, new SimulatedEvent(timing), "event 0x%x".formatted(handle));
    return handle;
  }

  void destroyEvent(long handle) {
    event("cuEventDestroy(0x%x)".formatted(handle), handle);
    events.remove(handle);
  }

  void record(long eventHandle, long streamHandle) {
    String call = "cuEventRecord(0x%x, 0x%x)".formatted(eventHandle, streamHandle);
    SimulatedEvent event = event(call, eventHandle);
    SimulatedStream stream = stream(call, streamHandle);
    event.capture = stream.capture;
    if (stream.capture != null) {
      checkValid(call, stream.capture);
      event.nodes = List.copyOf(stream.recorded);
    } else {
      event.work = submit(stream, MARK);
      stream.append(event.work);
    }
  }

  void await(long streamHandle, long eventHandle) {
    String call = "cuStreamWaitEvent(0x%x, 0x%x)".formatted(streamHandle, eventHandle);
    SimulatedStream stream = stream(call, streamHandle);
    SimulatedEvent event = event(call, eventHandle);
    if (event.capture != null) {
      awaitCaptured(call, stream, event);
    } else if (stream.capture != null) {
      stream.capture.invalidate();
      throw CudaError.CUDA_ERROR_STREAM_CAPTURE_ISOLATION.in(call);
    } else if (event.work != null) {
      stream.frontier.add(event.work);
    }
  }

  private static void awaitCaptured(String call, SimulatedStream stream, SimulatedEvent event) {
    if (!event.capture.isOpen()) {
      throw CudaError.CUDA_ERROR_CAPTURED_EVENT.in(call);
    }
    checkValid(call, event.capture);
    if (stream.capture == null) {
      event.capture.join(stream, event.nodes);
    } else if (stream.capture == event.capture) {
      stream.recorded.addAll(event.nodes);
    } else {
      stream.capture.invalidate();
      event.capture.invalidate();
      throw CudaError.CUDA_ERROR_STREAM_CAPTURE_MERGE.in(call);
    }
  }

  boolean isDone(long handle) {
    String call = "cuEventQuery(0x%x)".formatted(handle);
    Work work = uncaptured(call, handle).work;
    refuseInCapture(call);
    scheduler.poll();
    return work == null || work.isDone();
  }

  void synchronizeEvent(long handle) {
    String call = "cuEventSynchronize(0x%x)".formatted(handle);
    Work work = uncaptured(call, handle).work;
    refuseInCapture(call);
    counters.synchronizations++;
    if (work != null) {
      scheduler.finish(work);
    }
  }

  float milliseconds(long from, long to) {
    String call = "cuEventElapsedTime(0x%x, 0x%x)".formatted(from, to);
    SimulatedEvent first = uncaptured(call, from);
    SimulatedEvent last = uncaptured(call, to);
    if (!first.timing || !last.timing || first.work == null || last.work == null) {
      throw CudaError.CUDA_ERROR_INVALID_HANDLE.in(call);
    }
    if (!first.work.isDone() || !last.work.isDone()) {
      throw CudaError.CUDA_ERROR_NOT_READY.in(call);
    }
    return (float) ((last.work.time() - first.work.time()) / 1000);
  }

  // Capture and graphs

  void beginCapture(long handle) {
    String call = "cuStreamBeginCapture(0x%x)".formatted(handle);
    SimulatedStream stream = stream(call, handle);
    if (stream.capture != null) {
      throw CudaError.CUDA_ERROR_ILLEGAL_STATE.in(call);
    }
    captures.add(new Capture(stream));
  }

  /**
   * What may wait for the device or change its memory at once is not for a thread that captures:
   * cuStreamBeginCapture's mode "thread local".
   */
  void refuseInCapture(String call) {
    if (!captures.isEmpty()) {
      captures.forEach(Capture::invalidate);
      throw CudaError.CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED.in(call);
    }
  }

  CudaDriver.Graph endCapture(long handle) {
    String call = "cuStreamEndCapture(0x%x)".formatted(handle);
    SimulatedStream stream = stream(call, handle);
    Capture capture = stream.capture;
    if (capture == null) {
      throw CudaError.CUDA_ERROR_ILLEGAL_STATE.in(call);
    }
    if (capture.origin != stream) {
      capture.invalidate();
      throw CudaError.CUDA_ERROR_STREAM_CAPTURE_UNMATCHED.in(call);
    }
    boolean joined = capture.isJoined();
    List<Capture.Node> nodes = capture.end();
    captures.remove(capture);
    checkValid(call, capture);
    if (!joined) {
      throw CudaError.CUDA_ERROR_STREAM_CAPTURE_UNJOINED.in(call);
    }
    counters.longestChain = longestChain(nodes);
    SimulatedGraph graph = new SimulatedGraph(this, handles.next(), nodes);
    graphs.add(graph.handle, graph, "graph 0x%x of %d nodes".formatted(graph.handle, nodes.size()));
    return graph;
  }

  private static int longestChain(List<Capture.Node> nodes) {
    Map<Capture.Node, Integer> lengths = new HashMap<>();
    for (Capture.Node node : nodes) {
      lengths.put(node, 1 + node.after().stream().mapToInt(lengths::get).max().orElse(0));
    }
    return lengths.values().stream().mapToInt(length -> length).max().orElse(0);
  }

  /**
   * Queues all of a graph's nodes.
   *
   * @param previous the end of its last launch, or null: one graph never runs beside itself
   * @return done when all are
   */
  Work launch(String call, long streamHandle, List<Capture.Node> nodes, Work previous) {
    SimulatedStream stream = stream(call, streamHandle);
    if (stream.capture != null) {
      stream.capture.invalidate();
      throw CudaError.CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED.in(call);
    }
    if (previous != null) {
      stream.frontier.add(previous);
    }
    counters.graphLaunches++;
    Map<Capture.Node, Work> queued = new HashMap<>();
    // Nodes are in the order in which they were recorded, which respects what they come after.
    for (Capture.Node node : nodes) {
      List<Work> after = new ArrayList<>(stream.frontier);
      node.after().forEach(one -> after.add(queued.get(one)));
      double rank = stream.rank(scheduler.random()) + scheduler.random().nextDouble() / 8;
      queued.put(node, scheduler.submit(node.action(), rank, after));
    }
    stream.frontier.addAll(queued.values());
    Work end = submit(stream, MARK);
    stream.append(end);
    return end;
  }

  void close(SimulatedGraph graph) {
    graphs.remove(graph.handle);
  }

  void checkOpen(String call, SimulatedGraph graph) {
    scheduler.tick();
    if (graphs.get(graph.handle) == null) {
      throw CudaError.CUDA_ERROR_INVALID_HANDLE.in(call);
    }
  }

  List<String> leaks() {
    List<String> leaks = new ArrayList<>(streams.words());
    leaks.addAll(events.words());
    leaks.addAll(graphs.words());
    return leaks;
  }

  void clear() {
    streams.clear();
    events.clear();
    graphs.clear();
  }

  // Handles

  private SimulatedStream stream(String call, long handle) {
    SimulatedStream stream = streams.get(handle);
    if (stream == null) {
      throw CudaError.CUDA_ERROR_INVALID_HANDLE.in(call);
    }
    return stream;
  }

  private SimulatedEvent event(String call, long handle) {
    SimulatedEvent event = events.get(handle);
    if (event == null) {
      throw CudaError.CUDA_ERROR_INVALID_HANDLE.in(call);
    }
    return event;
  }

  private SimulatedEvent uncaptured(String call, long handle) {
    SimulatedEvent event = event(call, handle);
    if (event.capture != null) {
      event.capture.invalidate();
      throw CudaError.CUDA_ERROR_CAPTURED_EVENT.in(call);
    }
    return event;
  }

  private static void checkValid(String call, Capture capture) {
    if (!capture.isValid()) {
      throw CudaError.CUDA_ERROR_STREAM_CAPTURE_INVALIDATED.in(call);
    }
  }
}
