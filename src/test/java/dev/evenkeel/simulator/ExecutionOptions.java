package dev.evenkeel.simulator;

/**
 * How a launch is simulated.
 *
 * @param seed of the order of blocks and warps, and of when they are switched
 * @param races whether to look for data races; blocks then run on one host thread
 * @param perturb whether approximate instructions err as far as they are documented to
 * @param strictVectors whether every byte of a vector load must have been written, else only its
 *     first: rows are padded to whole vectors, and what is in the padding means nothing
 * @param statistics what counts, or null
 * @param hostThreads how many may run blocks at the same time
 */
public record ExecutionOptions(
    long seed,
    boolean races,
    boolean perturb,
    boolean strictVectors,
    Statistics statistics,
    int hostThreads) {

  /** Seed 0, no race check, one host thread. */
  public static ExecutionOptions standard() {
    return new ExecutionOptions(0, false, false, false, null, 1);
  }

  public ExecutionOptions withSeed(long value) {
    return new ExecutionOptions(value, races, perturb, strictVectors, statistics, hostThreads);
  }

  public ExecutionOptions withRaces(boolean value) {
    return new ExecutionOptions(seed, value, perturb, strictVectors, statistics, hostThreads);
  }

  public ExecutionOptions withPerturb(boolean value) {
    return new ExecutionOptions(seed, races, value, strictVectors, statistics, hostThreads);
  }

  public ExecutionOptions withStrictVectors(boolean value) {
    return new ExecutionOptions(seed, races, perturb, value, statistics, hostThreads);
  }

  public ExecutionOptions withStatistics(Statistics value) {
    return new ExecutionOptions(seed, races, perturb, strictVectors, value, hostThreads);
  }

  public ExecutionOptions withHostThreads(int value) {
    return new ExecutionOptions(seed, races, perturb, strictVectors, statistics, value);
  }
}
