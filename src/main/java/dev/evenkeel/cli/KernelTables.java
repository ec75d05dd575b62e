package dev.evenkeel.cli;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.backend.DeviceMemoryException;
import dev.evenkeel.backend.Precision;
import dev.evenkeel.backend.cuda.CudaDriver;
import dev.evenkeel.backend.cuda.KernelBench;
import dev.evenkeel.backend.cuda.KernelBench.Product;
import dev.evenkeel.backend.cuda.KernelBench.Shape;
import dev.evenkeel.backend.cuda.KernelBench.Timed;
import dev.evenkeel.backend.cuda.jcuda.CudaProvider;
import dev.evenkeel.backend.cuda.jcuda.CudaSetup;
import dev.evenkeel.backend.cuda.jcuda.JCudaDriver;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The tables of {@code bench --limits} and {@code bench --kernels}. */
final class KernelTables {

  /**
   * Batch, inputs, outputs of the layers of the four networks of docs/measurements; then of three
   * that are as large but for where the rows of their weights begin: anywhere, or at 16 bytes.
   */
  private static final int[][] LAYERS = {
    {256, 784, 512},
    {256, 512, 512},
    {8192, 4096, 4096},
    {4096, 1024, 1024},
    {512, 784, 2048},
    {512, 2048, 2048},
    {4096, 500, 500},
    {4096, 501, 501},
    {4096, 504, 504}
  };

  private static final int CLASSES = 10;

  private final CommonOptions common;
  private final KernelBench.Effort effort;

  KernelTables(CommonOptions common, boolean quick) {
    this.common = common;
    this.effort = quick ? KernelBench.Effort.quick() : KernelBench.Effort.standard();
  }

  void show(boolean limits, boolean kernels) {
    int index = DeviceWatch.index(common.device);
    if (common.device.equals("cpu")) {
      throw new EvenkeelException(
          "--limits and --kernels time a GPU, not --device cpu. help: --device cuda");
    }
    CudaSetup.get()
        .unavailable(index)
        .ifPresent(
            reason -> {
              throw new EvenkeelException(
                  "--limits and --kernels need a GPU, and cuda:%d can't be used: %s"
                      .formatted(index, reason));
            });
    Map<String, Object> json = new LinkedHashMap<>();
    try (CudaDriver driver = new JCudaDriver(index);
        KernelBench bench = new KernelBench(driver, CudaProvider.libraries(), effort)) {
      json.put("device", "cuda:" + index);
      json.put("gpu", driver.properties().name());
      common.say(driver.properties().name());
      if (limits) {
        json.put("copies", copies(bench));
        json.put("products", products(bench, driver.properties().major() >= 8));
      }
      if (kernels) {
        json.put("kernels", kernels(bench, driver.properties().major() >= 8));
      }
    }
    common.result(json);
  }

  private List<Timed> copies(KernelBench bench) {
    List<Timed> copies = new ArrayList<>();
    common.say("%-24s %-5s %10s %10s %9s", "copy of", "type", "MB", "µs", "GB/s");
    for (Shape shape : KernelBench.shapes()) {
      for (boolean bfloat16 : List.of(false, true)) {
        whereItFits(() -> copies.add(shown(bench.copy(shape, bfloat16))));
      }
    }
    return copies;
  }

  private Timed shown(Timed copy) {
    common.say(
        "%-24s %-5s %10.2f %10.2f %9.0f",
        copy.shape(),
        copy.type(),
        copy.megabytes(),
        copy.microseconds(),
        copy.gigabytesPerSecond());
    return copy;
  }

  private List<Product> products(KernelBench bench, boolean ampere) {
    List<Product> products = new ArrayList<>();
    common.say("%-9s %18s %-5s %10s %9s", "product", "m x n x k", "in", "µs", "TFLOP/s");
    for (int[] layer : LAYERS) {
      for (Precision precision : Precision.values()) {
        if (!ampere && precision != Precision.FP32) {
          continue;
        }
        whereItFits(
            () ->
                bench
                    .products(layer[0], layer[1], layer[2], precision)
                    .forEach(one -> show(one, products)));
      }
    }
    return products;
  }

  private void show(Product one, List<Product> all) {
    all.add(one);
    common.say(
        "%-9s %18s %-5s %10.2f %9.1f",
        one.product(),
        "%dx%dx%d".formatted(one.m(), one.n(), one.k()),
        one.precision(),
        one.microseconds(),
        one.teraflops());
  }

  private List<Timed> kernels(KernelBench bench, boolean ampere) {
    List<Timed> all = new ArrayList<>();
    common.say(
        "%-32s %-11s %-5s %9s %10s %8s %7s %8s",
        "kernel", "shape", "type", "MB", "µs", "GB/s", "copies", "of copy");
    for (Shape shape : KernelBench.shapes()) {
      for (boolean bfloat16 : ampere ? List.of(false, true) : List.of(false)) {
        Shape logits = new Shape(shape.rows(), CLASSES);
        whereItFits(
            () -> {
              bench.onBatch(shape, bfloat16).forEach(one -> show(one, all));
              show(bench.softmaxCrossEntropy(logits, bfloat16), all);
            });
      }
    }
    for (int parameters : KernelBench.parameterCounts()) {
      whereItFits(() -> bench.updates(parameters).forEach(one -> show(one, all)));
    }
    return all;
  }

  /** A small GPU has no room for the largest shapes: the others are measured all the same. */
  private void whereItFits(Runnable measurement) {
    try {
      measurement.run();
    } catch (DeviceMemoryException e) {
      common.say(e.getMessage());
    }
  }

  private void show(Timed one, List<Timed> all) {
    all.add(one);
    common.say(
        "%-32s %-11s %-5s %9.2f %10.2f %8.0f %7.2f %7.0f%%",
        one.kernel(),
        one.shape(),
        one.type(),
        one.megabytes(),
        one.microseconds(),
        one.gigabytesPerSecond(),
        one.copies(),
        one.ofCopy() * 100);
  }
}
