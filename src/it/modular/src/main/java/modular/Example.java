package modular;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.backend.DeviceOptions;
import dev.evenkeel.deploy.Predictor;
import dev.evenkeel.metric.Metric;
import dev.evenkeel.nn.Model;
import dev.evenkeel.train.Parts;
import dev.evenkeel.train.DataPlan;
import dev.evenkeel.train.Evaluator;
import dev.evenkeel.train.Recipe;
import dev.evenkeel.train.SavedModel;
import dev.evenkeel.train.Trainer;
import java.nio.file.Path;
import java.util.Optional;

/** Trains, saves, loads and predicts, and says what it found: the same lines wherever it runs. */
public class Example {
  public static void main(String[] args) {
    Path run = Path.of(args[0]);
    System.out.println("module " + Trainer.class.getModule().getName());
    Parts data = DataPlan.of("digits").load(System.out::println);
    Trainer.train(data.mlp(64), Recipe.classification().withBatch(32), data, run);
    SavedModel saved = SavedModel.load(run);
    try (Backend backend = Device.cpu(1);
        Model model = saved.build(backend);
        Evaluator test = new Evaluator(model, data.test().orElseThrow(), Optional.empty(), 128)) {
      System.out.println("products by " + backend.description());
      test.run();
      Metric accuracy = Metric.named("accuracy");
      System.out.println("accuracy=" + accuracy.of(test.predictions(saved.preparation())));
    }
    Predictor predictor = Predictor.load(run);
    System.out.println("blank is " + predictor.classOf(predictor.predict(new float[64])));
    try {
      Device.open("cuda", DeviceOptions.defaults(), System.out::println).close();
      System.out.println("CUDA works");
    } catch (EvenkeelException e) {
      System.out.println(e.getMessage());
    }
  }
}
