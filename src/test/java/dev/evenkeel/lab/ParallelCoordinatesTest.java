package dev.evenkeel.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

class ParallelCoordinatesTest {

  private static NodeList all(String svg, String tag) throws Exception {
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new ByteArrayInputStream(svg.getBytes(StandardCharsets.UTF_8)))
        .getElementsByTagName(tag);
  }

  /** The heights of a line on the axes, from above. */
  private static double[] heights(NodeList lines, int index) {
    String[] points = ((Element) lines.item(index)).getAttribute("points").split(" ");
    double[] heights = new double[points.length];
    for (int i = 0; i < points.length; i++) {
      heights[i] = Double.parseDouble(points[i].split(",")[1]);
    }
    return heights;
  }

  @Test
  void linesMeetTheirAxesAtTheirValuesAndTheBestIsOnTop() throws Exception {
    String svg =
        ParallelCoordinates.of("3 < 4 trials", "")
            .log("lr")
            .categories("norm", List.of("none", "batch", "layer"))
            .linear("loss")
            .line(List.of(1e-1, "layer", 1.0), 1)
            .line(List.of(1e-2, "none", 2.0), 0.5)
            .line(List.of(1e-3, "batch", 5.0), 0)
            .toSvg();
    NodeList lines = all(svg, "polyline");
    assertEquals(3, lines.getLength());
    double[] worst = heights(lines, 0);
    double[] middle = heights(lines, 1);
    double[] best = heights(lines, 2);
    assertEquals("#D55E00", ((Element) lines.item(2)).getAttribute("stroke"));
    double head = best[0];
    double foot = worst[0];
    assertTrue(head < foot, "the highest rate is above the lowest");
    assertEquals((head + foot) / 2, middle[0], 0.1, "1e-2 is half-way between 1e-3 and 1e-1");
    assertEquals(List.of(head, foot), List.of(best[1], middle[1]), "layer above, none below");
    assertEquals((head + foot) / 2, worst[1], 0.1);
    assertEquals(foot - 0.25 * (foot - head), middle[2], 0.1, "2 is a quarter from 1 to 5");
    assertTrue(svg.contains("3 &lt; 4 trials"), svg);
  }

  @Test
  void aLoneTrialAndAConstantAxisAreDrawn() throws Exception {
    String svg =
        ParallelCoordinates.of("1", "")
            .linear("a")
            .categories("b", List.of("only"))
            .line(List.of(3.0, "only"), 1)
            .toSvg();
    double[] heights = heights(all(svg, "polyline"), 0);
    assertEquals(heights[0], heights[1]);
    assertTrue(Double.isFinite(heights[0]));
  }
}
