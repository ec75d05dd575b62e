package dev.evenkeel.backend.cuda;

import dev.evenkeel.backend.Operation;
import java.nio.ByteBuffer;

/**
 * What Evenkeel needs of CUDA's driver, for one device and its primary context. Addresses and
 * handles are longs. Every call that CUDA refuses throws a {@link CudaException} that names the
 * call, its arguments and the code.
 *
 * <p>Belongs to one thread at a time, as its backend does.
 */
public interface CudaDriver extends AutoCloseable {

  /** What the device is and holds. */
  Properties properties();

  /**
   * @param major of the compute capability: 9 of 9.0
   */
  record Properties(
      String name, int major, int minor, int multiprocessors, long memory, long l2Bytes) {}

  /** Bytes of device memory that are free now. */
  long freeMemory();

  // Memory

  /** Device memory, aligned to 256 bytes, with whatever was in it. */
  long allocate(long bytes);

  void free(long address);

  /** Whether memory holds what is copied to it; a driver that only counts needs no copies. */
  default boolean holdsData() {
    return true;
  }

  /**
   * A part of an allocation that is used as one of its own, from a multiple of 256 bytes on, and
   * its address: to CUDA it's the sum. A driver that checks accesses sees who steps out of it.
   */
  default long slice(long allocation, long offset, long bytes) {
    return allocation + offset;
  }

  /** The part is used no more; its memory stays the allocation's. */
  default void endSlice(long slice) {}

  /** Host memory that copies may read and write while the host goes on. */
  ByteBuffer allocatePinned(int bytes);

  void freePinned(ByteBuffer memory);

  /**
   * Copies from pinned memory in the order of the stream: the host must leave the bytes alone until
   * then.
   *
   * @param from byte of {@code source} to begin at
   */
  void copyToDevice(ByteBuffer source, int from, long target, int bytes, long stream);

  /** Copies to pinned memory in the order of the stream. */
  void copyToHost(long source, ByteBuffer target, int to, int bytes, long stream);

  /** Fills with 32-bit words in the order of the stream. */
  void fill(long address, int word, long words, long stream);

  // Kernels

  /** Compiles PTX text for this device. */
  long loadModule(String ptx);

  void unloadModule(long module);

  /** The kernel of that name in a module, its code on the device. */
  long function(long module, String name);

  /**
   * A launch with its arguments bound, to be run any number of times; running allocates nothing.
   *
   * @param arguments a Long for each 64-bit parameter or pointer, Integer for 32 bits, Float,
   *     Double; or a LongSupplier, which is asked at every run
   */
  Operation launch(long function, Grid grid, long stream, Object... arguments);

  /** Blocks and threads of a launch. */
  record Grid(int blocksX, int blocksY, int threadsX, int threadsY) {

    public static Grid of(int blocks, int threads) {
      return new Grid(blocks, 1, threads, 1);
    }
  }

  // Streams and events

  /** A stream that does not wait for the legacy default stream. */
  long createStream();

  void destroyStream(long stream);

  /** Waits for everything that was put on the stream. */
  void synchronize(long stream);

  /** An event; without {@code timing} it is cheaper to record. */
  long createEvent(boolean timing);

  void destroyEvent(long event);

  void record(long event, long stream);

  /** What is put on the stream from here on waits for what was recorded. */
  void await(long stream, long event);

  boolean isDone(long event);

  void synchronizeEvent(long event);

  float milliseconds(long from, long to);

  // Graphs

  /** What is put on the stream from here on is recorded, not run. */
  void beginCapture(long stream);

  /** Ends recording, and gives a graph that can be launched. */
  Graph endCapture(long stream);

  /**
   * What the work puts on the stream, recorded and not run. Of work that fails nothing is kept: a
   * part of it must never be replayed.
   */
  default Graph recorded(long stream, Operation work) {
    beginCapture(stream);
    try {
      work.run();
    } catch (RuntimeException | Error e) {
      try {
        endCapture(stream).close();
      } catch (CudaException refused) {
        e.addSuppressed(refused); // as it should be: the recording was invalid
      }
      throw e;
    }
    return endCapture(stream);
  }

  /** A recorded piece of work, launched as a whole. */
  interface Graph extends AutoCloseable {

    /** Kernels, copies and fills in it. */
    int nodes();

    void launch(long stream);

    @Override
    void close();
  }

  /** Gives back what was not given back, the context at last. */
  @Override
  void close();
}
