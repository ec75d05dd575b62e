package dev.evenkeel.report;

import dev.evenkeel.nn.Activate;
import dev.evenkeel.nn.BatchNorm;
import dev.evenkeel.nn.Dropout;
import dev.evenkeel.nn.Layer;
import dev.evenkeel.nn.Linear;
import dev.evenkeel.nn.Residual;
import dev.evenkeel.nn.RowNorm;
import dev.evenkeel.train.SavedModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** The description of a network as a table: layers, widths, shapes, parameters. */
final class LayerTable {

  private final SavedModel saved;
  private final StringBuilder html = new StringBuilder();
  private long total;

  private LayerTable(SavedModel saved) {
    this.saved = saved;
  }

  static String html(SavedModel saved) {
    LayerTable table = new LayerTable(saved);
    table.html.append("<table><thead><tr><th></th><th>layer</th><th>values out</th>");
    table.html.append("<th>shapes</th><th>parameters</th></tr></thead><tbody>\n");
    table.row("", "input", saved.network().inputs(), List.of(), "");
    table.rows(saved.network().layers(), "", saved.network().inputs());
    table.row("", "all", saved.network().outputs(), List.of(), "%,d".formatted(table.total));
    return table.html.append("</tbody></table>\n").toString();
  }

  private void rows(List<Layer> layers, String prefix, int inputs) {
    int width = inputs;
    for (int i = 0; i < layers.size(); i++) {
      Layer layer = layers.get(i);
      width = layer instanceof Linear linear ? linear.units() : width;
      String name = prefix + i;
      if (layer instanceof Residual residual) {
        row(name, "residual, x + …", width, List.of(), "");
        rows(residual.layers(), name + ".", width);
      } else {
        List<String> shapes = new ArrayList<>();
        long parameters = tensors(name + ".", shapes);
        total += parameters;
        row(name, words(layer), width, shapes, parameters == 0 ? "" : "%,d".formatted(parameters));
      }
    }
  }

  private static String words(Layer layer) {
    if (layer instanceof Linear linear) {
      return linear.hasWeightNorm() ? "linear, weight norm" : "linear";
    } else if (layer instanceof Activate activate) {
      return activate.function().label();
    } else if (layer instanceof BatchNorm norm) {
      String kind = norm.centresOnly() ? "batch norm, mean only" : "batch norm";
      return norm.ghostRows() > 0 ? kind + " over %,d rows".formatted(norm.ghostRows()) : kind;
    } else if (layer instanceof RowNorm norm) {
      return norm.kind().name().toLowerCase(Locale.ROOT) + " norm";
    } else if (layer instanceof Dropout dropout) {
      return "dropout " + dropout.probability();
    }
    return layer.toString();
  }

  /** Collects the shapes of a layer; its number of parameters, without statistics. */
  private long tensors(String prefix, List<String> shapes) {
    long parameters = 0;
    for (var entry : saved.content().tensors().entrySet()) {
      if (entry.getKey().startsWith(prefix)) {
        String name = entry.getKey().substring(prefix.length());
        long[] shape = entry.getValue().shape();
        boolean statistic = name.startsWith("running_") || name.equals("num_batches_tracked");
        if (!statistic) {
          parameters += Arrays.stream(shape).reduce(1, (a, b) -> a * b);
        }
        if (shape.length > 0) {
          shapes.add(
              name
                  + " "
                  + Arrays.stream(shape)
                      .mapToObj(Long::toString)
                      .collect(Collectors.joining(" × ")));
        }
      }
    }
    return parameters;
  }

  private void row(String name, String layer, int width, List<String> shapes, String parameters) {
    html.append(
        "<tr><td>%s</td><td>%s</td><td class=\"number\">%,d</td><td>%s</td><td class=\"number\">%s</td></tr>%n"
            .formatted(
                name, Html.text(layer), width, Html.text(String.join(", ", shapes)), parameters));
  }
}
