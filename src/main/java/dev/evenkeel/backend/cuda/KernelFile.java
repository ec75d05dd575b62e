package dev.evenkeel.backend.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A file of PTX that ships: what one source in {@code kernels/} compiles to for one element type.
 *
 * @param name "batchnorm-sm75.ptx" for float32, which runs anywhere; sm80 for bfloat16, from Ampere
 *     on
 * @param kernels in it, by the names that {@code kernels/README.md} explains
 */
record KernelFile(String name, List<String> kernels) {

  private static final String[] BATCH_NORM = {
    "bn_apply",
    "bn_backward",
    "bn_forward",
    "bn_inference",
    "bn_project",
    "bn_reduce",
    "bn_statistics",
    "column_statistics"
  };
  private static final String[] BATCH_NORM_DROPOUT = {
    "bn_apply_dropout",
    "bn_backward_dropout",
    "bn_forward_dropout",
    "bn_project_dropout",
    "bn_reduce_dropout"
  };
  private static final String[] ACTIVATION = {"activation_backward", "activation_forward"};
  private static final String[] DATA = {
    "add", "copy", "dropout", "find_non_finite", "gather", "scale_shift"
  };
  private static final String[] GHOST_NORM = {"bn_ghost_backward", "bn_ghost_forward"};
  private static final String[] GHOST_NORM_DROPOUT = {
    "bn_ghost_backward_dropout", "bn_ghost_forward_dropout"
  };
  private static final String[] LOSS = {
    "binary_cross_entropy", "regression_loss", "softmax_cross_entropy"
  };
  private static final String[] OPTIMIZER = {
    "adam", "clip_scale", "descent", "momentum", "rmsprop"
  };
  private static final String[] ROW_NORM = {"row_norm_forward"};
  private static final String[] ROW_NORM_BACKWARD = {"row_norm_backward", "row_norm_sums"};
  private static final String[] WEIGHT_NORM = {"weight_norm_backward", "weight_norm_forward"};

  static final List<KernelFile> ALL =
      List.of(
          float32("activation", ACTIVATION),
          bfloat16("activation", ACTIVATION),
          float32("batchnorm", BATCH_NORM),
          bfloat16("batchnorm", BATCH_NORM),
          float32("data", DATA).with(List.of("set_words")),
          bfloat16("data", DATA).with(conversions("copy_f32_bf16", "copy_bf16_f32")),
          float32("ghostnorm", GHOST_NORM),
          bfloat16("ghostnorm", GHOST_NORM),
          float32("batchnorm_dropout", BATCH_NORM_DROPOUT),
          bfloat16("batchnorm_dropout", BATCH_NORM_DROPOUT),
          float32("ghostnorm_dropout", GHOST_NORM_DROPOUT),
          bfloat16("ghostnorm_dropout", GHOST_NORM_DROPOUT),
          float32("loss", LOSS).with(List.of("class_weight_total_f32x1")),
          bfloat16("loss", LOSS),
          float32("optimizer", OPTIMIZER),
          float32("rownorm", ROW_NORM),
          bfloat16("rownorm", ROW_NORM).with(singly(ROW_NORM)),
          float32("rownorm_backward", ROW_NORM_BACKWARD),
          bfloat16("rownorm_backward", ROW_NORM_BACKWARD).with(singly(ROW_NORM_BACKWARD)),
          float32("weightnorm", WEIGHT_NORM),
          bfloat16("weightnorm").with(conversions("weight_norm_forward_f32_bf16")));

  /** One element at a time, and four. */
  private static KernelFile float32(String family, String... kernels) {
    return new KernelFile(family + "-sm75.ptx", named(kernels, "_f32x1", "_f32x4"));
  }

  /** Eight elements at a time. */
  private static KernelFile bfloat16(String family, String... kernels) {
    return new KernelFile(family + "-sm80.ptx", named(kernels, "_bf16x8"));
  }

  /** Kernels that read one type and write another. */
  private static List<String> conversions(String... kernels) {
    return named(kernels, "x1", "x4");
  }

  /** bfloat16 one by one, for groups of features that begin anywhere. */
  private static List<String> singly(String... kernels) {
    return named(kernels, "_bf16x1");
  }

  private static List<String> named(String[] kernels, String... suffixes) {
    List<String> names = new ArrayList<>();
    for (String kernel : kernels) {
      for (String suffix : suffixes) {
        names.add(kernel + suffix);
      }
    }
    return names;
  }

  private KernelFile with(List<String> more) {
    List<String> all = new ArrayList<>(kernels);
    all.addAll(more);
    return new KernelFile(name, all);
  }

  /** The file that has a kernel. */
  static KernelFile of(String kernel) {
    return ALL.stream()
        .filter(file -> file.kernels.contains(kernel))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("There is no kernel " + kernel));
  }

  /** The PTX. */
  String text() {
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
