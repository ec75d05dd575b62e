package dev.evenkeel.nn;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.tensor.Buffer;
import dev.evenkeel.tensor.Matrix;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A network that runs: parameters and running statistics on a device, and the blocks that
 * neighbouring layers were fused into. Parameters lie in one flat vector, those with weight decay
 * first.
 *
 * <p>Belongs to one thread at a time, and so does its backend. Close it to give the memory back.
 */
public final class Model implements AutoCloseable {

  private final Network network;
  private final Backend backend;
  private final Blueprint blueprint;
  private final List<Parameter> parameters = new ArrayList<>();
  private final List<Parameter> statistics = new ArrayList<>();
  private final Buffer parameterMemory;
  private final Buffer statisticsMemory;
  private final long decayed;
  private final List<Block> blocks;
  private boolean started;

  /** All zeros. */
  Model(Network network, Backend backend) {
    this.network = network;
    this.backend = backend;
    this.blueprint = new Blueprint(network);
    this.parameterMemory = backend.allocate(Math.max(1, blueprint.parameterRoom()));
    this.statisticsMemory = backend.allocate(Math.max(1, blueprint.statisticsRoom()));
    this.decayed = blueprint.decayedRoom();
    this.blocks = blueprint.place(this);
  }

  void initialise(long seed) {
    blueprint.initialise(backend, seed);
  }

  /** From now on its values are a trained model's: {@link DataStart} leaves them alone. */
  public void markStarted() {
    started = true;
  }

  boolean isStarted() {
    return started;
  }

  public Network network() {
    return network;
  }

  public Backend backend() {
    return backend;
  }

  /** All parameters as one row, with a few zeros between them. */
  public Matrix flatParameters() {
    return Matrix.of(parameterMemory, 1, (int) parameterMemory.length());
  }

  /** All running statistics as one row, with a few zeros between them. */
  public Matrix flatStatistics() {
    return Matrix.of(statisticsMemory, 1, (int) statisticsMemory.length());
  }

  /** How many of the flat parameters, from the first on, take weight decay. */
  public long decayed() {
    return decayed;
  }

  /** In the order of the layers. */
  public List<Parameter> parameters() {
    return parameters;
  }

  /** running_mean, running_var and num_batches_tracked of every batch norm, in order. */
  public List<Parameter> statistics() {
    return statistics;
  }

  /** Parameters, then statistics. */
  public List<Parameter> all() {
    List<Parameter> all = new ArrayList<>(parameters);
    all.addAll(statistics);
    return all;
  }

  public long parameterCount() {
    return parameters.stream().mapToLong(Parameter::size).sum();
  }

  List<Block> blocks() {
    return blocks;
  }

  /** The values of one parameter or statistic, copied to the host. */
  public float[] values(Parameter parameter) {
    float[] values = new float[(int) parameter.size()];
    backend.read(parameter.value(), values);
    return values;
  }

  /** All parameters and statistics by their names, copied to the host. */
  public Map<String, float[]> values() {
    Map<String, float[]> values = new LinkedHashMap<>();
    all().forEach(one -> values.put(one.name(), values(one)));
    return values;
  }

  /** Takes over all parameters and statistics of a trained model, as {@link #values} gives them. */
  public void fill(Map<String, float[]> values) {
    all().forEach(one -> backend.write(values.get(one.name()), one.value()));
    markStarted();
  }

  Parameter parameter(String name, long offset, int rows, int columns, boolean decays) {
    Matrix value = new Matrix(parameterMemory, offset, rows, columns);
    Parameter parameter = new Parameter(name, offset, rows, columns, decays, value);
    parameters.add(parameter);
    return parameter;
  }

  Parameter statistic(String name, long offset, int columns) {
    Matrix value = new Matrix(statisticsMemory, offset, 1, columns);
    Parameter parameter = new Parameter(name, offset, 1, columns, false, value);
    statistics.add(parameter);
    return parameter;
  }

  /** Multiplies all outputs, by the weights and biases of the last layer. */
  public void scaleOutputs(double factor) {
    List<Layer> layers = network.layers();
    int last = layers.size() - 1;
    if (!(layers.get(last) instanceof Linear)) {
      throw new EvenkeelException(
          "The network ends with %s, but outputs are scaled by a linear layer's weights"
              .formatted(layers.get(last).getClass().getSimpleName()));
    }
    Map<String, float[]> values = values();
    values.forEach(
        (name, own) -> {
          if (name.startsWith(last + ".") && !name.endsWith(Parameter.DIRECTION)) {
            for (int i = 0; i < own.length; i++) {
              own[i] = (float) (own[i] * factor);
            }
          }
        });
    fill(values);
  }

  @Override
  public void close() {
    parameterMemory.close();
    statisticsMemory.close();
  }
}
