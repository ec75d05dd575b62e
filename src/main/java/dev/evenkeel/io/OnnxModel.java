package dev.evenkeel.io;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.evenkeel.EvenkeelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An ONNX file as it was read: nodes in the order in which they run, constants, inputs and outputs.
 * What it means is not looked at here.
 */
public final class OnnxModel {

  /** Far beyond any chain of layers; a graph of more would be searched for long. */
  private static final int MOST_NODES = 10_000;

  /** An attribute's value is a Double, a Long, a String, or a List of Longs or Strings. */
  public record Node(
      String name,
      String domain,
      String operator,
      List<String> inputs,
      List<String> outputs,
      Map<String, Object> attributes) {

    public long integer(String attribute, long absent) {
      return attributes.get(attribute) instanceof Long value ? value : absent;
    }

    /** The float as it was meant: 0.1f is 0.1. */
    public double real(String attribute, double absent) {
      return attributes.get(attribute) instanceof Double value ? value : absent;
    }

    /** The input at a place, which may be left out. */
    public Optional<String> input(int index) {
      return index < inputs.size() && !inputs.get(index).isEmpty()
          ? Optional.of(inputs.get(index))
          : Optional.empty();
    }

    /** For messages: node "fc1" (Gemm). */
    @Override
    public String toString() {
      String called = name.isEmpty() && !outputs.isEmpty() ? outputs.get(0) : name;
      return "node \"%s\" (%s)".formatted(called, operator);
    }
  }

  /**
   * @param shape a dimension that is not known is −1; empty where the file says nothing
   */
  public record Input(String name, List<Long> shape) {}

  private final Path path;
  private final ModelProto model;
  private final List<Node> nodes;
  private final Map<String, TensorProto> constants = new HashMap<>();

  private OnnxModel(Path path, ModelProto model) {
    this.path = path;
    this.model = model;
    GraphProto graph = model.getGraph();
    if (graph.getNodeCount() > MOST_NODES) {
      throw new EvenkeelException(
          "%s has %,d nodes, but a chain of layers has at most %,d"
              .formatted(path, graph.getNodeCount(), MOST_NODES));
    }
    graph.getInitializerList().forEach(tensor -> constants.put(tensor.getName(), tensor));
    graph.getNodeList().forEach(this::addConstant);
    this.nodes =
        graph.getNodeList().stream()
            .filter(node -> !node.getOpType().equals("Constant"))
            .map(OnnxModel::node)
            .toList();
  }

  /** Reads a file, and none but that: values that lie in others are refused. */
  public static OnnxModel read(Path path) {
    try {
      byte[] bytes = Files.readAllBytes(path);
      ModelProto model = ModelProto.parseFrom(bytes);
      if (!model.hasGraph()) {
        throw new EvenkeelException("%s is no ONNX file: it holds no graph".formatted(path));
      }
      return new OnnxModel(path, model);
    } catch (InvalidProtocolBufferException e) {
      throw new EvenkeelException(
          "%s is no ONNX file, or a damaged one: %s".formatted(path, e.getMessage()), e);
    } catch (IOException e) {
      throw Unreadable.because(path, e);
    } catch (OutOfMemoryError e) {
      throw new EvenkeelException(
          "%s is too large for Java's memory, or for the format's 2 GB".formatted(path), e);
    }
  }

  private void addConstant(NodeProto node) {
    if (!node.getOpType().equals("Constant") || node.getOutputCount() != 1) {
      return;
    }
    for (AttributeProto attribute : node.getAttributeList()) {
      TensorProto.Builder made = TensorProto.newBuilder().setName(node.getOutput(0));
      switch (attribute.getName()) {
        case "value" -> made.mergeFrom(attribute.getT()).setName(node.getOutput(0));
        case "value_float" ->
            made.setDataType(TensorProto.DataType.FLOAT_VALUE).addFloatData(attribute.getF());
        case "value_floats" ->
            made.setDataType(TensorProto.DataType.FLOAT_VALUE)
                .addDims(attribute.getFloatsCount())
                .addAllFloatData(attribute.getFloatsList());
        case "value_int" ->
            made.setDataType(TensorProto.DataType.INT64_VALUE).addInt64Data(attribute.getI());
        case "value_ints" ->
            made.setDataType(TensorProto.DataType.INT64_VALUE)
                .addDims(attribute.getIntsCount())
                .addAllInt64Data(attribute.getIntsList());
        default -> {
          continue;
        }
      }
      constants.put(node.getOutput(0), made.build());
    }
  }

  private static Node node(NodeProto node) {
    Map<String, Object> attributes = new LinkedHashMap<>();
    for (AttributeProto attribute : node.getAttributeList()) {
      Object value =
          switch (attribute.getType()) {
            case FLOAT -> Double.parseDouble(Float.toString(attribute.getF()));
            case INT -> attribute.getI();
            case STRING -> attribute.getS().toStringUtf8();
            case INTS -> List.copyOf(attribute.getIntsList());
            case FLOATS -> List.copyOf(attribute.getFloatsList());
            case STRINGS ->
                attribute.getStringsList().stream().map(bytes -> bytes.toStringUtf8()).toList();
            default -> attribute.getType().name();
          };
      attributes.put(attribute.getName(), value);
    }
    return new Node(
        node.getName(),
        node.getDomain(),
        node.getOpType(),
        List.copyOf(node.getInputList()),
        List.copyOf(node.getOutputList()),
        attributes);
  }

  public Path path() {
    return path;
  }

  /** The program that wrote it, as "pytorch". */
  public String producer() {
    return model.getProducerName();
  }

  public Map<String, String> metadata() {
    Map<String, String> texts = new LinkedHashMap<>();
    for (StringStringEntryProto entry : model.getMetadataPropsList()) {
      texts.put(entry.getKey(), entry.getValue());
    }
    return texts;
  }

  /** Without the constants, which old files list among them. */
  public List<Input> inputs() {
    return model.getGraph().getInputList().stream()
        .filter(input -> !constants.containsKey(input.getName()))
        .map(OnnxModel::input)
        .toList();
  }

  private static Input input(ValueInfoProto input) {
    return new Input(
        input.getName(),
        input.getType().getTensorType().getShape().getDimList().stream()
            .map(TensorShapeProto.Dimension::getDimValue)
            .map(size -> size > 0 ? size : -1)
            .toList());
  }

  public List<String> outputs() {
    return model.getGraph().getOutputList().stream().map(ValueInfoProto::getName).toList();
  }

  public List<Node> nodes() {
    return nodes;
  }

  public boolean isConstant(String name) {
    return constants.containsKey(name);
  }

  /** A constant's values; none where there is no such constant. */
  public Optional<OnnxTensor> constant(String name) {
    return Optional.ofNullable(constants.get(name)).map(tensor -> OnnxTensor.of(tensor, path));
  }
}
