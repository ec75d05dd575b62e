package dev.evenkeel.io;

import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.ByteString;
import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * A constant of an ONNX file, of whatever type of numbers, as doubles.
 *
 * @param shape no dimension makes a scalar
 */
public record OnnxTensor(List<Long> shape, double[] values) {

  static OnnxTensor of(TensorProto tensor, Path path) {
    String where = "%s: constant \"%s\"".formatted(path, tensor.getName());
    if (tensor.getDataLocation() == TensorProto.DataLocation.EXTERNAL) {
      throw new EvenkeelException(
          "%s lies in another file, but one file with everything is needed. help: in Python, onnx.save_model(onnx.load(path), path, save_as_external_data=False); torch.onnx.export takes external_data=False"
              .formatted(where));
    }
    double[] values = values(tensor, where);
    long count = 1;
    for (long dimension : tensor.getDimsList()) {
      count = dimension < 0 || count > Integer.MAX_VALUE ? -1 : count * dimension;
    }
    if (count != values.length) {
      throw new EvenkeelException(
          "%s of shape %s holds %s"
              .formatted(where, tensor.getDimsList(), Words.counted(values.length, "value")));
    }
    return new OnnxTensor(List.copyOf(tensor.getDimsList()), values);
  }

  private static double[] values(TensorProto tensor, String where) {
    ByteString bytes = tensor.getRawData();
    ByteBuffer raw = bytes.asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    boolean isRaw = !bytes.isEmpty();
    TensorProto.DataType type = TensorProto.DataType.forNumber(tensor.getDataType());
    int size = bytes.size();
    switch (type == null ? TensorProto.DataType.UNDEFINED : type) {
      case FLOAT -> {
        double[] values = new double[isRaw ? size / 4 : tensor.getFloatDataCount()];
        Arrays.setAll(values, i -> isRaw ? raw.getFloat(4 * i) : tensor.getFloatData(i));
        return values;
      }
      case DOUBLE -> {
        double[] values = new double[isRaw ? size / 8 : tensor.getDoubleDataCount()];
        Arrays.setAll(values, i -> isRaw ? raw.getDouble(8 * i) : tensor.getDoubleData(i));
        return values;
      }
      case INT64 -> {
        double[] values = new double[isRaw ? size / 8 : tensor.getInt64DataCount()];
        Arrays.setAll(values, i -> isRaw ? raw.getLong(8 * i) : tensor.getInt64Data(i));
        return values;
      }
      case INT32 -> {
        double[] values = new double[isRaw ? size / 4 : tensor.getInt32DataCount()];
        Arrays.setAll(values, i -> isRaw ? raw.getInt(4 * i) : tensor.getInt32Data(i));
        return values;
      }
      default ->
          throw new EvenkeelException(
              "%s is of type %s, but 32- or 64-bit numbers are needed. help: export the model as float32"
                  .formatted(where, type));
    }
  }

  /** As weights are kept. */
  public float[] floats() {
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }

  public boolean isScalar() {
    return values.length == 1;
  }

  /** Whether it is a row for each example's features: [n], or [1, n]. */
  public boolean isRow() {
    return shape.size() == 1 || shape.size() == 2 && shape.get(0) == 1;
  }
}
