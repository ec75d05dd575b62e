package dev.evenkeel.backend.cuda;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The kernels of {@code kernels/}, as PTX that the driver compiles for its GPU. That takes it
 * seconds for all of them, so each kernel is a module of its own, loaded when an operation first
 * binds it.
 *
 * <p>Binding is never recorded: nothing can be loaded while a stream is. CUDA refuses it.
 */
final class KernelModules {

  private final CudaDriver driver;
  private final CudaMemory memory;
  private final Map<String, KernelText> texts = new HashMap<>();
  private final List<Long> modules = new ArrayList<>();
  private final Map<String, Long> functions = new HashMap<>();

  KernelModules(CudaMemory memory) {
    this.driver = memory.driver;
    this.memory = memory;
  }

  /** The handle of a kernel. */
  long function(String name) {
    return functions.computeIfAbsent(name, this::load);
  }

  private long load(String name) {
    KernelText text =
        texts.computeIfAbsent(KernelFile.of(name), file -> KernelText.of(KernelFile.text(file)));
    return memory.refusing(
        "the kernel " + name,
        () -> {
          long module = driver.loadModule(text.alone(name));
          modules.add(module);
          return driver.function(module, name); // which may be what takes the memory
        });
  }

  /** Names of what was loaded. */
  Set<String> loaded() {
    return functions.keySet();
  }

  /** Unloads what was loaded; nothing may be launched any more. */
  void close() {
    modules.forEach(driver::unloadModule);
    modules.clear();
    functions.clear();
  }
}
