package dev.evenkeel.report;

import dev.evenkeel.nn.Outline;
import dev.evenkeel.train.SavedModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** The outline of a network as a table, with the shapes of what each layer holds. */
final class LayerTable {

  private LayerTable() {}

  static String html(SavedModel saved) {
    StringBuilder html = new StringBuilder("<table><thead><tr><th></th><th>layer</th>");
    html.append("<th>values out</th><th>shapes</th><th>parameters</th></tr></thead><tbody>\n");
    html.append(row("", "input", saved.network().inputs(), "", ""));
    long total = 0;
    for (Outline.Line line : Outline.of(saved.network())) {
      total += line.parameters();
      html.append(
          row(
              line.name(),
              line.layer(),
              line.width(),
              shapes(saved, line.name() + "."),
              line.parameters() == 0 ? "" : "%,d".formatted(line.parameters())));
    }
    html.append(row("", "all", saved.network().outputs(), "", "%,d".formatted(total)));
    return html.append("</tbody></table>\n").toString();
  }

  /** Of a layer's tensors; the count of batches has none. */
  private static String shapes(SavedModel saved, String prefix) {
    List<String> shapes = new ArrayList<>();
    saved
        .content()
        .tensors()
        .forEach(
            (name, tensor) -> {
              if (name.startsWith(prefix) && tensor.shape().length > 0) {
                shapes.add(
                    Arrays.stream(tensor.shape())
                        .mapToObj(Long::toString)
                        .collect(
                            Collectors.joining(" × ", name.substring(prefix.length()) + " ", "")));
              }
            });
    return String.join(", ", shapes);
  }

  private static String row(
      String name, String layer, int width, String shapes, String parameters) {
    return "<tr><td>%s</td><td>%s</td><td class=\"number\">%,d</td><td>%s</td><td class=\"number\">%s</td></tr>\n"
        .formatted(name, Html.text(layer), width, Html.text(shapes), parameters);
  }
}
