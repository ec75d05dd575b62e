package dev.evenkeel.backend.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The kernels of {@code kernels/}, as PTX that the driver compiles for its GPU: one module for
 * float32, that runs anywhere, and one for bfloat16, from Ampere on, loaded when first used.
 */
final class KernelModules {

  /** Names of the two resources, and the kernels in them. */
  static final String PORTABLE = "kernels-sm75.ptx";

  static final String BFLOAT16 = "kernels-sm80.ptx";

  /** Kernels that are there for float32 one by one, for four at once, and for eight bfloat16. */
  private static final List<String> FAMILIES =
      List.of(
          "activation_backward",
          "activation_forward",
          "add",
          "binary_cross_entropy",
          "bn_apply",
          "bn_apply_dropout",
          "bn_backward",
          "bn_backward_dropout",
          "bn_forward",
          "bn_forward_dropout",
          "bn_ghost_backward",
          "bn_ghost_backward_dropout",
          "bn_ghost_forward",
          "bn_ghost_forward_dropout",
          "bn_inference",
          "bn_project",
          "bn_project_dropout",
          "bn_reduce",
          "bn_reduce_dropout",
          "bn_statistics",
          "column_statistics",
          "copy",
          "dropout",
          "find_non_finite",
          "gather",
          "regression_loss",
          "row_norm_backward",
          "row_norm_forward",
          "row_norm_sums",
          "scale_shift",
          "softmax_cross_entropy");

  /** Kernels that know float32 only. */
  private static final List<String> FLOAT_FAMILIES =
      List.of(
          "adam",
          "clip_scale",
          "descent",
          "momentum",
          "rmsprop",
          "weight_norm_backward",
          "weight_norm_forward");

  /** Kernels that take bfloat16 one by one too: groups of features may begin anywhere. */
  private static final List<String> GROUP_FAMILIES =
      List.of("row_norm_backward", "row_norm_forward", "row_norm_sums");

  /** Kernels that read one type and write another. */
  private static final List<String> CONVERSIONS =
      List.of("copy_f32_bf16", "copy_bf16_f32", "weight_norm_forward_f32_bf16");

  private final CudaDriver driver;
  private final Map<String, Long> modules = new HashMap<>();
  private final Map<String, Long> functions = new HashMap<>();

  KernelModules(CudaDriver driver) {
    this.driver = driver;
  }

  /** All kernels of a module. */
  static List<String> names(String module) {
    List<String> names = new ArrayList<>();
    if (module.equals(PORTABLE)) {
      List<String> families = new ArrayList<>(FAMILIES);
      families.addAll(FLOAT_FAMILIES);
      families.forEach(family -> names.addAll(List.of(family + "_f32x1", family + "_f32x4")));
      names.add("class_weight_total_f32x1");
    } else {
      FAMILIES.forEach(family -> names.add(family + "_bf16x8"));
      GROUP_FAMILIES.forEach(family -> names.add(family + "_bf16x1"));
      for (String conversion : CONVERSIONS) {
        names.addAll(List.of(conversion + "x1", conversion + "x4"));
      }
    }
    return names;
  }

  static String text(String module) {
    try (InputStream stream = KernelModules.class.getResourceAsStream(module)) {
      if (stream == null) {
        throw new IllegalStateException("The resource " + module + " is missing from the jar");
      }
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The handle of a kernel. */
  long function(String name) {
    return functions.computeIfAbsent(name, this::find);
  }

  private long find(String name) {
    String module = name.contains("bf16") ? BFLOAT16 : PORTABLE;
    if (!names(module).contains(name)) {
      throw new IllegalArgumentException("There is no kernel " + name);
    }
    long handle = modules.computeIfAbsent(module, m -> driver.loadModule(text(m)));
    return driver.function(handle, name);
  }

  /** Unloads what was loaded; nothing may be launched any more. */
  void close() {
    modules.values().forEach(driver::unloadModule);
    modules.clear();
    functions.clear();
  }
}
