package dev.evenkeel.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.evenkeel.OwnJvm;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.backend.DeviceOptions;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Training where OpenBLAS can't be called, as on macOS and Windows. */
class ProductsInJavaTest {

  private static final String IN_JAVA = "products in Java";

  /** No reason for a warning, and the curve that others give. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "-Devenkeel.blas=java",
        "-Dos.name=Windows -Dos.arch=amd64",
        "-Dos.name=macOS -Dos.arch=aarch64"
      })
  void learnsTheSame(String system) throws Exception {
    assumeFalse(Training.description().contains(IN_JAVA), "there is no other way here");
    List<String> said =
        OwnJvm.said(system, Training.class)
            .lines()
            .dropWhile(line -> !line.startsWith("CPU")) // Java 22 misses Accelerate on its Mac
            .toList();
    assertTrue(said.get(0).contains(IN_JAVA), () -> "said " + said);
    List<Float> here = Training.losses();
    assertEquals(1 + here.size(), said.size(), () -> "said " + said);
    for (int i = 0; i < here.size(); i++) {
      float loss = Float.parseFloat(said.get(1 + i));
      assertEquals(here.get(i), loss, 1e-4 * here.get(i), "step " + i);
    }
  }

  /** For a process of its own: which library multiplies is found out once in each. */
  static final class Training {
    public static void main(String[] args) {
      System.out.println(description());
      System.out.println(losses().stream().map(String::valueOf).collect(Collectors.joining("\n")));
    }

    static String description() {
      try (Backend backend = open()) {
        return backend.description();
      }
    }

    static List<Float> losses() {
      List<Float> losses = new ArrayList<>();
      try (Backend backend = open();
          Model model = Network.mlp(64, List.of(96, 96), 10).build(backend, 1)) {
        Recipe recipe =
            Recipe.classification().withOptimizer(Runs.STEADY_ADAM).withBatch(128).withSteps(60);
        new Trainer(model, recipe, Digits.DATA.train()).withListener(Runs.into(losses)).fit();
      }
      return losses;
    }

    private static Backend open() {
      return Device.open("cpu", DeviceOptions.defaults().withThreads(2), reason -> {});
    }
  }
}
