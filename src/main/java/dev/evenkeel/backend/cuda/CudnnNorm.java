package dev.evenkeel.backend.cuda;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.Operation;
import dev.evenkeel.backend.cuda.Kernels.Drop;
import dev.evenkeel.backend.cuda.Kernels.Norm;
import java.util.Optional;
import java.util.stream.LongStream;

/**
 * Batch norm by cuDNN, completed by kernels of ours with what cuDNN leaves out: the activation, the
 * count of mini-batches, the second float of the mean.
 */
final class CudnnNorm {

  private final CudnnMemory memory;
  private final Kernels kernels;
  private final Cudnn cudnn;
  private final Cudnn.Mode mode;

  CudnnNorm(CudnnMemory memory, Kernels kernels, Cudnn cudnn, Cudnn.Mode mode) {
    this.memory = memory;
    this.kernels = kernels;
    this.cudnn = cudnn;
    this.mode = mode;
  }

  /** "cuDNN", or "cuDNN, persistent". */
  String description() {
    return mode == Cudnn.Mode.PER_ACTIVATION ? "cuDNN" : "cuDNN, persistent";
  }

  /**
   * Why cuDNN can't do it; empty where it can.
   *
   * @param addresses of all the memory that it would read and write
   */
  Optional<String> refusal(
      View x, Norm norm, Activation activation, Drop drop, boolean training, long... addresses) {
    if (norm.gamma() == 0) {
      return Optional.of("it can't leave the deviation as it is");
    }
    if (!drop.isNone()) {
      return Optional.of("it knows no dropout");
    }
    if (training && norm.ghostRows() != 0) {
      return Optional.of("it knows no groups of rows");
    }
    if (training && norm.weight() == 0) {
      return Optional.of("its factor of the running statistics is fixed, a plain average's is not");
    }
    if (training && !norm.unbiased()) {
      return Optional.of("its running variance is always the unbiased one");
    }
    // Our kernel runs over cuDNN's output, so that what the activation was given is lost.
    if (training && ActivationKernels.needsInput(activation)) {
      return Optional.of(
          "the slope of %s is not made from its result".formatted(activation.label()));
    }
    if (x.pitch() != x.columns()) {
      return Optional.of("it takes no padded rows");
    }
    // It asks for no alignment, and reads and writes 16 bytes at once all the same.
    if (LongStream.of(addresses).anyMatch(address -> address % 16 != 0)) {
      return Optional.of("it takes no memory that begins elsewhere than at multiples of 16 bytes");
    }
    int most = cudnn.maxRows(mode, training);
    if (x.rows() > most) {
      return Optional.of("it takes no more than %,d rows".formatted(most));
    }
    return Optional.empty();
  }

  /** Where 1/√(σ² + ε) lies among what a forward pass saves. */
  static long inverse(long saved, int columns) {
    return saved + 8L * columns;
  }

  Operation forward(View x, Norm norm, Activation activation, View y, long saved) {
    int columns = x.columns();
    long delta = saved + 4L * columns;
    long inverse = inverse(saved, columns);
    Operation normalise =
        cudnn.forward(
            mode,
            x,
            y,
            norm.gamma(),
            norm.beta(),
            norm.weight(),
            norm.runningMean(),
            norm.runningVariance(),
            norm.epsilon(),
            saved,
            inverse);
    Operation activate = activate(activation, y);
    Operation count = count(norm.count());
    return () -> {
      normalise.run();
      memory.clear(delta, columns);
      count.run();
      activate.run();
    };
  }

  private Operation count(long count) {
    View counted = View.floats(count, 1, 1);
    return kernels.data.add(counted, memory.one(), counted);
  }

  private Operation activate(Activation activation, View y) {
    return activation == Activation.IDENTITY
        ? () -> {}
        : kernels.activations.forward(y, 0, activation, y);
  }

  Operation inference(View x, Norm norm, Activation activation, View y) {
    Operation normalise =
        cudnn.inference(
            mode,
            x,
            y,
            norm.gamma(),
            norm.beta(),
            norm.runningMean(),
            norm.runningVariance(),
            norm.epsilon());
    Operation activate = activate(activation, y);
    return () -> {
      normalise.run();
      activate.run();
    };
  }

  /** The slopes before the activation go to memory of their own: dx may be dy. */
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
    View t = memory.slopes(dy);
    Operation mask = kernels.activations.backward(dy, y, y, activation, t, 0);
    Operation normalise =
        cudnn.backward(
            mode,
            x,
            t,
            dx,
            norm.gamma(),
            dGamma,
            dBeta,
            norm.epsilon(),
            saved,
            inverse(saved, x.columns()));
    return () -> {
      mask.run();
      normalise.run();
    };
  }
}
