package dev.evenkeel.backend.cuda;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.DeviceMemoryException;
import dev.evenkeel.backend.DeviceOptions.NormBody;
import dev.evenkeel.backend.Operation;
import dev.evenkeel.backend.cuda.Kernels.Norm;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Supplier;

/**
 * Chooses who runs a batch norm: cuDNN or our kernels. Where cuDNN can't, ours do; {@code AUTO}
 * times both once for each kind and shape, on memory made for it, and keeps the faster.
 */
final class NormBodies {

  private static final int WARM_UP = 3;
  private static final int RUNS = 10;

  /** What is bound. */
  private enum Kind {
    FORWARD,
    INFERENCE,
    BACKWARD
  }

  private record Shape(Kind kind, int rows, int columns, ElementType type, Activation activation) {}

  private final CudaDriver driver;
  private final CudaMemory memory;
  private final long stream;
  private final Kernels kernels;
  private final NormBody wanted;
  private final Optional<CudnnNorm> cudnn;
  private final Map<Shape, Boolean> cudnnIsFaster = new HashMap<>();
  private final Map<String, TreeSet<String>> taken = new LinkedHashMap<>();

  NormBodies(
      CudaDriver driver,
      CudaMemory memory,
      long stream,
      Kernels kernels,
      NormBody wanted,
      Optional<Cudnn> cudnn) {
    this.driver = driver;
    this.memory = memory;
    this.stream = stream;
    this.kernels = kernels;
    this.wanted = wanted;
    this.cudnn =
        wanted == NormBody.PTX
            ? Optional.empty()
            : cudnn.map(
                one ->
                    new CudnnNorm(driver, memory, stream, kernels, one, Cudnn.Mode.PER_ACTIVATION));
  }

  Operation forward(View x, Norm norm, Activation activation, View y, long saved) {
    return useCudnn(Kind.FORWARD, x, norm, activation)
        ? cudnn.orElseThrow().forward(x, norm, activation, y, saved)
        : kernels.batchNormForward(x, norm, activation, y, saved);
  }

  Operation inference(View x, Norm norm, Activation activation, View y) {
    return useCudnn(Kind.INFERENCE, x, norm, activation)
        ? cudnn.orElseThrow().inference(x, norm, activation, y)
        : kernels.batchNormInference(x, norm, activation, y);
  }

  Operation backward(
      View dy,
      View x,
      View y,
      Norm norm,
      Activation activation,
      long saved,
      View dx,
      long dGamma,
      long dBeta) {
    return useCudnn(Kind.BACKWARD, x, norm, activation)
        ? cudnn.orElseThrow().backward(dy, x, y, norm, activation, saved, dx, dGamma, dBeta)
        : kernels.batchNormBackward(dy, x, norm, activation, saved, dx, dGamma, dBeta);
  }

  private boolean useCudnn(Kind kind, View x, Norm norm, Activation activation) {
    boolean use =
        cudnn.isPresent()
            && cudnn.get().refusal(x, norm, activation, kind != Kind.INFERENCE).isEmpty()
            && (wanted == NormBody.CUDNN
                || cudnnIsFaster.computeIfAbsent(
                    new Shape(kind, x.rows(), x.columns(), x.type(), activation),
                    shape -> isFaster(shape, norm)));
    taken
        .computeIfAbsent(use ? "cuDNN" : "our kernels", body -> new TreeSet<>())
        .add("[%d, %d]".formatted(x.rows(), x.columns()));
    return use;
  }

  /** "cuDNN", "our kernels", or both with their shapes: what was chosen so far. */
  String description() {
    if (taken.size() == 1) {
      return taken.keySet().iterator().next();
    }
    if (taken.isEmpty()) {
      return cudnn.isEmpty() ? "our kernels" : wanted == NormBody.CUDNN ? "cuDNN" : "the faster";
    }
    StringBuilder both = new StringBuilder();
    taken.forEach(
        (body, shapes) ->
            both.append(both.isEmpty() ? "" : ", ").append(body).append(" for ").append(shapes));
    return both.toString();
  }

  void close() {
    cudnn.ifPresent(CudnnNorm::close);
  }

  /** Both on memory of their own, so that nothing which anybody holds is changed. */
  private boolean isFaster(Shape shape, Norm like) {
    int columns = shape.columns;
    long bytes = (shape.rows * (long) columns * shape.type.bytes + 255) / 256 * 256;
    long trial;
    try {
      trial = memory.allocate(3 * bytes + 4 * (9L * columns + 1));
    } catch (DeviceMemoryException e) {
      return false; // no room to try: ours need no memory beside the run's
    }
    View x = new View(trial, shape.rows, columns, columns, shape.type);
    View y = new View(trial + bytes, shape.rows, columns, columns, shape.type);
    View dy = new View(trial + 2 * bytes, shape.rows, columns, columns, shape.type);
    long vectors = trial + 3 * bytes;
    Norm norm =
        new Norm(
            vectors,
            vectors + 4L * columns,
            vectors + 8L * columns,
            vectors + 12L * columns,
            vectors + 36L * columns,
            like.epsilon(),
            like.weight(),
            like.unbiased());
    long saved = vectors + 16L * columns;
    long dGamma = vectors + 28L * columns;
    long dBeta = vectors + 32L * columns;
    CudnnNorm theirs = cudnn.orElseThrow();
    Activation activation = shape.activation;
    Supplier<Operation> cudnnBody =
        () ->
            switch (shape.kind) {
              case FORWARD -> theirs.forward(x, norm, activation, y, saved);
              case INFERENCE -> theirs.inference(x, norm, activation, y);
              case BACKWARD ->
                  theirs.backward(dy, x, y, norm, activation, saved, dy, dGamma, dBeta);
            };
    Supplier<Operation> ourBody =
        () ->
            switch (shape.kind) {
              case FORWARD -> kernels.batchNormForward(x, norm, activation, y, saved);
              case INFERENCE -> kernels.batchNormInference(x, norm, activation, y);
              case BACKWARD ->
                  kernels.batchNormBackward(dy, x, norm, activation, saved, dy, dGamma, dBeta);
            };
    try {
      return milliseconds(cudnnBody.get()) < milliseconds(ourBody.get());
    } catch (CudaException | DeviceMemoryException e) {
      return false; // a shape that cuDNN refuses after all, or has no room for
    } finally {
      memory.free(trial);
    }
  }

  private float milliseconds(Operation operation) {
    long begin = driver.createEvent(true);
    long end = driver.createEvent(true);
    try {
      for (int i = 0; i < WARM_UP; i++) {
        operation.run();
      }
      driver.record(begin, stream);
      for (int i = 0; i < RUNS; i++) {
        operation.run();
      }
      driver.record(end, stream);
      driver.synchronizeEvent(end);
      return driver.milliseconds(begin, end);
    } finally {
      driver.destroyEvent(begin);
      driver.destroyEvent(end);
    }
  }
}
