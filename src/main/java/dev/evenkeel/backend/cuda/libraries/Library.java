package dev.evenkeel.backend.cuda.libraries;

import java.util.List;

/** What is wanted of NVIDIA: files that lie in one folder and are loaded in this order. */
public enum Library {
  DRIVER(
      "NVIDIA driver",
      List.of("libcuda.so.1"),
      "install NVIDIA's driver, version 525 or newer (nvidia-smi then lists the GPU)"),
  CUBLAS(
      "cuBLAS",
      List.of("libcublasLt.so.12", "libcublas.so.12"),
      "build with mvn -Pcuda -DskipTests package, or add "
          + Library.REDIST
          + " to your class path, or pip install nvidia-cublas-cu12, or install CUDA 12's toolkit"),
  /** Loaded in place of {@link #CUBLAS}, with a {@link Bridge}. */
  CUBLAS_13(
      "cuBLAS 13", List.of("libcublasLt.so.13", "libcublas.so.13"), "install CUDA 13's toolkit"),
  /** Optional. The first of the three finds the others, but would look for them by itself. */
  CUDNN(
      "cuDNN",
      List.of("libcudnn_graph.so.9", "libcudnn_ops.so.9", "libcudnn.so.9"),
      "build with mvn -Pcuda -DskipTests package, or add "
          + Library.REDIST
          + " to your class path, or pip install nvidia-cudnn-cu12, or install cuDNN 9");

  /** The Maven coordinates of the jar that holds all but the driver. */
  static final String REDIST = "org.bytedeco:cuda:12.6-9.5-1.5.11:linux-x86_64-redist";

  /** Where those libraries lie in that jar. */
  static final String IN_REDIST = "org/bytedeco/cuda/linux-x86_64/";

  private final String title;
  private final List<String> files;
  private final String remedy;

  Library(String title, List<String> files, String remedy) {
    this.title = title;
    this.files = files;
    this.remedy = remedy;
  }

  public String title() {
    return title;
  }

  public List<String> files() {
    return files;
  }

  /** The file that JCuda asks for. */
  public String mainFile() {
    return files.get(files.size() - 1);
  }

  /** What to do where it is missing. */
  public String remedy() {
    return remedy;
  }
}
