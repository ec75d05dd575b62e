package dev.evenkeel.deploy;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import dev.evenkeel.data.Preparation;
import dev.evenkeel.data.Standardize;
import dev.evenkeel.data.Target;
import dev.evenkeel.io.Json;
import dev.evenkeel.io.OnnxGraph;
import dev.evenkeel.train.SavedModel;
import java.nio.file.Path;
import java.util.Map;

/**
 * Writes a model as an ONNX file that takes data as they are and answers in their terms: with the
 * preparation in front of the network, and behind it softmax or sigmoid ("probabilities", whose
 * classes are in the metadata), or the way back to the target's own units ("values"). Any number of
 * rows.
 *
 * <p>Needs {@code org.tribuo:tribuo-util-onnx}, an optional dependency.
 */
public final class OnnxFile {

  private final OnnxGraph graph;
  private final Inference model;

  private OnnxFile(Inference model) {
    this.model = model;
    this.graph =
        new OnnxGraph(
            SavedModel.version(),
            "A network of %s and %s, trained by Evenkeel"
                .formatted(
                    Words.counted(model.network().inputs(), "input"),
                    Words.counted(model.network().outputs(), "output")));
  }

  /** Of a saved model, with its norms folded. */
  public static void write(Path path, SavedModel saved) {
    write(path, Inference.of(saved, Inference.Form.FOLDED));
  }

  /**
   * @param model in any form but {@link Inference.Form#AS_TRAINED}
   */
  public static void write(Path path, Inference model) {
    try {
      new OnnxFile(model).write(path);
    } catch (NoClassDefFoundError e) {
      throw new EvenkeelException(
          "ONNX can't be written: %s is not on the class path. help: add the dependency org.tribuo:tribuo-util-onnx, which Evenkeel leaves out unless asked"
              .formatted(e.getMessage().replace('/', '.')),
          e);
    }
  }

  private void write(Path path) {
    var network = model.network();
    String x =
        model
            .preparation()
            .map(preparation -> OnnxInputs.append(graph, preparation))
            .orElseGet(() -> OnnxInputs.bare(graph, network.inputs()));
    String y =
        new OnnxLayers(graph, model.values()).append(network.layers(), "", network.inputs(), x);
    outputs(y);
    model.preparation().map(Preparation::target).ifPresent(this::describe);
    graph.write(path);
  }

  private void outputs(String y) {
    int columns = model.network().outputs();
    switch (model.meaning()) {
      case PROBABILITIES ->
          graph.output(graph.node("Softmax", "probabilities", Map.of("axis", -1L), y), columns);
      case SECOND_OF_TWO -> {
        String second = graph.node("Sigmoid", "/second", y);
        String one = graph.floats("/one", new float[] {1});
        String first = graph.node("Sub", "/first", one, second);
        graph.output(graph.node("Concat", "probabilities", Map.of("axis", 1L), first, second), 2);
      }
      case INDEPENDENT -> graph.output(graph.node("Sigmoid", "probabilities", y), columns);
      case VALUES -> graph.output(values(y), columns);
    }
  }

  private String values(String y) {
    if (model.preparation().isEmpty()) {
      return graph.node("Identity", "values", y);
    }
    Standardize scale = ((Target.Quantities) model.preparation().get().target()).scale();
    int count = scale.mean().length;
    String deviation = graph.floats("target.deviation", floats(scale.deviation()), count);
    String mean = graph.floats("target.mean", floats(scale.mean()), count);
    return graph.node("Add", "values", graph.node("Mul", "/scaled", y, deviation), mean);
  }

  private static float[] floats(double[] wide) {
    float[] values = new float[wide.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) wide[i];
    }
    return values;
  }

  private void describe(Target target) {
    if (target instanceof Target.Labels labels) {
      graph.metadata("target", labels.name());
      graph.metadata("classes", Json.write(labels.classes()));
    } else if (target instanceof Target.Flags flags) {
      graph.metadata("flags", Json.write(flags.labels()));
    } else {
      graph.metadata("targets", Json.write(((Target.Quantities) target).names()));
    }
  }
}
