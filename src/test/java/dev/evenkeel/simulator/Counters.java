package dev.evenkeel.simulator;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a simulated device was asked for, and did, since it was made. Read only. */
public final class Counters {

  /** Calls of cuMemAlloc that succeeded. */
  public long allocations;

  public long frees;

  /** Allocations that live now, their bytes, and the most bytes that ever lived. */
  public long liveAllocations;

  public long liveBytes;
  public long peakBytes;

  public long pinnedAllocations;
  public long livePinned;
  public long livePinnedBytes;

  /** Modules loaded, in order, each by its first kernel: "module of gather_f32x1". */
  public final List<String> modules = new ArrayList<>();

  /** Calls of cuLaunchKernel, also such as were captured. */
  public long launches;

  public long graphLaunches;

  /** Of the nodes of the graph captured last, how many at most wait for one another. */
  public long longestChain;

  /** Times that the host waited for a stream or an event. */
  public long synchronizations;

  /** What ran, in graphs or by itself. */
  public long kernelsRun;

  public long fillsRun;
  public long copiesToDevice;
  public long copiesToHost;
  public long bytesToDevice;
  public long bytesToHost;
  public long productsRun;
  public long normsRun;

  /** How often each kernel ran. */
  public final Map<String, Long> runs = new LinkedHashMap<>();

  /** All that ran: kernels, fills, copies, products and cuDNN's calls. */
  public long nodesRun() {
    return kernelsRun + fillsRun + copiesToDevice + copiesToHost + productsRun + normsRun;
  }
}
