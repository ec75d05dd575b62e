/**
 * Evenkeel as a named module; {@code dev.evenkeel}'s own description says where to begin.
 *
 * <p>Reading {@code dev.ludovic.netlib.blas}, an automatic module, means reading every other
 * automatic one as well: so JCuda's and Lets-Plot's modules, whose names come from their files, are
 * used where they are there and named nowhere.
 */
@SuppressWarnings("requires-automatic") // all that are named here name themselves in a manifest
module dev.evenkeel {
  requires com.fasterxml.jackson.databind;
  requires de.siegmar.fastcsv;
  requires dev.ludovic.netlib.blas;
  requires java.logging;
  requires jdk.httpserver;
  requires org.slf4j;

  // Native products: absent where they are excluded; the JVM takes them by --add-modules.
  requires static org.bytedeco.javacpp;
  requires static org.bytedeco.openblas;

  // ONNX.
  requires static com.google.protobuf;
  requires static org.tribuo.util.onnx;

  // Keras' files.
  requires static io.jhdf;

  // The command line.
  requires static info.picocli;
  requires static me.tongfei.progressbar;

  exports dev.evenkeel;
  exports dev.evenkeel.backend;
  exports dev.evenkeel.backend.cuda; // for CudaException; the rest of it may change at any time
  exports dev.evenkeel.data;
  exports dev.evenkeel.deploy;
  exports dev.evenkeel.io;
  exports dev.evenkeel.lab;
  exports dev.evenkeel.loss;
  exports dev.evenkeel.metric;
  exports dev.evenkeel.nn;
  exports dev.evenkeel.optim;
  exports dev.evenkeel.report;
  exports dev.evenkeel.tensor;
  exports dev.evenkeel.train;
  exports dev.evenkeel.ui;

  uses dev.evenkeel.backend.BackendProvider;

  provides dev.evenkeel.backend.BackendProvider with
      dev.evenkeel.backend.cpu.CpuProvider,
      dev.evenkeel.backend.cuda.jcuda.CudaProvider;

  // Records that are kept as JSON, some of them not public.
  opens dev.evenkeel.backend to
      com.fasterxml.jackson.databind;
  opens dev.evenkeel.data to
      com.fasterxml.jackson.databind;
  opens dev.evenkeel.loss to
      com.fasterxml.jackson.databind;
  opens dev.evenkeel.nn to
      com.fasterxml.jackson.databind;
  opens dev.evenkeel.optim to
      com.fasterxml.jackson.databind;
  opens dev.evenkeel.report to
      com.fasterxml.jackson.databind;
  opens dev.evenkeel.train to
      com.fasterxml.jackson.databind;
  opens dev.evenkeel.ui to
      com.fasterxml.jackson.databind;
  opens dev.evenkeel.cli to
      com.fasterxml.jackson.databind,
      info.picocli;
}
