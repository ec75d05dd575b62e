import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.deploy.WeightFile;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import dev.evenkeel.train.DataPlan;
import dev.evenkeel.train.Recipe;
import dev.evenkeel.train.Trained;
import dev.evenkeel.train.Trainer;
import java.nio.file.Path;
import java.util.List;

public class Example {
  public static void main(String[] args) {
    DataPlan.Parts data = DataPlan.of("digits").load(System.out::println); // or a CSV: .withTarget("price")
    Network network = Network.mlp(data.train().columns(), List.of(256, 256), data.train().task().outputs());
    Recipe recipe = Recipe.classification().withEpochs(10).withEarlyStopping(3, "loss");
    try (Backend backend = Device.cpu();
        Model model = network.build(backend, 1)) {
      Trained trained =
          new Trainer(model, recipe, data.train())
              .withValidation(data.valid().orElseThrow())
              .withPreparation(data.preparation())
              .withCheckpoints(Path.of("runs"))
              .fit();
      System.out.println(trained.kept().validation()); // {loss=0.08…, accuracy=0.99…}
      WeightFile.write(Path.of("digits.safetensors"), model); // for PyTorch; OnnxFile.write for the rest
    }
  }
}
