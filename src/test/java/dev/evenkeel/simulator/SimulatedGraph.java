package dev.evenkeel.simulator;

import dev.evenkeel.backend.cuda.CudaDriver;
import java.util.List;

/** Captured work, to be launched as a whole. */
final class SimulatedGraph implements CudaDriver.Graph {

  final long handle;
  private final Streams streams;
  private final List<Capture.Node> nodes;
  private Work last;

  SimulatedGraph(Streams streams, long handle, List<Capture.Node> nodes) {
    this.streams = streams;
    this.handle = handle;
    this.nodes = List.copyOf(nodes);
  }

  @Override
  public int nodes() {
    return nodes.size();
  }

  /** What the nodes do, in the order in which they were recorded: "kernel relu_forward". */
  List<String> names() {
    return nodes.stream().map(node -> node.action().name()).toList();
  }

  @Override
  public void launch(long stream) {
    String call = "cuGraphLaunch(0x%x, 0x%x)".formatted(handle, stream);
    streams.checkOpen(call, this);
    last = streams.launch(call, stream, nodes, last);
  }

  /** Closing twice does nothing more, as for every AutoCloseable of ours. */
  @Override
  public void close() {
    streams.close(this);
  }
}
