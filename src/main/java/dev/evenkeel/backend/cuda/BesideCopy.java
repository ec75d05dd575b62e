package dev.evenkeel.backend.cuda;

import dev.evenkeel.backend.Operation;
import dev.evenkeel.backend.cuda.KernelBench.Timed;
import java.util.function.IntFunction;

/** Times operations beside a copy of the matrix that they work on, which is timed first. */
final class BesideCopy {

  private final BenchDevice device;
  private final String shape;
  private final ElementType type;
  private final int sets;
  private final double megabytes;
  private final double microseconds;

  /**
   * @param megabytes that the copy reads and writes
   */
  BesideCopy(
      BenchDevice device,
      String shape,
      ElementType type,
      int sets,
      double megabytes,
      IntFunction<Operation> copy) {
    this.device = device;
    this.shape = shape;
    this.type = type;
    this.sets = sets;
    this.megabytes = megabytes;
    this.microseconds = device.microseconds(sets, copy);
  }

  Timed copy(String name) {
    return timed(name, megabytes, microseconds);
  }

  /**
   * @param megabytes that it reads and writes by its design
   */
  Timed time(String kernel, double megabytes, IntFunction<Operation> bound) {
    return timed(kernel, megabytes, device.microseconds(sets, bound));
  }

  private Timed timed(String kernel, double megabytes, double microseconds) {
    double rate = megabytes / microseconds * 1e3;
    double copyRate = this.megabytes / this.microseconds * 1e3;
    return new Timed(
        kernel,
        shape,
        type == ElementType.FLOAT32 ? "fp32" : "bf16",
        megabytes,
        microseconds,
        rate,
        microseconds / this.microseconds,
        rate / copyRate);
  }
}
