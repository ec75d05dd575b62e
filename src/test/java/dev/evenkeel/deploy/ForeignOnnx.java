package dev.evenkeel.deploy;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;

/** Puts ONNX files together node by node, in the forms of other writers, with random values. */
public final class ForeignOnnx {

  private final ModelProto.Builder model = ModelProto.newBuilder().setIrVersion(8);
  private final GraphProto.Builder graph = model.getGraphBuilder().setName("main_graph");
  private final Random random = new Random(3);
  private int made;

  public ForeignOnnx(String producer, int operatorSet) {
    model.setProducerName(producer);
    model.addOpsetImportBuilder().setDomain("").setVersion(operatorSet);
    model.addOpsetImportBuilder().setDomain("ai.onnx.ml").setVersion(1);
  }

  /** Any number of rows of that shape. */
  public String input(String name, int... shape) {
    graph.addInput(value(name, TensorProto.DataType.FLOAT, shape));
    return name;
  }

  ForeignOnnx output(String name, int... shape) {
    graph.addOutput(value(name, TensorProto.DataType.FLOAT, shape));
    return this;
  }

  ForeignOnnx labels(String name) {
    graph.addOutput(value(name, TensorProto.DataType.INT64));
    return this;
  }

  private static ValueInfoProto value(String name, TensorProto.DataType type, int... shape) {
    ValueInfoProto.Builder value = ValueInfoProto.newBuilder().setName(name);
    var tensor = value.getTypeBuilder().getTensorTypeBuilder().setElemType(type.getNumber());
    tensor.getShapeBuilder().addDimBuilder().setDimParam("batch");
    for (int size : shape) {
      tensor.getShapeBuilder().addDimBuilder().setDimValue(size);
    }
    return value.build();
  }

  /** Random numbers around 0. */
  public String weights(int... shape) {
    return floats(0, shape);
  }

  /** Random numbers in 0.5 … 2, as variances and scales are. */
  String positive(int... shape) {
    return floats(1, shape);
  }

  private String floats(int kind, int... shape) {
    TensorProto.Builder tensor = tensor(TensorProto.DataType.FLOAT);
    int count = 1;
    for (int size : shape) {
      tensor.addDims(size);
      count *= size;
    }
    for (int i = 0; i < count; i++) {
      tensor.addFloatData(
          kind == 0 ? 0.6f * (float) random.nextGaussian() : 0.5f + 1.5f * random.nextFloat());
    }
    return add(tensor);
  }

  String scalar(double value) {
    return add(tensor(TensorProto.DataType.FLOAT).addFloatData((float) value));
  }

  String longs(long... values) {
    TensorProto.Builder tensor = tensor(TensorProto.DataType.INT64).addDims(values.length);
    for (long value : values) {
      tensor.addInt64Data(value);
    }
    return add(tensor);
  }

  /** A constant whose values lie in a file beside this one. */
  String external(String location, int... shape) {
    TensorProto.Builder tensor = tensor(TensorProto.DataType.FLOAT);
    for (int size : shape) {
      tensor.addDims(size);
    }
    tensor.setDataLocation(TensorProto.DataLocation.EXTERNAL);
    tensor.addExternalDataBuilder().setKey("location").setValue(location);
    return add(tensor);
  }

  private TensorProto.Builder tensor(TensorProto.DataType type) {
    return TensorProto.newBuilder().setName("const_" + made++).setDataType(type.getNumber());
  }

  private String add(TensorProto.Builder tensor) {
    graph.addInitializer(tensor);
    return tensor.getName();
  }

  /** The same as a node, which tf2onnx and PyTorch use for small ones. */
  String constantNode(double value) {
    NodeProto.Builder node = graph.addNodeBuilder().setOpType("Constant");
    String name = "/Constant_" + made++;
    node.addOutput(name);
    node.addAttributeBuilder()
        .setName("value")
        .setType(AttributeProto.AttributeType.TENSOR)
        .setT(TensorProto.newBuilder().setDataType(1).addFloatData((float) value));
    return name;
  }

  /** Returns the name of what it makes. */
  public String node(String operator, String... inputs) {
    return of("", operator, inputs);
  }

  /** A node of another domain. */
  String of(String domain, String operator, String[] inputs, Object... attributes) {
    NodeProto.Builder node = graph.addNodeBuilder().setOpType(operator).setDomain(domain);
    String name = "/" + operator + "_" + made++;
    node.setName(name).addOutput(name + "_output_0");
    node.addAllInput(List.of(inputs));
    for (int i = 0; i < attributes.length; i += 2) {
      node.addAttribute(attribute((String) attributes[i], attributes[i + 1]));
    }
    return name + "_output_0";
  }

  /** The same with attributes: a name, its value, … */
  String with(String operator, String[] inputs, Object... attributes) {
    return of("", operator, inputs, attributes);
  }

  private static AttributeProto attribute(String name, Object value) {
    AttributeProto.Builder made = AttributeProto.newBuilder().setName(name);
    if (value instanceof Float number) {
      return made.setType(AttributeProto.AttributeType.FLOAT).setF(number).build();
    } else if (value instanceof Integer number) {
      return made.setType(AttributeProto.AttributeType.INT).setI(number).build();
    } else if (value instanceof String text) {
      ByteString bytes = ByteString.copyFromUtf8(text);
      return made.setType(AttributeProto.AttributeType.STRING).setS(bytes).build();
    } else if (value instanceof float[] numbers) {
      made.setType(AttributeProto.AttributeType.FLOATS);
      for (float number : numbers) {
        made.addFloats(number);
      }
      return made.build();
    }
    made.setType(AttributeProto.AttributeType.INTS);
    for (long number : (long[]) value) {
      made.addInts(number);
    }
    return made.build();
  }

  static String[] of(String... names) {
    return names;
  }

  /** PyTorch's nn.Linear. */
  public String linear(String x, int inputs, int units) {
    return with(
        "Gemm",
        of(x, weights(units, inputs), weights(units)),
        "alpha",
        1f,
        "beta",
        1f,
        "transB",
        1);
  }

  /** PyTorch's nn.BatchNorm1d, in evaluation. */
  public String batchNorm(String x, int width) {
    return batchNorm(x, width, "epsilon", 1e-5f, "momentum", 0.9f, "training_mode", 0);
  }

  String batchNorm(String x, int width, Object... attributes) {
    String[] inputs = {x, positive(width), weights(width), weights(width), positive(width)};
    return with("BatchNormalization", inputs, attributes);
  }

  /** Lets the last value be the one output, and writes the file. */
  public Path write(Path path, String last, int columns) {
    node("Identity", last);
    NodeProto.Builder end = graph.getNodeBuilder(graph.getNodeCount() - 1);
    end.setOutput(0, "y");
    output("y", columns);
    return write(path);
  }

  Path write(Path path) {
    try {
      return Files.write(path, model.build().toByteArray());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
