package dev.evenkeel.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.io.Safetensors;
import dev.evenkeel.io.Safetensors.Tensor;
import dev.evenkeel.loss.Loss;
import dev.evenkeel.nn.Activate;
import dev.evenkeel.nn.AsTrained;
import dev.evenkeel.nn.BatchNorm;
import dev.evenkeel.nn.Dropout;
import dev.evenkeel.nn.Linear;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import dev.evenkeel.nn.Residual;
import dev.evenkeel.nn.RowNorm;
import dev.evenkeel.nn.WeightNorm;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The PyTorch module of every network. Where {@code EVENKEEL_TORCH} names a Python that has torch
 * and safetensors, PyTorch loads and runs each of them; else a Python 3 reads the files, if there
 * is one.
 */
class TorchModuleTest {

  /** Compares each module in the folder with the rows beside it. */
  private static final String CHECK =
      """
      import importlib.util, pathlib, sys
      from safetensors.torch import load_file
      for path in sorted(pathlib.Path(sys.argv[1]).glob("*.py")):
          spec = importlib.util.spec_from_file_location("network", path)
          network = importlib.util.module_from_spec(spec)
          spec.loader.exec_module(network)
          rows = load_file(path.with_suffix(".rows"))
          y = network.load()(rows["x"])
          worst = ((y - rows["y"]).abs().max() / rows["y"].abs().max()).item()
          assert worst < 1e-5, (path, worst)
          print(path.name, worst)
      """;

  @TempDir private Path folder;

  @Test
  void everyNetworkIsPythonThatPyTorchRunsToTheSameOutputs()
      throws IOException, InterruptedException {
    int files = writeAll();
    String torch = System.getenv("EVENKEEL_TORCH");
    if (torch != null) {
      Path check = Files.writeString(folder.resolve("check"), CHECK);
      List<String> lines = python(torch, check.toString(), folder.toString());
      assertEquals(files, lines.size(), lines::toString);
      return;
    }
    assumeTrue(hasPython(), "no python3 to read the modules with; EVENKEEL_TORCH=… would run them");
    List<String> command = new ArrayList<>(List.of("python3", "-m", "py_compile"));
    try (var all = Files.list(folder)) {
      all.map(Path::toString).filter(name -> name.endsWith(".py")).forEach(command::add);
    }
    assertEquals(files + 3, command.size());
    python(command.toArray(String[]::new));
  }

  private int writeAll() {
    int files = 0;
    Random random = new Random(5);
    for (Map.Entry<String, Network> named : Samples.networks().entrySet()) {
      try (Backend backend = Device.cpu(1);
          Model model = named.getValue().build(backend, 3)) {
        AsTrained.disturb(model, random);
        float[] x = Samples.gaussians(random, 7 * Samples.INPUTS);
        LinkedHashMap<String, Tensor> rows = new LinkedHashMap<>();
        rows.put("x", Tensor.of(x, 7, Samples.INPUTS));
        rows.put("y", Tensor.of(AsTrained.outputs(model, x), 7, 3));
        for (Inference.Form form : Inference.Form.values()) {
          String name = "network" + files++;
          Inference left = Inference.of(model, form, Optional.empty(), Loss.meanSquared());
          Path weights = folder.resolve(name + ".safetensors");
          WeightFile.write(weights, left);
          TorchModule.write(folder.resolve(name + ".py"), weights, left);
          Safetensors.writePlain(folder.resolve(name + ".rows"), Map.of(), rows);
        }
      }
    }
    return files;
  }

  private static boolean hasPython() throws InterruptedException {
    try {
      return new ProcessBuilder("python3", "--version").start().waitFor() == 0;
    } catch (IOException e) {
      return false;
    }
  }

  private static List<String> python(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(2, TimeUnit.MINUTES), "Python does not end");
    assertEquals(0, process.exitValue(), output);
    return output.lines().toList();
  }

  /** The Python of an untrained network. */
  private String module(Network network) throws IOException {
    Path python = folder.resolve("net.py");
    try (Backend backend = Device.cpu(1);
        Model model = network.build(backend, 1)) {
      TorchModule.write(
          python,
          folder.resolve("net.safetensors"),
          Inference.of(model, Inference.Form.AS_TRAINED, Optional.empty(), Loss.crossEntropy()));
    }
    return Files.readString(python);
  }

  /** Python reads no other digits than those of ASCII. */
  @Test
  void digitsAreAsciiWhateverTheLanguage() throws IOException {
    Network network =
        Network.of(
            6,
            Linear.of(8),
            BatchNorm.standard(),
            RowNorm.layer(),
            RowNorm.rms(),
            RowNorm.group(4),
            new Dropout(0.1),
            Linear.of(3));
    Locale before = Locale.getDefault(Locale.Category.FORMAT);
    Locale.setDefault(Locale.Category.FORMAT, Locale.forLanguageTag("ar-EG"));
    String text;
    try {
      text = module(network);
    } finally {
      Locale.setDefault(Locale.Category.FORMAT, before);
    }
    assertTrue(text.chars().allMatch(c -> c < 128), text);
  }

  @Test
  void layersAreSaidAsPyTorchSaysThem() throws IOException {
    Network network =
        Network.of(
            6,
            Linear.of(8),
            BatchNorm.ofPyTorch(0.2, 1e-3),
            Activate.relu(),
            Residual.of(RowNorm.group(4), Linear.of(8).withWeightNorm(WeightNorm.ofGain(2))),
            Linear.of(3));
    String text = module(network);
    assertTrue(
        text.contains(
            """
            def build():
                return nn.Sequential(
                    nn.Linear(6, 8, bias=False),
                    nn.BatchNorm1d(8, eps=0.001, momentum=0.2),
                    nn.ReLU(),
                    Residual(
                        nn.GroupNorm(4, 8, eps=1.0E-5),
                        weight_norm(nn.Linear(8, 8)),
                    ),
                    nn.Linear(8, 3),
                )
            """),
        text);
    assertTrue(text.contains("with_name(\"net.safetensors\")"), text);
  }
}
