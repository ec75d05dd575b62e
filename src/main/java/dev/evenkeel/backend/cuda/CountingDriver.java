package dev.evenkeel.backend.cuda;

import dev.evenkeel.backend.Operation;
import dev.evenkeel.backend.Precision;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A device that does nothing and has room for everything: a backend on it counts, to the byte, the
 * memory that the same models would take on the real one, and the nodes of their graphs.
 */
final class CountingDriver implements CudaDriver {

  private static final long FIRST = 1L << 40;

  private final Properties properties;
  private final Map<Long, Long> sizes = new HashMap<>();
  private long free;
  private long next = FIRST;
  private int recorded;

  /**
   * @param free bytes that the real one has for a backend: what is done where little is left is
   *     done here too, but nothing is refused
   */
  CountingDriver(Properties properties, long free) {
    this.properties = properties;
    this.free = free;
  }

  /**
   * @param cudnn what the real backend has: asked for its limits, never run
   */
  static CudaLibraries libraries(long workspaceBytes, Optional<Cudnn> cudnn) {
    return new CudaLibraries() {
      @Override
      public long workspaceBytes(Properties device) {
        return workspaceBytes;
      }

      @Override
      public Blas blas(CudaDriver driver, long stream, long workspace, long bytes) {
        return new NoBlas((CountingDriver) driver);
      }

      @Override
      public Optional<Cudnn> cudnn(CudaDriver driver, long stream) {
        return cudnn.map(real -> new NoCudnn(real, (CountingDriver) driver));
      }
    };
  }

  private record NoBlas(CountingDriver driver) implements Blas {
    @Override
    public String description() {
      return "no cuBLAS";
    }

    @Override
    public Operation multiply(
        View a, boolean transposeA, View b, boolean transposeB, View c, Precision precision) {
      return () -> driver.recorded++;
    }

    @Override
    public void close() {}
  }

  private record NoCudnn(Cudnn real, CountingDriver driver) implements Cudnn {
    @Override
    public String description() {
      return real.description();
    }

    @Override
    public int maxRows(Mode mode, boolean training) {
      return real.maxRows(mode, training);
    }

    @Override
    public Operation forward(
        Mode mode,
        View x,
        View y,
        long gamma,
        long beta,
        double factor,
        long runningMean,
        long runningVariance,
        double epsilon,
        long savedMean,
        long savedInverse) {
      return () -> driver.recorded++;
    }

    @Override
    public Operation inference(
        Mode mode,
        View x,
        View y,
        long gamma,
        long beta,
        long runningMean,
        long runningVariance,
        double epsilon) {
      return () -> driver.recorded++;
    }

    @Override
    public Operation backward(
        Mode mode,
        View x,
        View dy,
        View dx,
        long gamma,
        long dGamma,
        long dBeta,
        double epsilon,
        long savedMean,
        long savedInverse) {
      return () -> driver.recorded++;
    }

    @Override
    public void close() {}
  }

  @Override
  public Properties properties() {
    return properties;
  }

  @Override
  public long freeMemory() {
    return free;
  }

  @Override
  public long allocate(long bytes) {
    long address = next;
    next += (bytes + 511) / 256 * 256;
    sizes.put(address, bytes);
    free -= bytes;
    return address;
  }

  @Override
  public void free(long address) {
    free += sizes.remove(address);
  }

  @Override
  public boolean holdsData() {
    return false;
  }

  @Override
  public ByteBuffer allocatePinned(int bytes) {
    return ByteBuffer.allocate(bytes);
  }

  @Override
  public void freePinned(ByteBuffer memory) {}

  @Override
  public void copyToDevice(ByteBuffer source, int from, long target, int bytes, long stream) {
    recorded++;
  }

  @Override
  public void copyToHost(long source, ByteBuffer target, int to, int bytes, long stream) {
    recorded++;
  }

  @Override
  public void fill(long address, int word, long words, long stream) {
    recorded++;
  }

  @Override
  public long loadModule(String ptx) {
    return 1;
  }

  @Override
  public void unloadModule(long module) {}

  @Override
  public long function(long module, String name) {
    return 1;
  }

  @Override
  public Operation launch(long function, Grid grid, long stream, Object... arguments) {
    return () -> recorded++;
  }

  @Override
  public long createStream() {
    return 1;
  }

  @Override
  public void destroyStream(long stream) {}

  @Override
  public void synchronize(long stream) {}

  @Override
  public long createEvent(boolean timing) {
    return 1;
  }

  @Override
  public void destroyEvent(long event) {}

  @Override
  public void record(long event, long stream) {}

  @Override
  public void await(long stream, long event) {}

  @Override
  public boolean isDone(long event) {
    return true;
  }

  @Override
  public void synchronizeEvent(long event) {}

  @Override
  public float milliseconds(long from, long to) {
    return 0;
  }

  @Override
  public void beginCapture(long stream) {
    recorded = 0;
  }

  @Override
  public Graph endCapture(long stream) {
    int nodes = recorded;
    return new Graph() {
      @Override
      public int nodes() {
        return nodes;
      }

      @Override
      public void launch(long stream) {}

      @Override
      public void close() {}
    };
  }

  @Override
  public void close() {}
}
