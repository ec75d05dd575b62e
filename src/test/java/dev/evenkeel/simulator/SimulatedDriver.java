package dev.evenkeel.simulator;

import dev.evenkeel.backend.Operation;
import dev.evenkeel.backend.cuda.CudaDriver;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/**
 * A GPU made of Java: executes PTX on checked memory, in streams that run asynchronously in seeded
 * orders. What a real device would quietly do wrong (a missing wait, a stale pointer, an argument
 * of the wrong type) is a fault here, or wrong data under some seeds.
 *
 * <p>A fault in queued work surfaces from the call that happened to run it, and from every call
 * after.
 */
public final class SimulatedDriver implements CudaDriver {

  private static final Set<String> EVER_RUN = ConcurrentHashMap.newKeySet();

  private final SimulatedOptions options;
  private final Counters counters = new Counters();
  private final Scheduler scheduler;
  private final DeviceMemory memory;
  private final PinnedMemory pinned;
  private final Modules modules;
  private final Streams streams;
  private final Handles handles = new Handles();
  private final Owned<String> libraries = new Owned<>();
  private Statistics statistics;
  private List<String> leaks;

  public SimulatedDriver(SimulatedOptions options) {
    this.options = options;
    statistics = options.execution().statistics();
    scheduler = new Scheduler(options.seed(), options.eager());
    memory = new DeviceMemory(options.properties().memory(), counters);
    pinned = new PinnedMemory(options.eager(), counters, handles);
    modules = new Modules(options.properties(), handles);
    streams = new Streams(scheduler, counters, handles);
  }

  /** Asynchronous in the order of the seed. */
  public SimulatedDriver(long seed) {
    this(SimulatedOptions.standard(seed));
  }

  // What tests ask

  /** Names of the kernels that ran on any simulated device in this JVM. */
  public static Set<String> kernelsEverRun() {
    return Set.copyOf(EVER_RUN);
  }

  /** The counters as they go on. */
  public Counters counters() {
    return counters;
  }

  /** The memory itself, to look into it without a copy: only after all work is done. */
  public GlobalMemory memory() {
    return memory.global;
  }

  /** From now on this counts what launches do when they run; null for none. */
  public void collect(Statistics into) {
    statistics = into;
  }

  /** What was not given back: by now, or before close() did. */
  public List<String> leaks() {
    if (leaks != null) {
      return leaks;
    }
    List<String> found = new ArrayList<>(memory.leaks());
    found.addAll(pinned.leaks());
    found.addAll(streams.leaks());
    found.addAll(modules.leaks());
    found.addAll(libraries.words());
    return found;
  }

  public void assertNothingLeaked() {
    if (!leaks().isEmpty()) {
      throw new AssertionError("not given back:\n  " + String.join("\n  ", leaks()));
    }
  }

  // The driver

  @Override
  public Properties properties() {
    return options.properties();
  }

  @Override
  public long freeMemory() {
    enter("cuMemGetInfo");
    return memory.free();
  }

  @Override
  public long allocate(long bytes) {
    enter("cuMemAlloc");
    streams.refuseInCapture("cuMemAlloc");
    return memory.allocate(bytes);
  }

  /** Does not wait for work that uses the memory: such work then faults. */
  @Override
  public void free(long address) {
    enterToGiveBack("cuMemFree");
    streams.refuseInCapture("cuMemFree");
    memory.free(address);
  }

  @Override
  public long slice(long allocation, long offset, long bytes) {
    enter("slice");
    return memory.slice(allocation, offset, bytes);
  }

  @Override
  public void endSlice(long slice) {
    enterToGiveBack("endSlice");
    memory.endSlice(slice);
  }

  @Override
  public ByteBuffer allocatePinned(int bytes) {
    enter("cuMemHostAlloc");
    streams.refuseInCapture("cuMemHostAlloc");
    return pinned.allocate(bytes);
  }

  @Override
  public void freePinned(ByteBuffer buffer) {
    enterToGiveBack("cuMemFreeHost");
    streams.refuseInCapture("cuMemFreeHost");
    if (scheduler.isBroken()) {
      // What has not run by now never will.
      pinned.abandon();
    }
    pinned.free(buffer);
  }

  @Override
  public void copyToDevice(ByteBuffer source, int from, long target, int bytes, long stream) {
    enter("cuMemcpyHtoDAsync");
    Action copy = pinned.toDevice(source, from, bytes, target, memory.global);
    streams.enqueue("cuMemcpyHtoDAsync", stream, copy);
  }

  @Override
  public void copyToHost(long source, ByteBuffer target, int to, int bytes, long stream) {
    enter("cuMemcpyDtoHAsync");
    Action copy = pinned.toHost(source, target, to, bytes, memory.global);
    streams.enqueue("cuMemcpyDtoHAsync", stream, copy);
  }

  @Override
  public void fill(long address, int word, long words, long stream) {
    enter("cuMemsetD32Async");
    Action fill =
        Action.of(
            "fill of %d words at 0x%x".formatted(words, address),
            2 + words / 500e3,
            () -> {
              counters.fillsRun++;
              memory.global.fill(address, word, words);
            });
    streams.enqueue("cuMemsetD32Async", stream, fill);
  }

  @Override
  public long loadModule(String ptx) {
    enter("cuModuleLoadData");
    streams.refuseInCapture("cuModuleLoadData");
    long module = modules.load(ptx);
    counters.modules.add(Modules.name(ptx));
    return module;
  }

  @Override
  public void unloadModule(long module) {
    enterToGiveBack("cuModuleUnload");
    streams.refuseInCapture("cuModuleUnload");
    modules.unload(module);
  }

  @Override
  public long function(long module, String name) {
    enter("cuModuleGetFunction");
    long function = modules.function(module, name);
    if (memory.free() < modules.characters(module)) { // about as much as its code takes
      throw CudaError.CUDA_ERROR_OUT_OF_MEMORY.in("cuModuleGetFunction(%s)", name);
    }
    return function;
  }

  @Override
  public Operation launch(long function, Grid grid, long stream, Object... arguments) {
    enter("cuLaunchKernel");
    PtxKernel kernel = modules.kernel("cuLaunchKernel", function);
    Modules.check(kernel, grid);
    Action bound = action(kernel, grid, Arguments.bind(kernel, arguments));
    boolean asked = Arrays.stream(arguments).anyMatch(LongSupplier.class::isInstance);
    String call = "cuLaunchKernel(%s)".formatted(kernel.name());
    return () -> {
      enter(call);
      modules.kernel(call, function);
      counters.launches++;
      streams.enqueue(
          call, stream, asked ? action(kernel, grid, Arguments.bind(kernel, arguments)) : bound);
    };
  }

  private Action action(PtxKernel kernel, Grid grid, byte[] arguments) {
    return Action.of(
        "kernel " + kernel.name(),
        options.microseconds().applyAsDouble(kernel.name()),
        () -> run(kernel, grid, arguments));
  }

  private void run(PtxKernel kernel, Grid grid, byte[] arguments) {
    counters.kernelsRun++;
    counters.runs.merge(kernel.name(), 1L, Long::sum);
    EVER_RUN.add(kernel.name());
    long seed = scheduler.random().nextLong();
    ExecutionOptions execution = options.execution().withSeed(seed).withStatistics(statistics);
    Execution.run(
        kernel,
        grid.blocksX(),
        grid.blocksY(),
        grid.threadsX(),
        grid.threadsY(),
        arguments,
        memory.global,
        execution);
  }

  /** A handle of a library, which its owner must close. */
  long openLibrary(String name) {
    enter(name);
    long handle = handles.next();
    libraries.add(handle, name, "handle of " + name);
    return handle;
  }

  void closeLibrary(long handle) {
    libraries.remove(handle);
  }

  boolean isLibraryOpen(long handle) {
    return libraries.get(handle) != null;
  }

  /** An operation of a library, which is put on a stream as a kernel is. */
  Operation library(String name, long stream, Runnable body) {
    enter(name);
    Action action = Action.of(name, options.microseconds().applyAsDouble(name), body);
    return () -> {
      enter(name);
      streams.enqueue(name, stream, action);
    };
  }

  @Override
  public long createStream() {
    enter("cuStreamCreate");
    return streams.create();
  }

  @Override
  public void destroyStream(long stream) {
    enterToGiveBack("cuStreamDestroy");
    streams.destroy(stream);
  }

  @Override
  public void synchronize(long stream) {
    enter("cuStreamSynchronize");
    streams.synchronize(stream);
  }

  @Override
  public long createEvent(boolean timing) {
    enter("cuEventCreate");
    return streams.createEvent(timing);
  }

  @Override
  public void destroyEvent(long event) {
    enterToGiveBack("cuEventDestroy");
    streams.destroyEvent(event);
  }

  @Override
  public void record(long event, long stream) {
    enter("cuEventRecord");
    streams.record(event, stream);
  }

  @Override
  public void await(long stream, long event) {
    enter("cuStreamWaitEvent");
    streams.await(stream, event);
  }

  /** Polling lets time pass, so it ends. */
  @Override
  public boolean isDone(long event) {
    enter("cuEventQuery");
    return streams.isDone(event);
  }

  @Override
  public void synchronizeEvent(long event) {
    enter("cuEventSynchronize");
    streams.synchronizeEvent(event);
  }

  @Override
  public float milliseconds(long from, long to) {
    enter("cuEventElapsedTime");
    return streams.milliseconds(from, to);
  }

  @Override
  public void beginCapture(long stream) {
    enter("cuStreamBeginCapture");
    streams.beginCapture(stream);
  }

  @Override
  public Graph endCapture(long stream) {
    enter("cuStreamEndCapture");
    return streams.endCapture(stream);
  }

  /** Runs what is queued, unless there was a fault, and gives back all that was not. */
  @Override
  public void close() {
    if (leaks != null) {
      return;
    }
    try {
      if (!scheduler.isBroken()) {
        scheduler.finishAll();
      }
    } finally {
      leaks = leaks();
      memory.clear();
      pinned.clear();
      streams.clear();
      modules.clear();
      libraries.clear();
    }
  }

  /** What each call does first: the device may work meanwhile. */
  private void enter(String call) {
    enterToGiveBack(call);
    scheduler.tick();
  }

  /** Giving back goes on after a fault. */
  private void enterToGiveBack(String call) {
    if (leaks != null) {
      throw CudaError.CUDA_ERROR_CONTEXT_IS_DESTROYED.in(call);
    }
  }
}
