package dev.evenkeel.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.evenkeel.data.Feature;
import dev.evenkeel.data.Preparation;
import dev.evenkeel.data.Standardize;
import dev.evenkeel.data.Target;
import dev.evenkeel.train.PredictionFile;
import java.io.IOException;
import java.io.StringWriter;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What outputs mean is the same to a predictor and in a file of predictions, digit by digit. */
class MeaningTest {

  private static final int ROWS = 5000;

  @Test
  void probabilitiesOfClassesHaveTheDigitsOfAFile() throws IOException {
    for (int classes : new int[] {2, 3, 10}) {
      List<String> names = IntStream.range(0, classes).mapToObj(k -> "class" + k).toList();
      assertSameDigits(Meaning.PROBABILITIES, new Target.Labels("kind", names), classes, classes);
    }
  }

  @Test
  void bothClassesOfOneLogitHaveTheDigitsOfAFile() throws IOException {
    Target owned = new Target.Labels("owned", List.of("no", "yes"));
    assertSameDigits(Meaning.SECOND_OF_TWO, owned, 1, 2);
  }

  @Test
  void flagsHaveTheDigitsOfAFile() throws IOException {
    Target flags =
        new Target.Flags(List.of(new Target.Flag("a", "0", "1"), new Target.Flag("b", "0", "1")));
    assertSameDigits(Meaning.INDEPENDENT, flags, 2, 2);
  }

  /** Logits from sure to unsure, so that probabilities are of all sizes. */
  private static void assertSameDigits(Meaning meaning, Target target, int columns, int numbers)
      throws IOException {
    Random random = new Random(1);
    float[] logits = new float[ROWS * columns];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) (8 * random.nextGaussian());
    }
    Preparation preparation =
        new Preparation(
            List.of(new Feature.Columns(1)),
            new Standardize(new double[1], new double[] {1}),
            target);
    StringWriter file = new StringWriter();
    new PredictionFile(preparation, logits.clone(), columns, Optional.empty())
        .write(file, PredictionFile.Form.CSV);
    float[] answers = meaning.answers(logits, columns, meaning.scratch(columns));
    List<String> lines = file.toString().lines().toList();
    for (int row = 0; row < ROWS; row++) {
      String[] fields = lines.get(row + 1).split(",");
      List<String> expected =
          IntStream.range(row * numbers, (row + 1) * numbers)
              .mapToObj(i -> Float.toString(answers[i]))
              .toList();
      assertEquals(
          expected,
          Arrays.asList(fields).subList(fields.length - numbers, fields.length),
          "row " + row);
    }
  }
}
