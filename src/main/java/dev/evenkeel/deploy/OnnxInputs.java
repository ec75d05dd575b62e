package dev.evenkeel.deploy;

import dev.evenkeel.data.Feature;
import dev.evenkeel.data.Preparation;
import dev.evenkeel.data.Standardize;
import dev.evenkeel.io.OnnxGraph;
import dev.evenkeel.io.OnnxGraph.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;
import java.util.stream.LongStream;

/**
 * What is in front of the network: an array is one input of floats; a table has an input [rows, 1]
 * for each column, called like it, of doubles or of texts, and [rows, numbers] of floats for one of
 * vectors. So a data frame's columns are fed as they are, and time stamps keep their differences.
 * ONNX can't read dates: they are fed as days since 1970.
 */
final class OnnxInputs {

  /** Of a mean's share beyond a float: in standardised units, half of a float's rounding at 1. */
  private static final double NEGLIGIBLE = 3e-8;

  /** Between them a float holds a column's size, and its values without loss. */
  private static final double LEAST = 1e-30;

  private static final double MOST = 1e30;

  /** In limits: to a float, a smooth clip takes all beyond to the limit itself. */
  private static final float FAR = 1e5f;

  private final OnnxGraph graph;
  private final List<String> parts = new ArrayList<>();

  /** Neighbouring columns of numbers and vectors, which are taken together. */
  private final List<String> numbers = new ArrayList<>();

  /** Of each of their numbers: what is taken off. */
  private final List<Double> centers = new ArrayList<>();

  /** What it is divided by in double; 1 where a float can do it later. */
  private final List<Double> sizes = new ArrayList<>();

  private OnnxInputs(OnnxGraph graph) {
    this.graph = graph;
  }

  /** Bare features, where a model has no preparation. */
  static String bare(OnnxGraph graph, int width) {
    return graph.input("features", Type.FLOAT, width, "the network's own inputs");
  }

  /** Returns the name of the network's input. */
  static String append(OnnxGraph graph, Preparation preparation) {
    return new OnnxInputs(graph).standardised(preparation);
  }

  private String standardised(Preparation preparation) {
    double[] mean = preparation.standardize().mean().clone();
    double[] deviation = preparation.standardize().deviation().clone();
    boolean own = mean.length == preparation.width(); // not one of all
    // All of them first: no value on the way to the network is to take the name of a column.
    Iterator<String> inputs = preparation.features().stream().map(this::input).toList().iterator();
    int place = 0;
    for (Feature feature : preparation.features()) {
      String input = inputs.next();
      if (feature instanceof Feature.Columns) {
        parts.add(input);
      } else if (feature instanceof Feature.Numeric numeric) {
        numbers.add(input);
        centers.add(numeric.center());
        sizes.add(own ? sized(mean, deviation, place) : 1);
      } else if (feature instanceof Feature.Vector vector) {
        String name = "/vector" + place;
        numbers.add(graph.node("Cast", name, Map.of("to", Type.DOUBLE.code()), input));
        centers.addAll(vector.centers());
        for (int j = 0; j < vector.width(); j++) {
          sizes.add(own ? sized(mean, deviation, place + j) : 1);
        }
      } else if (feature instanceof Feature.Pieces pieces) {
        flushNumbers();
        append(pieces, input);
      } else if (feature instanceof Feature.Dates dates) {
        flushNumbers();
        append(dates, input);
      } else if (feature instanceof Feature.Means means) {
        flushNumbers();
        parts.add(means(means, input));
      } else if (feature instanceof Feature.Categorical texts && texts.width() > 0) {
        flushNumbers();
        parts.add(oneHot(texts, input));
      }
      place += feature.width();
    }
    flushNumbers();
    String scaled = standardise(new Standardize(mean, deviation), concatenated("/encoded", parts));
    return preparation.clip() == 0 ? scaled : smoothlyClipped(preparation, scaled);
  }

  /** What a number is divided by in double, which is then no longer done later. */
  private static double sized(double[] mean, double[] deviation, int place) {
    double size = deviation[place];
    if (size > LEAST && size < MOST) {
      return 1;
    }
    mean[place] /= size;
    deviation[place] = 1;
    return size;
  }

  /** The input that a feature is made of; none, "", for texts that make nothing. */
  private String input(Feature feature) {
    if (feature instanceof Feature.Columns columns) {
      String text = "as in the training data, not standardised; all present";
      return graph.input("features", Type.FLOAT, columns.count(), text);
    }
    String name = feature.column().orElseThrow();
    if (feature.holdsNumbers()) {
      return graph.input(name, Type.DOUBLE, 1, "a number; NaN where it is missing");
    }
    if (feature instanceof Feature.Vector) {
      String text = "a vector; all NaN where it is missing";
      return graph.input(name, Type.FLOAT, feature.width(), text);
    }
    if (feature instanceof Feature.Dates) {
      String text = "days since 1970-01-01, the time as a fraction; NaN where it is missing";
      return graph.input(name, Type.DOUBLE, 1, text);
    }
    String text = "a text of the training data; any other, such as \"\", where it is missing";
    return feature.width() == 0 ? "" : graph.input(name, Type.STRING, 1, text);
  }

  /** x / √(1 + (x / limit)²), where the square of a far x would be infinite as a float. */
  private String smoothlyClipped(Preparation preparation, String x) {
    String bound = limit(preparation);
    String least = graph.scalar("/clip/least", (float) (-FAR * preparation.clip()));
    String most = graph.scalar("/clip/most", (float) (FAR * preparation.clip()));
    String near = graph.node("Clip", "/clip/near", x, least, most);
    String share = graph.node("Div", "/clip/share", near, bound);
    String square = graph.node("Mul", "/clip/square", share, share);
    String sum = graph.node("Add", "/clip/sum", square, graph.scalar("/clip/one", 1));
    return graph.node("Div", "/clipped", near, graph.node("Sqrt", "/clip/root", sum));
  }

  /** One of all inputs; where some are pieces, which aren't clipped, one of each. */
  private String limit(Preparation preparation) {
    if (preparation.features().stream().noneMatch(Feature.Pieces.class::isInstance)) {
      return graph.scalar("clip.limit", (float) preparation.clip());
    }
    float[] limits = new float[preparation.width()];
    int place = 0;
    for (Feature feature : preparation.features()) {
      boolean clipped = !(feature instanceof Feature.Pieces);
      float limit = clipped ? (float) preparation.clip() : Float.POSITIVE_INFINITY;
      Arrays.fill(limits, place, place + feature.width(), limit);
      place += feature.width();
    }
    return graph.floats("clip.limit", limits, limits.length);
  }

  private String concatenated(String name, List<String> values) {
    return values.size() == 1
        ? values.get(0)
        : graph.node("Concat", name, Map.of("axis", 1L), values.toArray(String[]::new));
  }

  /**
   * Centred in double, 0 where missing, then rounded to float: what is far out is clipped later. A
   * column whose size no float holds well is divided by it before.
   */
  private void flushNumbers() {
    if (numbers.isEmpty()) {
      return;
    }
    String name = "/numbers" + parts.size();
    String together = concatenated(name, numbers);
    double[] center = centers.stream().mapToDouble(one -> one).toArray();
    String centred =
        graph.node("Sub", name + "/centred", together, graph.doubles(name + "/center", center));
    double[] size = sizes.stream().mapToDouble(one -> one).toArray();
    if (DoubleStream.of(size).anyMatch(one -> one != 1)) {
      centred = graph.node("Div", name + "/divided", centred, graph.doubles(name + "/size", size));
    }
    addRounded(name, centred);
    numbers.clear();
    centers.clear();
    sizes.clear();
  }

  private void addRounded(String name, String doubles) {
    String missing = graph.node("IsNaN", name + "/missing", doubles);
    String filled =
        graph.node("Where", name + "/filled", missing, graph.doubles(name + "/zero", 0), doubles);
    parts.add(graph.node("Cast", name + "/rounded", Map.of("to", Type.FLOAT.code()), filled));
  }

  /** Of each piece how much of it is passed, in double; a missing value stands at the median. */
  private void append(Feature.Pieces pieces, String x) {
    String name = "/pieces" + parts.size();
    double[] units = new double[pieces.width()];
    double[] begins = new double[units.length];
    double[] lengths = new double[units.length];
    Arrays.setAll(units, pieces::unit);
    Arrays.setAll(begins, k -> pieces.edges().get(k) * units[k]);
    Arrays.setAll(lengths, k -> pieces.edges().get(k + 1) * units[k] - begins[k]);
    String missing = graph.node("IsNaN", name + "/missing", x);
    String center = graph.doubles(name + "/center", pieces.center());
    String filled = graph.node("Where", name + "/filled", missing, center, x);
    if (DoubleStream.of(units).anyMatch(unit -> unit != 1)) {
      filled = graph.node("Mul", name + "/units", filled, graph.doubles(name + "/unit", units));
    }
    String behind =
        graph.node("Sub", name + "/behind", filled, graph.doubles(name + "/begins", begins));
    String passed =
        graph.node("Div", name + "/passed", behind, graph.doubles(name + "/lengths", lengths));
    String zero = graph.doubles(name + "/zero", 0);
    String one = graph.doubles(name + "/one", 1);
    String most = graph.node("Min", name + "/most", passed, one);
    String inside = graph.node("Max", name + "/inside", most, zero);
    parts.add(graph.node("Cast", name + "/rounded", Map.of("to", Type.FLOAT.code()), inside));
  }

  /** In double up to the sines, since days are many; cosines are sines of more. */
  private void append(Feature.Dates dates, String days) {
    String name = "/dates" + parts.size();
    int angles = dates.width() - 1;
    double[] speeds = new double[angles];
    double[] shifts = new double[angles];
    for (int k = 0; k < angles; k++) {
      speeds[k] = 2 * Math.PI / Feature.Dates.period(k + 1);
      shifts[k] = Feature.Dates.shift(k + 1);
    }
    String turned =
        graph.node("Mul", name + "/turned", days, graph.doubles(name + "/speeds", speeds));
    String shifted =
        graph.node("Add", name + "/shifted", turned, graph.doubles(name + "/shifts", shifts));
    String waves = graph.node("Sin", name + "/waves", shifted);
    String center = graph.doubles(name + "/center", dates.center());
    String centred = graph.node("Sub", name + "/centred", days, center);
    String all = graph.node("Concat", name + "/all", Map.of("axis", 1L), centred, waves);
    addRounded(name, all);
  }

  /** A text that the training did not have is 0 everywhere, and so is a missing one. */
  private String oneHot(Feature.Categorical feature, String input) {
    String name = "/category" + parts.size();
    String encoded =
        graph.mlNode(
            "OneHotEncoder", name, Map.of("cats_strings", feature.levels(), "zeros", 1L), input);
    String shape = graph.longs(name + "/shape", 0, feature.width());
    return graph.node("Reshape", name + "/flat", encoded, shape);
  }

  /** Behind the last text's means stand zeros, for a text that the training did not have. */
  private String means(Feature.Means feature, String input) {
    String name = "/means" + parts.size();
    List<String> levels = feature.levels();
    List<Long> places = LongStream.range(0, levels.size()).boxed().toList();
    long unknown = levels.size();
    String place =
        graph.mlNode(
            "LabelEncoder",
            name,
            Map.of("keys_strings", levels, "values_int64s", places, "default_int64", unknown),
            input);
    float[] rows = new float[(levels.size() + 1) * feature.width()];
    for (int i = 0; i < feature.means().size(); i++) {
      rows[i] = feature.means().get(i).floatValue();
    }
    String table = graph.floats(name + "/table", rows, levels.size() + 1, feature.width());
    String found = graph.node("Gather", name + "/found", table, place);
    return graph.node(
        "Reshape", name + "/flat", found, graph.longs(name + "/shape", 0, feature.width()));
  }

  /** The mean is taken off as two floats, so that a large one cancels nothing. */
  private String standardise(Standardize by, String x) {
    int columns = by.mean().length;
    float[] high = new float[columns];
    float[] low = new float[columns];
    float[] deviation = new float[columns];
    boolean twoFloats = false;
    for (int j = 0; j < columns; j++) {
      high[j] = (float) by.mean()[j];
      low[j] = (float) (by.mean()[j] - high[j]);
      deviation[j] = (float) by.deviation()[j];
      twoFloats |= Math.abs(low[j]) > NEGLIGIBLE * by.deviation()[j];
    }
    String centred = graph.node("Sub", "/centred", x, graph.floats("scaler.mean", high, columns));
    if (twoFloats) {
      String rest = graph.floats("scaler.mean_rest", low, columns);
      centred = graph.node("Sub", "/centred", centred, rest);
    }
    String divisor = graph.floats("scaler.deviation", deviation, columns);
    return graph.node("Div", "/standardised", centred, divisor);
  }
}
