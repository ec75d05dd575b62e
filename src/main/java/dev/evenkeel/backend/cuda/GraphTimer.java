package dev.evenkeel.backend.cuda;

import dev.evenkeel.backend.Operation;
import java.util.Arrays;
import java.util.List;

/**
 * Times operations as they run in a training step: recorded in a graph one after another, so that
 * the host's launches are not measured. The clock is the device's own.
 */
final class GraphTimer {

  /** More than this, and recording takes longer than replaying. */
  private static final int MOST_NODES = 4000;

  private final CudaDriver driver;
  private final long stream;
  private final double graphMilliseconds;
  private final int replays;

  /**
   * @param graphMilliseconds that a graph is to last, so that its own start does not count
   * @param replays of which the median is taken
   */
  GraphTimer(CudaDriver driver, long stream, double graphMilliseconds, int replays) {
    this.driver = driver;
    this.stream = stream;
    this.graphMilliseconds = graphMilliseconds;
    this.replays = replays;
  }

  /**
   * Microseconds of one operation.
   *
   * @param rotation the same operation on different memory, run in turn
   */
  double microseconds(List<Operation> rotation) {
    rotation.get(0).run(); // libraries choose and load their kernels at the first run
    try (CudaDriver.Graph once = recorded(rotation, 1)) {
      once.launch(stream);
      double pass = milliseconds(once);
      int most = Math.max(1, MOST_NODES / Math.max(1, once.nodes()));
      int passes = (int) Math.min(most, Math.ceil(graphMilliseconds / Math.max(pass, 1e-4)));
      if (passes <= 1) {
        return median(once) * 1e3 / rotation.size();
      }
      try (CudaDriver.Graph all = recorded(rotation, passes)) {
        all.launch(stream);
        return median(all) * 1e3 / ((double) rotation.size() * passes);
      }
    }
  }

  private CudaDriver.Graph recorded(List<Operation> rotation, int passes) {
    return driver.recorded(
        stream,
        () -> {
          for (int i = 0; i < passes; i++) {
            rotation.forEach(Operation::run);
          }
        });
  }

  private double median(CudaDriver.Graph graph) {
    double[] samples = new double[replays];
    for (int i = 0; i < replays; i++) {
      samples[i] = milliseconds(graph);
    }
    Arrays.sort(samples);
    return samples[replays / 2];
  }

  private double milliseconds(CudaDriver.Graph graph) {
    long begin = driver.createEvent(true);
    long end = driver.createEvent(true);
    try {
      driver.record(begin, stream);
      graph.launch(stream);
      driver.record(end, stream);
      driver.synchronizeEvent(end);
      return driver.milliseconds(begin, end);
    } finally {
      driver.destroyEvent(begin);
      driver.destroyEvent(end);
    }
  }
}
