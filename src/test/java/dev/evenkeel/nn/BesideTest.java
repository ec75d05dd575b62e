package dev.evenkeel.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.backend.Operation;
import dev.evenkeel.backend.Step;
import dev.evenkeel.tensor.Buffer;
import dev.evenkeel.tensor.Matrix;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Between the beginning and the end of a weight's gradient nothing writes what it reads, and
 * nothing looks at what it makes: in networks of all layers in any order.
 */
class BesideTest {

  private static final int WIDTH = 8;
  private static final int ROWS = 16;

  /** An operation that is only written down. */
  private record Call(String name, List<Matrix> reads, List<Matrix> writes) implements Operation {

    Call(String name, Object[] arguments, int... written) {
      this(
          name,
          matrices(Stream.of(arguments)),
          matrices(Arrays.stream(written).mapToObj(i -> arguments[i])));
    }

    private static List<Matrix> matrices(Stream<Object> all) {
      return all.filter(Matrix.class::isInstance).map(Matrix.class::cast).toList();
    }

    @Override
    public void run() {}
  }

  /** A CPU's memory, and operations of the way back that do nothing. */
  private record Written(Backend real, boolean readsY, Random random) {

    Backend backend() {
      return (Backend)
          Proxy.newProxyInstance(
              Backend.class.getClassLoader(),
              new Class<?>[] {Backend.class},
              (proxy, method, arguments) -> call(method, arguments));
    }

    private Object call(Method method, Object[] arguments) throws Throwable {
      String name = method.getName();
      return switch (name) {
        case "batchNormBackwardReadsY" -> readsY;
        case "linearBackwardWeightBeside" ->
            random.nextInt(4) == 0
                ? Optional.empty()
                : Optional.of(
                    new Backend.Beside(
                        new Call("begin", arguments, 2), new Call("end", arguments, 2)));
        case "copy" -> new Call(name, arguments, 1);
        case "linearBackwardInput", "linearBackwardWeight", "add" -> new Call(name, arguments, 2);
        case "scaleShift" -> new Call(name, arguments, 3);
        case "weightNormBackward" -> new Call(name, arguments, 3, 4);
        case "activationBackward" -> new Call(name, arguments, 4, 5);
        case "dropout" -> new Call(name, arguments, 5);
        case "rowNormBackward" -> new Call(name, arguments, 6, 7, 8);
        case "batchNormBackward" -> new Call(name, arguments, 7, 8, 9);
        default -> {
          try {
            yield method.invoke(real, arguments);
          } catch (InvocationTargetException e) {
            throw e.getCause();
          }
        }
      };
    }
  }

  private static List<Layer> layers(Random random, int depth) {
    List<Layer> layers = new ArrayList<>(some(random, depth));
    while (random.nextInt(6) > 0) {
      layers.addAll(some(random, depth));
    }
    return layers;
  }

  private static List<Layer> some(Random random, int depth) {
    return switch (random.nextInt(9)) {
      case 0 -> List.of(Activate.relu());
      case 1 -> List.of(BatchNorm.standard());
      case 2 -> List.of(RowNorm.layer());
      case 3 -> List.of(new Dropout(0.5));
      case 4 -> List.of(Activate.relu(), new NormProp(Activation.RELU));
      case 5 -> List.of(Linear.of(WIDTH).withWeightNorm(WeightNorm.ofGain(1)));
      case 6 -> depth > 2 ? List.of() : List.of(new Residual(layers(random, depth + 1)));
      default -> List.of(Linear.of(WIDTH));
    };
  }

  private static Network network(Random random) {
    List<Layer> layers = new ArrayList<>(List.of(Linear.of(WIDTH)));
    layers.addAll(layers(random, 0));
    layers.add(Linear.of(WIDTH));
    return new Network(WIDTH, layers);
  }

  @Test
  void whatItReadsStaysAsItIs() {
    int between = 0;
    for (int seed = 0; seed < 500; seed++) {
      Random random = new Random(seed);
      try (Backend real = Device.cpu(1)) {
        Backend backend = new Written(real, random.nextBoolean(), random).backend();
        Network network = network(random);
        try (Model model = network.withoutValues(backend);
            Memory memory = new Memory(backend, ROWS)) {
          between += between(network, wayBack(model, memory, ROWS));
          memory.reset();
          between += between(network, wayBack(model, memory, 5));
        }
      }
    }
    assertTrue(between > 500, between + " operations ran beside products");
  }

  private static List<Call> wayBack(Model model, Memory memory, int rows) {
    int parameters = model.flatParameters().columns();
    try (Buffer gradients = model.backend().allocate(parameters)) {
      Matrix input = memory.take(rows, WIDTH);
      Pass pass =
          Pass.training(model, memory, input, Matrix.of(gradients, 1, parameters), new Step(), 1);
      return pass.backward(memory.take(rows, WIDTH)).stream()
          .map(named -> (Call) named.operation())
          .toList();
    }
  }

  /** How many operations lie between beginnings and ends. */
  private static int between(Network network, List<Call> calls) {
    int count = 0;
    Call open = null;
    for (Call call : calls) {
      if (call.name.equals("begin")) {
        assertEquals(null, open, () -> "two at a time: " + network);
        open = call;
      } else if (call.name.equals("end")) {
        assertEquals(open == null ? null : open.reads, call.reads);
        open = null;
      } else if (open != null) {
        count++;
        boolean apart = !overlap(call.writes, open.reads) && !overlap(call.reads, open.writes);
        assertTrue(apart, () -> call.name + " amid a product: " + network);
      }
    }
    assertEquals(null, open, "one never ends");
    return count;
  }

  private static boolean overlap(List<Matrix> some, List<Matrix> others) {
    return some.stream().anyMatch(a -> others.stream().anyMatch(b -> overlap(a, b)));
  }

  private static boolean overlap(Matrix a, Matrix b) {
    return a.buffer() == b.buffer()
        && a.offset() < b.offset() + b.size()
        && b.offset() < a.offset() + a.size();
  }
}
