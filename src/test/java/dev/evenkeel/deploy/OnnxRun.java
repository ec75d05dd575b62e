package dev.evenkeel.deploy;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.evenkeel.data.Column;
import dev.evenkeel.data.Table;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** Runs an ONNX file in ONNX Runtime. */
final class OnnxRun implements AutoCloseable {

  private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
  private final OrtSession session;

  OnnxRun(Path file) {
    try {
      OrtSession.SessionOptions options = new OrtSession.SessionOptions();
      options.setIntraOpNumThreads(1);
      session = environment.createSession(file.toString(), options);
    } catch (OrtException e) {
      throw new AssertionError(file + " is refused", e);
    }
  }

  OrtSession session() {
    return session;
  }

  /** Of the one input. */
  float[] outputs(float[] features, int columns) {
    return outputs(features, session.getOutputNames().iterator().next(), -1, columns);
  }

  /**
   * @param output its name
   * @param shape −1 for the rows, then of one example
   */
  float[] outputs(float[] features, String output, long... shape) {
    long[] all = shape.clone();
    long size = 1;
    for (long dimension : shape) {
      size *= Math.abs(dimension);
    }
    all[0] = features.length / size;
    String input = session.getInputNames().iterator().next();
    try (OnnxTensor x = OnnxTensor.createTensor(environment, FloatBuffer.wrap(features), all)) {
      return run(Map.of(input, x), Set.of(output));
    } catch (OrtException e) {
      throw new AssertionError("it does not run", e);
    }
  }

  /** Of a table's columns, as far as the file takes them. */
  float[] outputs(Table table) {
    Map<String, OnnxTensor> inputs = new LinkedHashMap<>();
    try {
      for (String name : session.getInputNames()) {
        inputs.put(name, tensor(table.column(name), table.rows()));
      }
      return run(inputs, session.getOutputNames());
    } catch (OrtException e) {
      throw new AssertionError("it does not run", e);
    } finally {
      inputs.values().forEach(OnnxTensor::close);
    }
  }

  private OnnxTensor tensor(Column column, int rows) throws OrtException {
    if (column instanceof Column.Numeric numeric) {
      return OnnxTensor.createTensor(
          environment, DoubleBuffer.wrap(numeric.values()), new long[] {rows, 1});
    }
    if (column instanceof Column.Vector vectors) {
      int width = vectors.parts().size();
      float[] values = new float[rows * width];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) vectors.parts().get(i % width).values()[i / width];
      }
      return OnnxTensor.createTensor(
          environment, FloatBuffer.wrap(values), new long[] {rows, width});
    }
    String[] texts = new String[rows];
    for (int row = 0; row < rows; row++) {
      texts[row] = column.missing(row) ? "" : column.text(row);
    }
    return OnnxTensor.createTensor(environment, texts, new long[] {rows, 1});
  }

  private float[] run(Map<String, OnnxTensor> inputs, Set<String> names) throws OrtException {
    try (OrtSession.Result result = session.run(inputs, names)) {
      FloatBuffer buffer = ((OnnxTensor) result.get(0)).getFloatBuffer();
      float[] outputs = new float[buffer.remaining()];
      buffer.get(outputs);
      return outputs;
    }
  }

  @Override
  public void close() {
    try {
      session.close();
    } catch (OrtException e) {
      throw new AssertionError("it does not close", e);
    }
  }
}
