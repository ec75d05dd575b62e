package dev.evenkeel.backend.cuda;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.DeviceMemoryException;
import dev.evenkeel.backend.DeviceOptions.NormBody;
import dev.evenkeel.backend.Operation;
import dev.evenkeel.backend.cuda.Kernels.Drop;
import dev.evenkeel.backend.cuda.Kernels.Norm;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.LongStream;

/**
 * Chooses who runs a batch norm: our kernels, or cuDNN in one of its modes. Where cuDNN can't, ours
 * do. Where there is a choice, all are timed once for each kind and shape, on memory made for it,
 * and the fastest is kept.
 */
final class NormBodies {

  /** So many runs after another are timed, so many times. */
  private static final int RUNS = 10;

  private static final int REPLAYS = 3;

  private static final String OURS = "our kernels";

  /** What is bound. */
  private enum Kind {
    FORWARD,
    INFERENCE,
    BACKWARD
  }

  private record Shape(Kind kind, int rows, int columns, ElementType type, Activation activation) {}

  private final GraphTimer timer;
  private final CudaMemory memory;
  private final Kernels kernels;
  private final NormBody wanted;
  private final CudnnMemory cudnnMemory;
  private final List<CudnnNorm> cudnn = new ArrayList<>();
  private final Map<Shape, Optional<CudnnNorm>> chosen = new HashMap<>();
  private final Map<String, TreeSet<String>> taken = new LinkedHashMap<>();

  NormBodies(CudaMemory memory, Kernels kernels, NormBody wanted, Optional<Cudnn> library) {
    this.timer = new GraphTimer(memory.driver, memory.stream, 0, REPLAYS);
    this.memory = memory;
    this.kernels = kernels;
    this.wanted = wanted;
    this.cudnnMemory = new CudnnMemory(memory);
    if (wanted != NormBody.PTX && library.isPresent()) {
      for (Cudnn.Mode mode : Cudnn.Mode.values()) {
        cudnn.add(new CudnnNorm(cudnnMemory, kernels, library.get(), mode));
      }
    }
  }

  boolean mayTakeCudnn() {
    return !cudnn.isEmpty();
  }

  Operation forward(View x, Norm norm, Activation activation, Drop drop, View y, long saved) {
    long inverse = CudnnNorm.inverse(saved, x.columns());
    return choose(Kind.FORWARD, x, norm, activation, drop, y.address(), saved, inverse)
        .map(theirs -> theirs.forward(x, norm, activation, y, saved))
        .orElseGet(() -> kernels.norms.batchNormForward(x, norm, activation, drop, y, saved));
  }

  Operation inference(View x, Norm norm, Activation activation, View y) {
    return choose(Kind.INFERENCE, x, norm, activation, Drop.NONE, y.address())
        .map(theirs -> theirs.inference(x, norm, activation, y))
        .orElseGet(() -> kernels.norms.batchNormInference(x, norm, activation, y));
  }

  Operation backward(
      View dy,
      View x,
      View y,
      Norm norm,
      Activation activation,
      Drop drop,
      long saved,
      View dx,
      long dGamma,
      long dBeta) {
    long inverse = CudnnNorm.inverse(saved, x.columns());
    long[] touched = {dy.address(), y.address(), dx.address(), dGamma, dBeta, saved, inverse};
    return choose(Kind.BACKWARD, x, norm, activation, drop, touched)
        .map(theirs -> theirs.backward(dy, x, y, norm, activation, saved, dx, dGamma, dBeta))
        .orElseGet(
            () ->
                kernels.norms.batchNormBackward(
                    dy, x, norm, activation, drop, saved, dx, dGamma, dBeta));
  }

  /**
   * Who runs it; empty for our kernels.
   *
   * @param others addresses that are touched beside the matrix and the norm's own
   */
  private Optional<CudnnNorm> choose(
      Kind kind, View x, Norm norm, Activation activation, Drop drop, long... others) {
    boolean training = kind != Kind.INFERENCE;
    long[] own = {
      x.address(), norm.gamma(), norm.beta(), norm.runningMean(), norm.runningVariance()
    };
    long[] all = LongStream.concat(LongStream.of(own), LongStream.of(others)).toArray();
    List<CudnnNorm> able =
        cudnn.stream()
            .filter(one -> one.refusal(x, norm, activation, drop, training, all).isEmpty())
            .toList();
    Optional<CudnnNorm> choice =
        able.isEmpty()
            ? Optional.empty()
            : chosen.computeIfAbsent(
                new Shape(kind, x.rows(), x.columns(), x.type(), activation),
                shape -> fastest(shape, norm, able));
    taken
        .computeIfAbsent(choice.map(CudnnNorm::description).orElse(OURS), body -> new TreeSet<>())
        .add("[%d, %d]".formatted(x.rows(), x.columns()));
    return choice;
  }

  /** "our kernels", or all that were chosen so far with their shapes. */
  String description() {
    if (taken.size() <= 1) {
      return taken.isEmpty()
          ? cudnn.isEmpty() ? OURS : "the fastest"
          : taken.keySet().iterator().next();
    }
    StringBuilder all = new StringBuilder();
    taken.forEach(
        (body, shapes) ->
            all.append(all.isEmpty() ? "" : ", ").append(body).append(" for ").append(shapes));
    return all.toString();
  }

  void close() {
    cudnnMemory.close();
  }

  /** All on memory of their own, so that nothing which anybody holds is changed. */
  private Optional<CudnnNorm> fastest(Shape shape, Norm like, List<CudnnNorm> able) {
    int columns = shape.columns;
    long bytes = CudaMemory.rounded(shape.rows * (long) columns * shape.type.bytes);
    long vector = CudaMemory.rounded(4L * columns);
    long trial;
    try {
      trial = memory.allocate(3 * bytes + 10 * vector);
    } catch (DeviceMemoryException e) {
      // No room to try. Ours need no memory beside the run's.
      return wanted == NormBody.CUDNN ? Optional.of(able.get(0)) : Optional.empty();
    }
    View x = new View(trial, shape.rows, columns, columns, shape.type);
    View y = new View(trial + bytes, shape.rows, columns, columns, shape.type);
    View dy = new View(trial + 2 * bytes, shape.rows, columns, columns, shape.type);
    long vectors = trial + 3 * bytes;
    Norm norm =
        new Norm(
            vectors,
            vectors + vector,
            vectors + 2 * vector,
            vectors + 3 * vector,
            vectors + 4 * vector,
            like.epsilon(),
            like.weight(),
            like.unbiased(),
            0);
    long dGamma = vectors + 5 * vector;
    long dBeta = vectors + 6 * vector;
    long saved = vectors + 7 * vector;
    Activation activation = shape.activation;
    Function<CudnnNorm, Operation> theirs =
        body ->
            switch (shape.kind) {
              case FORWARD -> body.forward(x, norm, activation, y, saved);
              case INFERENCE -> body.inference(x, norm, activation, y);
              case BACKWARD -> body.backward(dy, x, y, norm, activation, saved, dy, dGamma, dBeta);
            };
    Supplier<Operation> ours =
        () ->
            switch (shape.kind) {
              case FORWARD ->
                  kernels.norms.batchNormForward(x, norm, activation, Drop.NONE, y, saved);
              case INFERENCE -> kernels.norms.batchNormInference(x, norm, activation, y);
              case BACKWARD ->
                  kernels.norms.batchNormBackward(
                      dy, x, norm, activation, Drop.NONE, saved, dy, dGamma, dBeta);
            };
    try {
      double best = wanted == NormBody.CUDNN ? Double.POSITIVE_INFINITY : microseconds(ours.get());
      Optional<CudnnNorm> fastest = Optional.empty();
      for (CudnnNorm body : able) {
        double time = microsecondsOrNever(() -> theirs.apply(body));
        if (time < best) {
          best = time;
          fastest = Optional.of(body);
        }
      }
      return fastest;
    } finally {
      memory.free(trial);
    }
  }

  /** As in a step, of a recorded graph: one by one, the host's launches would be compared. */
  private double microseconds(Operation operation) {
    return timer.microseconds(Collections.nCopies(RUNS, operation));
  }

  /** Infinite where cuDNN refuses the shape after all, or has no room for it. */
  private double microsecondsOrNever(Supplier<Operation> operation) {
    try {
      return microseconds(operation.get());
    } catch (CudaException | DeviceMemoryException e) {
      return Double.POSITIVE_INFINITY;
    }
  }
}
