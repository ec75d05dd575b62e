package dev.evenkeel.deploy;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.data.Catalog;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.data.Preparation;
import dev.evenkeel.data.Source;
import dev.evenkeel.data.Table;
import dev.evenkeel.data.Target;
import dev.evenkeel.data.Task;
import dev.evenkeel.loss.Loss;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import dev.evenkeel.train.DataPlan;
import dev.evenkeel.train.Evaluator;
import dev.evenkeel.train.Parts;
import dev.evenkeel.train.Recipe;
import dev.evenkeel.train.SavedModel;
import dev.evenkeel.train.Trainer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/** Models trained for an epoch or two on small data, and what Evenkeel itself says with them. */
final class TinyRuns {

  private static final double FIRST_SECOND = 1.7e9;

  private TinyRuns() {}

  /** Of two classes. */
  static SavedModel oneLogit(Path folder) {
    Recipe recipe = Recipe.classification().withLoss(Loss.binaryCrossEntropy());
    return train(table(folder, "owned"), recipe, folder);
  }

  /** As they are, unprepared. */
  static Dataset digits() {
    Table.Options detect = Table.Options.DETECT;
    Source all = Catalog.standard().load("digits", detect, Optional.empty(), Optional.empty());
    return ((Source.Arrays) all).data();
  }

  static SavedModel train(DataPlan plan, Recipe recipe, Path folder) {
    Parts data = plan.load(note -> {});
    boolean classes = data.train().task() instanceof Task.Classification;
    boolean one = classes && recipe.loss() instanceof Loss.BinaryCrossEntropy;
    int outputs = one ? 1 : data.train().task().outputs();
    Network network = Network.mlp(data.train().columns(), List.of(16, 8), outputs);
    try (Backend backend = Device.cpu(1);
        Model model = network.build(backend, 1)) {
      new Trainer(model, recipe.withEpochs(2).withMetrics(List.of()), data.train())
          .withPreparation(data.preparation())
          .withCheckpoints(folder)
          .fit();
    }
    return SavedModel.load(folder);
  }

  /**
   * Rows of numbers with gaps, of texts with gaps, and of seconds since 1970, of which neighbours
   * are the same float.
   */
  static DataPlan table(Path folder, String target) {
    Path file = folder.resolve("houses.csv");
    StringBuilder csv = new StringBuilder("area,second,town,heating,owned,kind,price\n");
    Random random = new Random(11);
    for (int row = 0; row < 300; row++) {
      double area = 20 + 180 * random.nextDouble();
      int town = random.nextInt(4);
      int second = random.nextInt(100);
      csv.append(random.nextInt(10) == 0 ? "" : Double.toString(area)).append(',');
      csv.append((long) FIRST_SECOND + second).append(',');
      csv.append(List.of("Ulm", "Köln", "\"Bad Tölz, Süd\"", "?").get(town)).append(',');
      csv.append(random.nextInt(5) == 0 ? "" : random.nextBoolean() ? "gas" : "wood").append(',');
      csv.append(area > 100 ? "yes" : "no").append(',');
      csv.append(List.of("flat", "house", "castle").get((int) (area / 70))).append(',');
      csv.append(1000 * area + 50000 * town + 100 * second).append('\n');
    }
    write(file, csv.toString());
    return DataPlan.of(file.toString()).withTarget(target);
  }

  /** For a model of any of the targets: the other two are features of it. */
  static Table later(Path folder) {
    Path file = folder.resolve("later.csv");
    write(
        file,
        """
        heating,town,second,area,owned,kind,price,remark
        gas,Ulm,1700000000,100,yes,house,150000,a
        wood,Köln,1700000001,55.5,no,flat,70000,b
        coal,"Bad Tölz, Süd",1700000099,,yes,castle,,c
        ,Paris,,180,no,ruin,90000,d
        gas,?,1700000050,NaN,,,210000,e
        """);
    return Table.read(file);
  }

  private static void write(Path file, String text) {
    try {
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Probabilities of the classes, or values in their own units, by the Evaluator. */
  static double[] answers(SavedModel saved, Dataset data) {
    Preparation preparation = saved.preparation().orElseThrow();
    float[] outputs = outputs(saved, data);
    double[] answers = new double[outputs.length];
    if (!(preparation.target() instanceof Target.Labels labels)) {
      for (int i = 0; i < outputs.length; i++) {
        answers[i] = outputs[i];
      }
      return answers;
    }
    int columns = saved.network().outputs();
    return columns == 1 ? twoClasses(outputs) : softmax(outputs, labels.classes().size());
  }

  /** Logits, or values in their own units, by the Evaluator. */
  static float[] outputs(SavedModel saved, Dataset data) {
    try (Backend backend = Device.cpu(1);
        Model model = saved.build(backend)) {
      return Evaluator.outputs(model, data, 64, saved.preparation());
    }
  }

  private static double[] twoClasses(float[] logits) {
    double[] answers = new double[2 * logits.length];
    for (int row = 0; row < logits.length; row++) {
      answers[2 * row + 1] = 1 / (1 + Math.exp(-logits[row]));
      answers[2 * row] = 1 - answers[2 * row + 1];
    }
    return answers;
  }

  private static double[] softmax(float[] logits, int columns) {
    if (logits.length % columns != 0) {
      throw new EvenkeelException("%d logits of %d classes".formatted(logits.length, columns));
    }
    double[] answers = new double[logits.length];
    for (int from = 0; from < logits.length; from += columns) {
      double sum = 0;
      for (int k = from; k < from + columns; k++) {
        sum += Math.exp(logits[k]);
      }
      for (int k = from; k < from + columns; k++) {
        answers[k] = Math.exp(logits[k]) / sum;
      }
    }
    return answers;
  }
}
