package dev.evenkeel.backend.cuda.jcuda;

import static jcuda.driver.JCudaDriver.*;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.backend.DeviceMemoryException;
import dev.evenkeel.backend.Operation;
import dev.evenkeel.backend.cuda.CudaDriver;
import dev.evenkeel.backend.cuda.CudaException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.CUfunction;
import jcuda.driver.CUfunction_attribute;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUjit_option;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.CUstreamCaptureMode;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JITOptions;

/**
 * CUDA's driver through JCuda, on the primary context of one device, which cuBLAS and cuDNN share.
 */
public final class JCudaDriver implements CudaDriver {

  private static final int LOG_BYTES = 8192;

  /** Whose context the thread has. */
  private static final ThreadLocal<JCudaDriver> CURRENT = new ThreadLocal<>();

  private final CUdevice device = new CUdevice();
  private final CUcontext context = new CUcontext();
  private final Properties properties;
  private final Handles<CUmodule> modules = new Handles<>();
  private final Handles<CUfunction> functions = new Handles<>();
  private final Handles<CUstream> streams = new Handles<>();
  private final Handles<CUevent> events = new Handles<>();
  private final List<Long> allocations = new ArrayList<>();
  private final Map<ByteBuffer, Pointer> pinned = new IdentityHashMap<>();
  private final List<RecordedGraph> graphs = new ArrayList<>();

  public JCudaDriver(int index) {
    CudaSetup.get().driver().require();
    check(cuDeviceGet(device, index), "cuDeviceGet(%d)", index);
    properties = properties(device);
    int code = cuDevicePrimaryCtxRetain(context, device);
    if (code == CUresult.CUDA_ERROR_OUT_OF_MEMORY) { // how much is free, a context alone can tell
      throw new EvenkeelException(
          "%s has no room for a program more: others hold its %s. help: nvidia-smi tells which; end them, or take another GPU, or --device cpu"
              .formatted(properties.name(), DeviceMemoryException.megabytes(properties.memory())));
    }
    check(code, "cuDevicePrimaryCtxRetain(%d)", index);
    enter();
  }

  /** Before each call: the thread may be another than last time, or have used another GPU since. */
  void enter() {
    if (CURRENT.get() != this) {
      check(cuCtxSetCurrent(context), "cuCtxSetCurrent()");
      CURRENT.set(this);
    }
  }

  static Properties properties(CUdevice device) {
    byte[] name = new byte[256];
    check(cuDeviceGetName(name, name.length, device), "cuDeviceGetName()");
    long[] memory = new long[1];
    check(cuDeviceTotalMem(memory, device), "cuDeviceTotalMem()");
    return new Properties(
        text(name),
        attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, device),
        attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, device),
        attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, device),
        memory[0],
        attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE, device));
  }

  private static int attribute(int attribute, CUdevice device) {
    int[] value = new int[1];
    check(cuDeviceGetAttribute(value, attribute, device), "cuDeviceGetAttribute(%d)", attribute);
    return value[0];
  }

  @Override
  public Properties properties() {
    return properties;
  }

  @Override
  public long freeMemory() {
    enter();
    long[] free = new long[1];
    long[] total = new long[1];
    check(cuMemGetInfo(free, total), "cuMemGetInfo()");
    return free[0];
  }

  // Memory

  @Override
  public long allocate(long bytes) {
    enter();
    Address.Out memory = new Address.Out();
    check(cuMemAlloc(memory, bytes), "cuMemAlloc(%d)", bytes);
    allocations.add(memory.address());
    return memory.address();
  }

  @Override
  public void free(long address) {
    enter();
    check(cuMemFree(Address.of(address)), "cuMemFree(0x%x)", address);
    allocations.remove(address);
  }

  @Override
  public ByteBuffer allocatePinned(int bytes) {
    enter();
    Pointer memory = new Pointer();
    check(cuMemAllocHost(memory, bytes), "cuMemAllocHost(%d)", bytes);
    ByteBuffer view = memory.getByteBuffer(0, bytes);
    pinned.put(view, memory);
    return view;
  }

  @Override
  public void freePinned(ByteBuffer memory) {
    enter();
    Pointer pointer = pinned(memory);
    pinned.remove(memory);
    check(cuMemFreeHost(pointer), "cuMemFreeHost(%d bytes)", memory.capacity());
  }

  private Pointer pinned(ByteBuffer memory) {
    Pointer pointer = pinned.get(memory);
    if (pointer == null) {
      throw new EvenkeelException(
          "Copies to and from the GPU take pinned memory that was not given back, not " + memory);
    }
    return pointer;
  }

  @Override
  public void copyToDevice(ByteBuffer source, int from, long target, int bytes, long stream) {
    enter();
    check(
        cuMemcpyHtoDAsync(
            Address.of(target), pinned(source).withByteOffset(from), bytes, streams.get(stream)),
        "cuMemcpyHtoDAsync(0x%x, %d bytes)",
        target,
        bytes);
  }

  @Override
  public void copyToHost(long source, ByteBuffer target, int to, int bytes, long stream) {
    enter();
    check(
        cuMemcpyDtoHAsync(
            pinned(target).withByteOffset(to), Address.of(source), bytes, streams.get(stream)),
        "cuMemcpyDtoHAsync(0x%x, %d bytes)",
        source,
        bytes);
  }

  @Override
  public void fill(long address, int word, long words, long stream) {
    enter();
    check(
        cuMemsetD32Async(Address.of(address), word, words, streams.get(stream)),
        "cuMemsetD32Async(0x%x, 0x%x, %d words)",
        address,
        word,
        words);
  }

  // Kernels

  @Override
  public long loadModule(String ptx) {
    enter();
    JITOptions options = new JITOptions();
    options.putBytes(CUjit_option.CU_JIT_ERROR_LOG_BUFFER, new byte[LOG_BYTES]);
    options.putInt(CUjit_option.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES, LOG_BYTES);
    CUmodule module = new CUmodule();
    int code = cuModuleLoadDataJIT(module, Pointer.to(text(ptx)), options);
    if (code != CUresult.CUDA_SUCCESS) {
      String log = text(options.getBytes(CUjit_option.CU_JIT_ERROR_LOG_BUFFER)).strip();
      throw new CudaException(
          "cuModuleLoadDataEx(%d characters of PTX)".formatted(ptx.length()),
          code,
          CUresult.stringFor(code) + (log.isEmpty() ? "" : ": " + log));
    }
    return modules.add(module);
  }

  /**
   * Ended by a zero, and outside of Java's heap: JCuda would keep the collector from all of an
   * array as long as the driver compiles.
   */
  static ByteBuffer text(String ptx) {
    byte[] bytes = ptx.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocateDirect(bytes.length + 1).put(bytes).rewind();
  }

  @Override
  public void unloadModule(long module) {
    enter();
    check(cuModuleUnload(modules.remove(module)), "cuModuleUnload()");
  }

  @Override
  public long function(long module, String name) {
    enter();
    CUfunction function = new CUfunction();
    check(
        cuModuleGetFunction(function, modules.get(module), name), "cuModuleGetFunction(%s)", name);
    // Drivers load a kernel when it is first asked after or launched: better now than in a step, or
    // when all memory is taken.
    check(
        cuFuncGetAttribute(new int[1], CUfunction_attribute.CU_FUNC_ATTRIBUTE_NUM_REGS, function),
        "cuFuncGetAttribute(%s)",
        name);
    return functions.add(function);
  }

  @Override
  public Operation launch(long function, Grid grid, long stream, Object... arguments) {
    enter();
    CUfunction kernel = functions.get(function);
    Arguments parameters = new Arguments(arguments);
    CUstream queue = streams.get(stream);
    return () -> {
      enter();
      parameters.refresh();
      int code =
          cuLaunchKernel(
              kernel,
              grid.blocksX(),
              grid.blocksY(),
              1,
              grid.threadsX(),
              grid.threadsY(),
              1,
              0,
              queue,
              parameters.pointers,
              null);
      if (code != CUresult.CUDA_SUCCESS) {
        throw failure(code, "cuLaunchKernel(%s, %s)", grid, Arrays.toString(arguments));
      }
    };
  }

  // Streams and events

  @Override
  public long createStream() {
    enter();
    CUstream stream = new CUstream();
    check(cuStreamCreate(stream, CUstream_flags.CU_STREAM_NON_BLOCKING), "cuStreamCreate()");
    return streams.add(stream);
  }

  CUstream stream(long handle) {
    return streams.get(handle);
  }

  @Override
  public void destroyStream(long stream) {
    enter();
    check(cuStreamDestroy(streams.remove(stream)), "cuStreamDestroy()");
  }

  @Override
  public void synchronize(long stream) {
    enter();
    check(cuStreamSynchronize(streams.get(stream)), "cuStreamSynchronize()");
  }

  @Override
  public long createEvent(boolean timing) {
    enter();
    CUevent event = new CUevent();
    int flags = timing ? CUevent_flags.CU_EVENT_DEFAULT : CUevent_flags.CU_EVENT_DISABLE_TIMING;
    check(cuEventCreate(event, flags), "cuEventCreate()");
    return events.add(event);
  }

  @Override
  public void destroyEvent(long event) {
    enter();
    check(cuEventDestroy(events.remove(event)), "cuEventDestroy()");
  }

  @Override
  public void record(long event, long stream) {
    enter();
    check(cuEventRecord(events.get(event), streams.get(stream)), "cuEventRecord()");
  }

  @Override
  public void await(long stream, long event) {
    enter();
    check(cuStreamWaitEvent(streams.get(stream), events.get(event), 0), "cuStreamWaitEvent()");
  }

  @Override
  public boolean isDone(long event) {
    enter();
    int code = cuEventQuery(events.get(event));
    if (code == CUresult.CUDA_ERROR_NOT_READY) {
      return false;
    }
    check(code, "cuEventQuery()");
    return true;
  }

  @Override
  public void synchronizeEvent(long event) {
    enter();
    check(cuEventSynchronize(events.get(event)), "cuEventSynchronize()");
  }

  @Override
  public float milliseconds(long from, long to) {
    enter();
    float[] milliseconds = new float[1];
    check(
        cuEventElapsedTime(milliseconds, events.get(from), events.get(to)), "cuEventElapsedTime()");
    return milliseconds[0];
  }

  // Graphs

  @Override
  public void beginCapture(long stream) {
    enter();
    check(
        cuStreamBeginCapture(
            streams.get(stream), CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL),
        "cuStreamBeginCapture()");
  }

  @Override
  public Graph endCapture(long stream) {
    enter();
    CUgraph recorded = new CUgraph();
    check(cuStreamEndCapture(streams.get(stream), recorded), "cuStreamEndCapture()");
    try {
      long[] nodes = new long[1];
      check(cuGraphGetNodes(recorded, null, nodes), "cuGraphGetNodes()");
      CUgraphExec executable = new CUgraphExec();
      check(cuGraphInstantiate(executable, recorded, 0), "cuGraphInstantiate(%d nodes)", nodes[0]);
      RecordedGraph graph = new RecordedGraph(executable, Math.toIntExact(nodes[0]));
      graphs.add(graph);
      return graph;
    } finally {
      cuGraphDestroy(recorded);
    }
  }

  private final class RecordedGraph implements Graph {

    private final CUgraphExec executable;
    private final int nodes;

    private RecordedGraph(CUgraphExec executable, int nodes) {
      this.executable = executable;
      this.nodes = nodes;
    }

    @Override
    public int nodes() {
      return nodes;
    }

    @Override
    public void launch(long stream) {
      enter();
      check(cuGraphLaunch(executable, streams.get(stream)), "cuGraphLaunch()");
    }

    @Override
    public void close() {
      enter();
      if (graphs.remove(this)) {
        check(cuGraphExecDestroy(executable), "cuGraphExecDestroy()");
      }
    }
  }

  /** Goes on after a failure, for a context that is broken refuses every call. */
  @Override
  public void close() {
    enter();
    // Not the context: where another thread records on this GPU, that would spoil its recording.
    streams.all().forEach(stream -> cuStreamSynchronize(stream));
    graphs.forEach(graph -> cuGraphExecDestroy(graph.executable));
    events.all().forEach(event -> cuEventDestroy(event));
    streams.all().forEach(stream -> cuStreamDestroy(stream));
    modules.all().forEach(module -> cuModuleUnload(module));
    pinned.values().forEach(memory -> cuMemFreeHost(memory));
    allocations.forEach(address -> cuMemFree(Address.of(address)));
    cuDevicePrimaryCtxRelease(device);
    CURRENT.remove();
  }

  // Codes

  private static void check(int code, String call) {
    if (code != CUresult.CUDA_SUCCESS) {
      throw failure(code, call);
    }
  }

  private static void check(int code, String call, Object... arguments) {
    if (code != CUresult.CUDA_SUCCESS) {
      throw failure(code, call, arguments);
    }
  }

  private static CudaException failure(int code, String call, Object... arguments) {
    return new CudaException(call.formatted(arguments), code, CUresult.stringFor(code));
  }

  /** Up to the zero that ends it. */
  private static String text(byte[] bytes) {
    int length = 0;
    while (length < bytes.length && bytes[length] != 0) {
      length++;
    }
    return new String(bytes, 0, length, StandardCharsets.UTF_8);
  }
}
