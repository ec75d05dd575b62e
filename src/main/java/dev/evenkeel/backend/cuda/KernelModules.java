package dev.evenkeel.backend.cuda;

import java.util.HashMap;
import java.util.Map;

/**
 * The kernels of {@code kernels/}, as PTX that the driver compiles for its GPU. That takes it
 * seconds for all of them, so each file is loaded when an operation first binds a kernel of it.
 *
 * <p>Binding is never recorded: nothing can be loaded while a stream is. CUDA refuses it.
 */
final class KernelModules {

  private final CudaDriver driver;
  private final Map<KernelFile, Long> modules = new HashMap<>();
  private final Map<String, Long> functions = new HashMap<>();

  KernelModules(CudaDriver driver) {
    this.driver = driver;
  }

  /** The handle of a kernel. */
  long function(String name) {
    return functions.computeIfAbsent(name, this::find);
  }

  private long find(String name) {
    long module =
        modules.computeIfAbsent(KernelFile.of(name), file -> driver.loadModule(file.text()));
    return driver.function(module, name);
  }

  /** Unloads what was loaded; nothing may be launched any more. */
  void close() {
    modules.values().forEach(driver::unloadModule);
    modules.clear();
    functions.clear();
  }
}
