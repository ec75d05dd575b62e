package dev.evenkeel.simulator;

import dev.evenkeel.backend.cuda.CudaDriver.Grid;
import dev.evenkeel.backend.cuda.CudaDriver.Properties;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Loaded PTX and its kernels, and what CUDA says against them. */
final class Modules {

  /** Parsing is slow beside a test, and a parsed module never changes. */
  private static final Map<String, PtxModule> PARSED = new ConcurrentHashMap<>();

  private static final Pattern ENTRY = Pattern.compile("\\.entry\\s+(\\w+)");

  /**
   * @param characters of its text
   */
  private record Module(PtxModule ptx, int characters, Map<String, Long> functions) {}

  private final Properties properties;
  private final Handles handles;
  private final Owned<Module> modules = new Owned<>();
  private final Map<Long, PtxKernel> functions = new HashMap<>();

  Modules(Properties properties, Handles handles) {
    this.properties = properties;
    this.handles = handles;
  }

  long load(String text) {
    PtxHeader.of(text).check(properties);
    long handle = handles.next();
    modules.add(
        handle,
        new Module(parse(text), text.length(), new HashMap<>()),
        "module 0x%x".formatted(handle));
    return handle;
  }

  private static PtxModule parse(String text) {
    PtxModule known = PARSED.get(text);
    if (known != null) {
      return known;
    }
    try {
      PtxModule parsed = PtxModule.parse(text, name(text));
      PARSED.put(text, parsed);
      return parsed;
    } catch (RuntimeException failed) {
      RuntimeException invalid =
          CudaError.CUDA_ERROR_INVALID_PTX.in("cuModuleLoadData: %s: load", failed.getMessage());
      invalid.initCause(failed);
      throw invalid;
    }
  }

  /** The driver is not told a file's name: its first kernel must do in reports. */
  static String name(String text) {
    Matcher entry = ENTRY.matcher(text);
    return "module of " + (entry.find() ? entry.group(1) : "no kernel");
  }

  void unload(long handle) {
    Module module = modules.remove(handle);
    if (module == null) {
      throw CudaError.CUDA_ERROR_INVALID_HANDLE.in("cuModuleUnload(0x%x)", handle);
    }
    module.functions.values().forEach(functions::remove);
  }

  long function(long handle, String name) {
    String call = "cuModuleGetFunction(0x%x, %s)".formatted(handle, name);
    Module module = modules.get(handle);
    if (module == null) {
      throw CudaError.CUDA_ERROR_INVALID_HANDLE.in(call);
    }
    return module.functions.computeIfAbsent(name, key -> resolve(call, module, key));
  }

  int characters(long handle) {
    return modules.get(handle).characters;
  }

  private long resolve(String call, Module module, String name) {
    for (PtxKernel kernel : module.ptx.kernels()) {
      if (kernel.name().equals(name)) {
        long handle = handles.next();
        functions.put(handle, kernel);
        return handle;
      }
    }
    throw CudaError.CUDA_ERROR_NOT_FOUND.in(call);
  }

  PtxKernel kernel(String call, long function) {
    PtxKernel kernel = functions.get(function);
    if (kernel == null) {
      throw CudaError.CUDA_ERROR_INVALID_HANDLE.in(call);
    }
    return kernel;
  }

  /** Blocks and threads that a device takes; a refusal names all of the launch. */
  static void check(PtxKernel kernel, Grid grid) {
    int limit = kernel.maxThreads();
    boolean fits =
        grid.blocksX() >= 1
            && grid.blocksY() >= 1
            && grid.blocksY() <= 65_535
            && grid.threadsX() >= 1
            && grid.threadsY() >= 1
            && (long) grid.threadsX() * grid.threadsY() <= limit;
    if (!fits) {
      throw CudaError.CUDA_ERROR_INVALID_VALUE.in(
          "cuLaunchKernel(%s, %d x %d blocks, %d x %d threads of at most %d)",
          kernel.name(), grid.blocksX(), grid.blocksY(), grid.threadsX(), grid.threadsY(), limit);
    }
  }

  List<String> leaks() {
    return modules.words();
  }

  void clear() {
    modules.clear();
    functions.clear();
  }
}
