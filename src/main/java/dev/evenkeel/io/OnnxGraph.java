package dev.evenkeel.io;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.google.protobuf.ByteString;
import dev.evenkeel.EvenkeelException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Puts an ONNX file together: inputs and outputs [rows, columns] with any number of rows,
 * constants, and nodes in the order in which they run. Each method returns the name of the value
 * that it makes, which is the one asked for unless another value has it already.
 *
 * <p>The files are of operator set 17, {@code ai.onnx.ml} 3 and IR version 8, those of ONNX 1.12
 * (2022): the oldest with LayerNormalization as one operator.
 */
public final class OnnxGraph {

  private static final int OPERATOR_SET = 17;
  private static final int ML_OPERATOR_SET = 3;
  private static final int IR_VERSION = 8;

  /** The domain of the operators that are not of neural networks, such as one-hot encoding. */
  public static final String ML = "ai.onnx.ml";

  /** Protobuf's own limit, less room for all that is not weights. */
  private static final long MOST_BYTES = Integer.MAX_VALUE - (1L << 24);

  /** The element types of inputs and outputs. */
  public enum Type {
    FLOAT(TensorProto.DataType.FLOAT),
    DOUBLE(TensorProto.DataType.DOUBLE),
    STRING(TensorProto.DataType.STRING);

    private final TensorProto.DataType code;

    Type(TensorProto.DataType code) {
      this.code = code;
    }

    /** As the attribute of a Cast has it. */
    public long code() {
      return code.getNumber();
    }
  }

  private final ModelProto.Builder model = ModelProto.newBuilder();
  private final GraphProto.Builder graph;
  private final Set<String> names = new HashSet<>();
  private boolean usesMl;
  private long bytes;

  /**
   * @param version of Evenkeel, as the file's producer
   * @param description for whoever looks at the file
   */
  public OnnxGraph(String version, String description) {
    model.setProducerName("evenkeel").setProducerVersion(version).setIrVersion(IR_VERSION);
    model.setDocString(description);
    graph = model.getGraphBuilder().setName("evenkeel");
  }

  /**
   * @param description says what to put in
   */
  public String input(String name, Type type, int columns, String description) {
    String unique = unique(name);
    graph.addInput(value(unique, type, columns).setDocString(description));
    return unique;
  }

  /** Lets the value that is the result be an output of the file. */
  public void output(String name, int columns) {
    graph.addOutput(value(name, Type.FLOAT, columns));
  }

  private static ValueInfoProto.Builder value(String name, Type type, int columns) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    shape.addDimBuilder().setDimParam("rows");
    shape.addDimBuilder().setDimValue(columns);
    TypeProto.Builder typed = TypeProto.newBuilder();
    typed.getTensorTypeBuilder().setElemType(type.code.getNumber()).setShape(shape);
    return ValueInfoProto.newBuilder().setName(name).setType(typed);
  }

  public String node(String operator, String output, String... inputs) {
    return node(operator, output, Map.of(), inputs);
  }

  /**
   * @param attributes a Double, a Long, or a List of Longs or Strings
   */
  public String node(
      String operator, String output, Map<String, Object> attributes, String... inputs) {
    return add("", operator, output, attributes, inputs);
  }

  /** A node of the {@link #ML} domain. */
  public String mlNode(
      String operator, String output, Map<String, Object> attributes, String... inputs) {
    usesMl = true;
    return add(ML, operator, output, attributes, inputs);
  }

  private String add(
      String domain,
      String operator,
      String output,
      Map<String, Object> attributes,
      String... inputs) {
    String unique = unique(output);
    NodeProto.Builder node =
        graph.addNodeBuilder().setOpType(operator).setDomain(domain).setName(unique);
    node.addAllInput(List.of(inputs)).addOutput(unique);
    attributes.entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .forEach(entry -> node.addAttribute(attribute(entry.getKey(), entry.getValue())));
    return unique;
  }

  private static AttributeProto attribute(String name, Object value) {
    AttributeProto.Builder made = AttributeProto.newBuilder().setName(name);
    if (value instanceof Double number) {
      return made.setType(AttributeProto.AttributeType.FLOAT).setF(number.floatValue()).build();
    } else if (value instanceof Long number) {
      return made.setType(AttributeProto.AttributeType.INT).setI(number).build();
    }
    boolean texts = ((List<?>) value).get(0) instanceof String;
    made.setType(texts ? AttributeProto.AttributeType.STRINGS : AttributeProto.AttributeType.INTS);
    for (Object element : (List<?>) value) {
      if (texts) {
        made.addStrings(ByteString.copyFrom((String) element, StandardCharsets.UTF_8));
      } else {
        made.addInts((Long) element);
      }
    }
    return made.build();
  }

  /** A constant; no dimension makes a scalar. */
  public String floats(String name, float[] values, long... shape) {
    ByteBuffer data = buffer(values.length, Float.BYTES);
    data.asFloatBuffer().put(values);
    return constant(name, TensorProto.DataType.FLOAT, data, shape);
  }

  public String scalar(String name, double value) {
    return floats(name, new float[] {(float) value});
  }

  /** A constant vector. */
  public String doubles(String name, double... values) {
    ByteBuffer data = buffer(values.length, Double.BYTES);
    data.asDoubleBuffer().put(values);
    return constant(name, TensorProto.DataType.DOUBLE, data, values.length);
  }

  /** A constant vector. */
  public String longs(String name, long... values) {
    ByteBuffer data = buffer(values.length, Long.BYTES);
    data.asLongBuffer().put(values);
    return constant(name, TensorProto.DataType.INT64, data, values.length);
  }

  private ByteBuffer buffer(long count, int width) {
    bytes += count * width;
    if (bytes > MOST_BYTES) {
      throw new EvenkeelException(
          "The model is too large for an ONNX file of 2 GB, which is all that its format allows. help: --format safetensors");
    }
    return ByteBuffer.allocate((int) (count * width)).order(ByteOrder.LITTLE_ENDIAN);
  }

  private String constant(String name, TensorProto.DataType type, ByteBuffer data, long... shape) {
    String unique = unique(name);
    TensorProto.Builder tensor =
        graph.addInitializerBuilder().setName(unique).setDataType(type.getNumber());
    for (long dimension : shape) {
      tensor.addDims(dimension);
    }
    tensor.setRawData(ByteString.copyFrom(data));
    return unique;
  }

  /** A text for whoever serves the model. */
  public void metadata(String key, String value) {
    model.addMetadataProps(StringStringEntryProto.newBuilder().setKey(key).setValue(value));
  }

  /** The file appears whole or not at all. */
  public void write(Path path) {
    model.addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(OPERATOR_SET));
    if (usesMl) {
      model.addOpsetImport(
          OperatorSetIdProto.newBuilder().setDomain(ML).setVersion(ML_OPERATOR_SET));
    }
    ModelProto built = model.build();
    AtomicFile.write(
        path,
        channel -> {
          OutputStream out = Channels.newOutputStream(channel);
          built.writeTo(out);
          out.flush();
        });
  }

  private String unique(String wish) {
    String name = wish;
    for (int i = 2; !names.add(name); i++) {
      name = wish + "_" + i;
    }
    return name;
  }
}
