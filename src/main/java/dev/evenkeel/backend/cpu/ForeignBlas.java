package dev.evenkeel.backend.cpu;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Array;
import java.lang.reflect.InvocationTargetException;
import java.util.Arrays;
import java.util.Optional;

/**
 * A library with C's interface to BLAS, called as Java calls foreign functions from version 22 on:
 * macOS' Accelerate, or any other by its path. By reflection, since Java 17 compiles this.
 *
 * <p>Arrays are lent, not copied: the garbage collector waits for the product's end.
 */
final class ForeignBlas {

  private static final int FIRST_JAVA = 22;
  private static final String PACKAGE = "java.lang.foreign.";
  private static final int ONE_THREAD = 1;
  private static final int ROW_MAJOR = 101;
  private static final int PLAIN = 111;
  private static final int TRANSPOSED = 112;
  private static final Class<?>[] SGEMM = {
    int.class,
    int.class,
    int.class,
    int.class,
    int.class,
    int.class,
    float.class,
    Object.class,
    int.class,
    Object.class,
    int.class,
    float.class,
    Object.class,
    int.class
  };

  private final Object lookup;
  private final MethodHandle sgemm;
  private final MethodHandle segment;

  /** Accelerate's: from then on its functions use the thread that called this alone. */
  private final Optional<MethodHandle> setThreading;

  private ForeignBlas(String library) throws ReflectiveOperationException {
    Class<?> arena = type("Arena");
    this.lookup =
        type("SymbolLookup")
            .getMethod("libraryLookup", String.class, arena)
            .invoke(null, library, arena.getMethod("global").invoke(null));
    this.sgemm =
        function("cblas_sgemm", SGEMM)
            .orElseThrow(() -> new NoSuchMethodException("it has no function cblas_sgemm"));
    this.setThreading = function("BLASSetThreading", int.class);
    MethodHandle whole =
        MethodHandles.publicLookup()
            .findStatic(
                type("MemorySegment"),
                "ofArray",
                MethodType.methodType(type("MemorySegment"), float[].class));
    MethodHandle part =
        MethodHandles.publicLookup()
            .findVirtual(
                type("MemorySegment"),
                "asSlice",
                MethodType.methodType(type("MemorySegment"), long.class));
    this.segment =
        MethodHandles.filterArguments(part, 0, whole)
            .asType(MethodType.methodType(Object.class, float[].class, long.class));
  }

  /** Whether this Java can. */
  static boolean isPossible() {
    return Runtime.version().feature() >= FIRST_JAVA;
  }

  /**
   * @param library as the system's loader takes it
   * @throws ReflectiveOperationException where it can't be loaded or used, with the reason
   */
  static ForeignBlas of(String library) throws ReflectiveOperationException {
    if (!isPossible()) {
      throw new ReflectiveOperationException("this is Java " + Runtime.version().feature());
    }
    try {
      ForeignBlas blas = new ForeignBlas(library);
      Optional<MethodHandle> threads = blas.function("openblas_set_num_threads", int.class);
      if (threads.isPresent()) {
        threads.get().invokeExact(ONE_THREAD);
      }
      blas.check();
      return blas;
    } catch (InvocationTargetException e) {
      throw new ReflectiveOperationException(e.getCause().getMessage(), e.getCause());
    } catch (ReflectiveOperationException | RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /** For one thread at a time. */
  Sgemm sgemm() {
    return new Call();
  }

  /** [1 2 3; 4 5 6] [7 8; 9 10; 11 12], stored in all four ways, each from 1 on. */
  private void check() throws ReflectiveOperationException {
    float[][] a = {{0, 1, 2, 3, 4, 5, 6}, {0, 1, 4, 2, 5, 3, 6}};
    float[][] b = {{0, 7, 8, 9, 10, 11, 12}, {0, 7, 9, 11, 8, 10, 12}};
    for (int way = 0; way < 4; way++) {
      int ta = way % 2;
      int tb = way / 2;
      float[] c = new float[5];
      sgemm().multiply(ta == 1, tb == 1, 2, 2, 3, a[ta], 1, 3 - ta, b[tb], 1, 2 + tb, c, 1, 2);
      if (!Arrays.equals(c, new float[] {0, 58, 64, 139, 154})) {
        throw new ReflectiveOperationException("it multiplies wrongly: " + Arrays.toString(c));
      }
    }
  }

  private static Class<?> type(String name) throws ClassNotFoundException {
    return Class.forName(PACKAGE + name);
  }

  /** A function of no result, of ints, floats and, as objects, memory. */
  private Optional<MethodHandle> function(String name, Class<?>... arguments)
      throws ReflectiveOperationException {
    Optional<?> symbol =
        (Optional<?>) type("SymbolLookup").getMethod("find", String.class).invoke(lookup, name);
    if (symbol.isEmpty()) {
      return Optional.empty();
    }
    Class<?> layout = type("MemoryLayout");
    Object layouts = Array.newInstance(layout, arguments.length);
    for (int i = 0; i < arguments.length; i++) {
      String constant =
          arguments[i] == int.class
              ? "JAVA_INT"
              : arguments[i] == float.class ? "JAVA_FLOAT" : "ADDRESS";
      Array.set(layouts, i, type("ValueLayout").getField(constant).get(null));
    }
    Class<?> descriptor = type("FunctionDescriptor");
    Class<?> option = type("Linker$Option");
    Object options = Array.newInstance(option, 1);
    Array.set(options, 0, option.getMethod("critical", boolean.class).invoke(null, true));
    Class<?> linker = type("Linker");
    MethodHandle handle =
        (MethodHandle)
            linker
                .getMethod("downcallHandle", type("MemorySegment"), descriptor, options.getClass())
                .invoke(
                    linker.getMethod("nativeLinker").invoke(null),
                    symbol.get(),
                    descriptor.getMethod("ofVoid", layouts.getClass()).invoke(null, layouts),
                    options);
    return Optional.of(handle.asType(MethodType.methodType(void.class, arguments)));
  }

  /** Keeps what it last made of each array, since mostly the same ones come again. */
  private final class Call implements Sgemm {
    private final Part a = new Part();
    private final Part b = new Part();
    private final Part c = new Part();
    private Thread told;

    @Override
    public void multiply(
        boolean transposeA,
        boolean transposeB,
        int m,
        int n,
        int k,
        float[] aArray,
        int aFrom,
        int aStride,
        float[] bArray,
        int bFrom,
        int bStride,
        float[] cArray,
        int cFrom,
        int cStride) {
      try {
        if (setThreading.isPresent() && told != Thread.currentThread()) {
          setThreading.get().invokeExact(ONE_THREAD);
          told = Thread.currentThread();
        }
        sgemm.invokeExact(
            ROW_MAJOR,
            transposeA ? TRANSPOSED : PLAIN,
            transposeB ? TRANSPOSED : PLAIN,
            m,
            n,
            k,
            1f,
            a.of(aArray, aFrom),
            aStride,
            b.of(bArray, bFrom),
            bStride,
            0f,
            c.of(cArray, cFrom),
            cStride);
      } catch (RuntimeException | Error e) {
        throw e;
      } catch (Throwable e) { // a function of C's throws nothing
        throw new IllegalStateException(e);
      }
    }
  }

  /** An array from some place on, as foreign functions take it. */
  private final class Part {
    private float[] array;
    private int from;
    private Object memory;

    Object of(float[] array, int from) throws Throwable {
      if (array != this.array || from != this.from) {
        memory = (Object) segment.invokeExact(array, 4L * from);
        this.array = array;
        this.from = from;
      }
      return memory;
    }
  }
}
