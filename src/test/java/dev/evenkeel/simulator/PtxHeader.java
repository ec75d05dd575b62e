package dev.evenkeel.simulator;

import dev.evenkeel.backend.cuda.CudaDriver.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a PTX file asks of device and driver.
 *
 * @param version 63 of ".version 6.3"
 * @param target 75 of ".target sm_75"
 * @param specific whether it is for that target alone, as sm_90a is
 */
record PtxHeader(int version, int target, boolean specific) {

  /** What the driver of CUDA 13.0 compiles, by the table in the PTX manual. */
  private static final int NEWEST = 90;

  private static final Pattern VERSION = Pattern.compile("(?m)^\\s*\\.version\\s+(\\d+)\\.(\\d)");
  private static final Pattern TARGET = Pattern.compile("(?m)^\\s*\\.target\\s+sm_(\\d+)([af]?)");

  static PtxHeader of(String text) {
    Matcher version = VERSION.matcher(text);
    Matcher target = TARGET.matcher(text);
    if (!version.find() || !target.find()) {
      throw CudaError.CUDA_ERROR_INVALID_PTX.in("cuModuleLoadData: .version or .target missing");
    }
    return new PtxHeader(
        10 * Integer.parseInt(version.group(1)) + Integer.parseInt(version.group(2)),
        Integer.parseInt(target.group(1)),
        !target.group(2).isEmpty());
  }

  void check(Properties device) {
    String call =
        "cuModuleLoadData(PTX %d.%d for sm_%d)".formatted(version / 10, version % 10, target);
    int capability = 10 * device.major() + device.minor();
    if (version > NEWEST) {
      throw CudaError.CUDA_ERROR_UNSUPPORTED_PTX_VERSION.in(call);
    }
    if (target > capability || specific && target != capability) {
      throw CudaError.CUDA_ERROR_NO_BINARY_FOR_GPU.in(call);
    }
  }
}
