package dev.evenkeel.backend.cuda.jcuda;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.backend.cuda.CudaDriver;
import dev.evenkeel.backend.cuda.libraries.Finding;
import dev.evenkeel.backend.cuda.libraries.Library;
import dev.evenkeel.backend.cuda.libraries.LibrarySearch;
import dev.evenkeel.backend.cuda.libraries.Machine;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import jcuda.driver.CUdevice;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/**
 * What has to be there for CUDA to be used. Each part is looked for when it is first asked for,
 * once in a process; the answer is where it was found, or in one sentence what is missing and how
 * to get it.
 */
public final class CudaSetup {

  /**
   * A part of the way to the GPU.
   *
   * @param version empty where it can't be used
   * @param finding where the library is; empty for what is not NVIDIA's
   * @param no why it can't be used, and what to do about it
   */
  public record Part(
      String name, Optional<String> version, Optional<Finding> finding, Optional<String> no) {

    private static Part usable(String name, String version, Finding finding) {
      return new Part(name, Optional.of(version), Optional.of(finding), Optional.empty());
    }

    private static Part unusable(String name, Finding finding, String no) {
      return new Part(name, Optional.empty(), Optional.of(finding), Optional.of(no));
    }

    public boolean isUsable() {
      return no.isEmpty();
    }

    /** Before a class of JCuda's is used, which would look for its library by itself. */
    void require() {
      if (!isUsable()) {
        throw new EvenkeelException("%s can't be used: %s".formatted(name, no.get()));
      }
    }
  }

  /** The oldest driver that JCuda's and NVIDIA's libraries of version 12 work with: r525. */
  private static final int OLDEST_DRIVER = 12000;

  /** Turing: what the kernels are made for. */
  private static final int OLDEST_CAPABILITY = 75;

  private static final CudaSetup SHARED = new CudaSetup(Machine.here());

  private final Machine machine;
  private final LibrarySearch search;
  private Part driver;
  private Part blas;
  private Part cudnn;

  public CudaSetup(Machine machine) {
    this.machine = machine;
    this.search = new LibrarySearch(machine);
  }

  /** Of this machine. */
  public static CudaSetup get() {
    return SHARED;
  }

  public Machine machine() {
    return machine;
  }

  /** The first reason why that GPU can't be used; empty where it can. */
  public Optional<String> unavailable(int index) {
    try {
      return machine
          .unsupported()
          .or(() -> driver().no)
          .or(() -> jcuda().no)
          .or(() -> blas().no)
          .or(() -> gpu(index));
    } catch (NoClassDefFoundError e) { // whoever embeds Evenkeel may have left JCuda out
      return Optional.of(
          "JCuda is not on the class path (there is no %s): add org.jcuda:jcuda, jcublas and jcudnn, which come with Evenkeel unless they are excluded"
              .formatted(e.getMessage().replace('/', '.')));
    }
  }

  /** What no GPU can be used without, in the order of need. */
  public List<Part> needed() {
    return List.of(driver(), jcuda(), blas());
  }

  /** The version is the highest of CUDA that it supports. */
  public synchronized Part driver() {
    if (driver == null) {
      driver = initialise(search.find(Library.DRIVER));
    }
    return driver;
  }

  private Part initialise(Finding finding) {
    String name = "NVIDIA driver";
    if (!finding.isFound()) {
      return Part.unusable(name, finding, finding.missing());
    }
    Optional<String> no = load(Natives.DRIVER);
    if (no.isPresent()) {
      return Part.unusable(name, finding, no.get());
    }
    int code = JCudaDriver.cuInit(0);
    if (code != CUresult.CUDA_SUCCESS) {
      return Part.unusable(
          name,
          finding,
          "the NVIDIA driver can't be started, %s (%d): see whether nvidia-smi lists the GPU, and whether CUDA_VISIBLE_DEVICES or the container hides it"
              .formatted(CUresult.stringFor(code), code));
    }
    int[] version = new int[1];
    JCudaDriver.cuDriverGetVersion(version);
    String words = "%d.%d".formatted(version[0] / 1000, version[0] % 1000 / 10);
    return version[0] >= OLDEST_DRIVER
        ? Part.usable(name, words, finding)
        : Part.unusable(
            name,
            finding,
            "the NVIDIA driver is of CUDA %s, and 12.0 is the oldest that will do: install version 525 or newer"
                .formatted(words));
  }

  /** JCuda's libraries for the driver and cuBLAS are on the class path. */
  public Part jcuda() {
    Optional<String> no = Natives.DRIVER.missing(machine).or(() -> Natives.BLAS.missing(machine));
    return new Part(
        "JCuda",
        no.isEmpty() ? Optional.of(Natives.version()) : Optional.empty(),
        Optional.empty(),
        no);
  }

  public synchronized Part blas() {
    if (blas == null) {
      blas = part(Library.CUBLAS, Natives.BLAS, JCudaBlas::version);
    }
    return blas;
  }

  public synchronized Part cudnn() {
    if (cudnn == null) {
      cudnn = part(Library.CUDNN, Natives.CUDNN, JCudaCudnn::version);
    }
    return cudnn;
  }

  private Part part(Library library, Natives natives, Supplier<String> version) {
    Finding finding = search.find(library);
    if (!finding.isFound()) {
      return Part.unusable(library.title(), finding, finding.missing());
    }
    Optional<String> no = load(natives);
    return no.isPresent()
        ? Part.unusable(library.title(), finding, no.get())
        : Part.usable(library.title(), version.get(), finding);
  }

  private Optional<String> load(Natives natives) {
    try {
      return natives.load(machine);
    } catch (EvenkeelException e) {
      return Optional.of(e.getMessage());
    }
  }

  /** What the driver sees; nothing where it can't be used. */
  public List<CudaDriver.Properties> gpus() {
    List<CudaDriver.Properties> gpus = new ArrayList<>();
    if (driver().isUsable()) {
      int[] count = new int[1];
      JCudaDriver.cuDeviceGetCount(count);
      for (int i = 0; i < count[0]; i++) {
        CUdevice device = new CUdevice();
        JCudaDriver.cuDeviceGet(device, i);
        gpus.add(dev.evenkeel.backend.cuda.jcuda.JCudaDriver.properties(device));
      }
    }
    return gpus;
  }

  private Optional<String> gpu(int index) {
    List<CudaDriver.Properties> gpus = gpus();
    if (index >= gpus.size()) {
      return Optional.of(
          "there is no GPU %d, for the driver sees %d, counted from 0: choose another, or look at CUDA_VISIBLE_DEVICES"
              .formatted(index, gpus.size()));
    }
    CudaDriver.Properties gpu = gpus.get(index);
    return gpu.major() * 10 + gpu.minor() >= OLDEST_CAPABILITY
        ? Optional.empty()
        : Optional.of(
            "%s has compute capability %d.%d, and 7.5 is the least that the kernels run on: choose a GPU of Turing or later"
                .formatted(gpu.name(), gpu.major(), gpu.minor()));
  }
}
