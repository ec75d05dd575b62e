package dev.evenkeel.cli;

import dev.evenkeel.backend.cuda.CudaDriver;
import dev.evenkeel.backend.cuda.jcuda.CudaSetup;
import dev.evenkeel.backend.cuda.jcuda.JCudaDriver;
import java.util.Optional;

/**
 * What the GPU's driver says of its free memory, from before a run on: that counts what libraries
 * take behind Evenkeel's back, too.
 */
final class DeviceWatch implements AutoCloseable {

  private final Optional<CudaDriver> driver;
  private final long freeAtFirst;

  private DeviceWatch(Optional<CudaDriver> driver) {
    this.driver = driver;
    this.freeAtFirst = driver.map(CudaDriver::freeMemory).orElse(0L);
  }

  /**
   * @param device as the command line names it; nothing is watched where no GPU is used
   */
  static DeviceWatch of(String device) {
    int index = index(device);
    boolean watches = !device.equals("cpu") && CudaSetup.get().unavailable(index).isEmpty();
    return new DeviceWatch(watches ? Optional.of(new JCudaDriver(index)) : Optional.empty());
  }

  /** 1 of "cuda:1"; 0 where there is no number. */
  static int index(String device) {
    return device.matches("cuda:\\d{1,3}") ? Integer.parseInt(device.substring(5)) : 0;
  }

  /** Bytes that were free at first and are not now. */
  long taken() {
    return driver.map(one -> freeAtFirst - one.freeMemory()).orElse(0L);
  }

  @Override
  public void close() {
    driver.ifPresent(CudaDriver::close);
  }
}
