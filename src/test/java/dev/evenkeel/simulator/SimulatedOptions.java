package dev.evenkeel.simulator;

import dev.evenkeel.backend.cuda.CudaDriver.Properties;
import java.util.function.ToDoubleFunction;

/**
 * How a device is simulated.
 *
 * @param seed of when queued work runs, in which order, and of the order of blocks in kernels
 * @param eager whether work runs as soon as it is put on a stream
 * @param execution of kernels; its seed is drawn anew for each launch
 * @param microseconds what a kernel or a library's operation takes by the simulated clock, by its
 *     name: "relu_forward", "product 64 x 512 x 784", "cudnnBatchNormalizationBackward
 *     PER_ACTIVATION 64 x 512"
 */
public record SimulatedOptions(
    long seed,
    boolean eager,
    Properties properties,
    ExecutionOptions execution,
    ToDoubleFunction<String> microseconds) {

  /** Like an H200 with little memory, asynchronous. */
  public static SimulatedOptions standard(long seed) {
    return new SimulatedOptions(
        seed, false, device(9, 0, 132), ExecutionOptions.standard(), name -> 5);
  }

  public SimulatedOptions withEager(boolean value) {
    return new SimulatedOptions(seed, value, properties, execution, microseconds);
  }

  public SimulatedOptions withProperties(Properties value) {
    return new SimulatedOptions(seed, eager, value, execution, microseconds);
  }

  public SimulatedOptions withMemory(long bytes) {
    Properties p = properties;
    return withProperties(
        new Properties(p.name(), p.major(), p.minor(), p.multiprocessors(), bytes, p.l2Bytes()));
  }

  public SimulatedOptions withExecution(ExecutionOptions value) {
    return new SimulatedOptions(seed, eager, properties, value, microseconds);
  }

  public SimulatedOptions withMicroseconds(ToDoubleFunction<String> value) {
    return new SimulatedOptions(seed, eager, properties, execution, value);
  }

  /** Properties of a device of a compute capability: 7.5 with 40 multiprocessors is a T4. */
  public static Properties device(int major, int minor, int multiprocessors) {
    return new Properties(
        "Simulated sm_%d%d".formatted(major, minor),
        major,
        minor,
        multiprocessors,
        1L << 30,
        50L << 20);
  }
}
