package dev.evenkeel.backend.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/**
 * The files of PTX that ship: what a source in {@code kernels/} compiles to for one element type.
 * {@code kernels/README.md} explains the kernels' names.
 */
final class KernelFile {

  /** The kernels in each source, without their variants. */
  static final Map<String, List<String>> SOURCES =
      Map.ofEntries(
          Map.entry("activation", List.of("activation_backward", "activation_forward")),
          Map.entry(
              "batchnorm",
              List.of(
                  "bn_apply",
                  "bn_backward",
                  "bn_forward",
                  "bn_inference",
                  "bn_project",
                  "bn_reduce",
                  "bn_statistics",
                  "column_statistics")),
          Map.entry(
              "batchnorm_dropout",
              List.of(
                  "bn_apply_dropout",
                  "bn_backward_dropout",
                  "bn_forward_dropout",
                  "bn_project_dropout",
                  "bn_reduce_dropout")),
          Map.entry(
              "data",
              List.of(
                  "add",
                  "copy",
                  "dropout",
                  "find_non_finite",
                  "gather",
                  "gather_inputs",
                  "scale_shift",
                  "set_words")),
          Map.entry("ghostnorm", List.of("bn_ghost_backward", "bn_ghost_forward")),
          Map.entry(
              "ghostnorm_dropout",
              List.of("bn_ghost_backward_dropout", "bn_ghost_forward_dropout")),
          Map.entry(
              "loss",
              List.of(
                  "binary_cross_entropy",
                  "class_weight_total",
                  "regression_loss",
                  "softmax_cross_entropy")),
          Map.entry("optimizer", List.of("adam", "clip_scale", "descent", "momentum", "rmsprop")),
          Map.entry("rownorm", List.of("row_norm_forward")),
          Map.entry("rownorm_backward", List.of("row_norm_backward", "row_norm_sums")),
          Map.entry("weightnorm", List.of("weight_norm_backward", "weight_norm_forward")));

  private KernelFile() {}

  /**
   * "batchnorm-sm75.ptx": sm75 for float32, which runs anywhere; sm80 for bfloat16, from Ampere on.
   */
  static String of(String kernel) {
    String target = kernel.contains("_bf16") ? "-sm80.ptx" : "-sm75.ptx";
    return SOURCES.entrySet().stream()
        .filter(source -> source.getValue().contains(withoutVariant(kernel)))
        .findFirst()
        .map(source -> source.getKey() + target)
        .orElseThrow(() -> new IllegalArgumentException("There is no kernel " + kernel));
  }

  /** "add" of "add_f32x4". */
  static String withoutVariant(String kernel) {
    return kernel.replaceFirst("(_f32|_bf16)+x\\d$", "");
  }

  /** The PTX in a file. */
  static String text(String name) {
    try (InputStream stream = KernelFile.class.getResourceAsStream("kernels/" + name)) {
      if (stream == null) {
        throw new IllegalStateException("The resource " + name + " is missing from the jar");
      }
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
