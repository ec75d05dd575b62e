package dev.evenkeel.backend.cuda;

import dev.evenkeel.backend.Operation;
import java.util.List;
import java.util.stream.Stream;

/**
 * Launches kernels by name on one stream, and chooses between their variants for views that begin
 * at multiples of 16 bytes and for those that begin anywhere.
 *
 * @param scratch address of memory as {@code Scratch} in {@code kernels/common.cuh} lays it out
 */
record Launcher(CudaDriver driver, KernelModules modules, long stream, long scratch) {

  /** Blocks at most, where work isn't cut into panels. */
  static final int BLOCKS = 1024;

  /**
   * @param arguments as the driver takes them; or, as kernels take them in two, a view: address and
   *     pitch, and panels: lanes and rows of a slab
   */
  Operation launch(String kernel, CudaDriver.Grid grid, Object... arguments) {
    Object[] apart = Stream.of(arguments).flatMap(Launcher::apart).toArray();
    return driver.launch(modules.function(kernel), grid, stream, apart);
  }

  private static Stream<Object> apart(Object argument) {
    if (argument instanceof View view) {
      return Stream.of(view.address(), view.pitch());
    }
    return argument instanceof Panels panels
        ? Stream.of(panels.lanes(), panels.rowsPerSlab())
        : Stream.of(argument);
  }

  /** Elements to a memory access: 16 bytes' worth, or one where a view begins anywhere. */
  static int width(View... views) {
    boolean aligned = true;
    for (View view : views) {
      aligned &= view.isAligned();
      if (view.type() != views[0].type()) {
        throw new IllegalArgumentException("Views of two element types: " + List.of(views));
      }
    }
    if (views[0].type() == ElementType.FLOAT32) {
      return aligned ? 4 : 1;
    }
    if (!aligned) {
      throw new IllegalArgumentException("A bfloat16 view must be aligned: " + List.of(views));
    }
    return 8;
  }

  /** "_f32x4": the kernel for elements of a type, so many to an access. */
  static String suffix(View view, int width) {
    return (view.type() == ElementType.FLOAT32 ? "_f32x" : "_bf16x") + width;
  }

  /** The same for a kernel that converts, which has four elements to an access at most. */
  static String conversion(View from, View to, int width) {
    return "_%s_%sx%d".formatted(shortName(from), shortName(to), width);
  }

  private static String shortName(View view) {
    return view.type() == ElementType.FLOAT32 ? "f32" : "bf16";
  }

  /** Elements to an access where two types meet: four, or one. */
  static int conversionWidth(View from, View to) {
    return from.isAligned() && to.isAligned() ? 4 : 1;
  }

  /** Two launches as one operation. */
  static Operation inOrder(Operation first, Operation second) {
    return () -> {
      first.run();
      second.run();
    };
  }
}
