package dev.evenkeel.backend.cuda;

import static dev.evenkeel.backend.cuda.CudaBuffer.vector;
import static dev.evenkeel.backend.cuda.CudaBuffer.view;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.BatchNormMemory;
import dev.evenkeel.backend.DeviceOptions;
import dev.evenkeel.backend.DeviceOptions.NormBody;
import dev.evenkeel.backend.Dropping;
import dev.evenkeel.backend.LossMemory;
import dev.evenkeel.backend.Masking;
import dev.evenkeel.backend.Operation;
import dev.evenkeel.backend.Precision;
import dev.evenkeel.backend.Readback;
import dev.evenkeel.backend.RowNormMemory;
import dev.evenkeel.backend.Step;
import dev.evenkeel.tensor.Buffer;
import dev.evenkeel.tensor.InputLayout;
import dev.evenkeel.tensor.Matrix;
import dev.evenkeel.tensor.RowOrder;
import dev.evenkeel.tensor.Rows;
import java.util.List;
import java.util.Optional;

/**
 * The contract on an NVIDIA GPU: matrix products by cuBLAS, all else by kernels of our own. One
 * stream, beside which small products may have another; operations are put on it in the order in
 * which they are run, and the host goes on.
 */
public final class CudaBackend implements Backend {

  private final CudaDriver driver;
  private final int index;
  private final Precision precision;
  private final NormBody normBody;
  private final DeviceOptions.Replay replay;
  private final long stream;
  private final CudaMemory memory;
  private final Staging staging;
  private final StepScalars scalars;
  private final long scratch;
  private final long workspaceBytes;
  private final long workspace;
  private final Kernels kernels;
  private final Blas blas;
  private final SideStream side;
  private final Optional<Cudnn> cudnn;
  private final NormBodies norms;
  private final CudaTables tables;
  private final WeightCopies weights;
  private final NonFiniteSearch nonFinite;
  private boolean closed;

  /**
   * @param driver closed with the backend
   */
  public CudaBackend(CudaDriver driver, int index, CudaLibraries libraries, DeviceOptions options) {
    this.driver = driver;
    this.index = index;
    this.precision = options.precision().orElse(bestFor(driver.properties()));
    this.normBody = options.normBody();
    this.replay = options.replay();
    require(precision, driver.properties());
    this.stream = driver.createStream();
    this.memory = new CudaMemory(driver, stream);
    this.staging = new Staging(memory);
    this.scratch = memory.allocate(Kernels.SCRATCH_BYTES);
    this.kernels = new Kernels(memory, scratch);
    this.scalars = new StepScalars(memory, staging, kernels.data);
    this.workspaceBytes = libraries.workspaceBytes(driver.properties());
    this.workspace = workspaceBytes == 0 ? 0 : memory.allocate(workspaceBytes);
    this.cudnn =
        options.normBody() == NormBody.PTX
            ? Optional.empty()
            : memory.refusing("cuDNN", () -> libraries.cudnn(driver, stream));
    if (options.normBody() == NormBody.CUDNN && cudnn.isEmpty()) {
      throw new EvenkeelException(
          "--norm-body cudnn can't be used: cuDNN was not found. help: evenkeel doctor, or --norm-body ptx");
    }
    this.blas =
        memory.refusing("cuBLAS", () -> libraries.blas(driver, stream, workspace, workspaceBytes));
    this.side = new SideStream(memory, libraries, scalars);
    this.norms = new NormBodies(memory, kernels, options.normBody(), cudnn);
    this.tables = new CudaTables(memory, staging, scalars, kernels, activationType());
    this.weights = new WeightCopies(kernels);
    this.nonFinite = new NonFiniteSearch(memory, kernels.data);
  }

  /** What suits a device: TF32 where there is such a thing. */
  public static Precision bestFor(CudaDriver.Properties properties) {
    return properties.major() >= 8 ? Precision.TF32 : Precision.FP32;
  }

  private static void require(Precision precision, CudaDriver.Properties device) {
    if (precision != Precision.FP32 && device.major() < 8) {
      throw new EvenkeelException(
          "%s (compute capability %d.%d) can't compute in %s: that needs 8.0. help: --precision fp32"
              .formatted(device.name(), device.major(), device.minor(), precision.label()));
    }
  }

  @Override
  public String description() {
    CudaDriver.Properties device = driver.properties();
    return "%s (compute capability %d.%d), %s, %s, batch norm by %s"
        .formatted(
            device.name(),
            device.major(),
            device.minor(),
            precision.label(),
            blas.description(),
            norms.description());
  }

  @Override
  public String device() {
    return "cuda:" + index;
  }

  // Memory

  @Override
  public Buffer allocate(long floats) {
    return CudaBuffer.floats(memory, memory::allocateBuffer, floats);
  }

  @Override
  public Buffer allocateActivations(int rows, int columns) {
    return CudaBuffer.activations(memory, memory::allocateBuffer, rows, columns, activationType());
  }

  @Override
  public Arena arena(long bytes) {
    return memory.arena(bytes);
  }

  @Override
  public void prepareLike(Backend planned) {
    CudaBackend like = (CudaBackend) planned;
    kernels.loadLike(like.kernels);
    side.openLike(like.side);
  }

  private ElementType activationType() {
    return precision == Precision.BF16 ? ElementType.BFLOAT16 : ElementType.FLOAT32;
  }

  @Override
  public Matrix table(float[] values, int rows, int columns) {
    return tables.table(values, rows, columns);
  }

  @Override
  public Matrix inputs(Rows stored, InputLayout layout) {
    return tables.inputs(stored, layout);
  }

  @Override
  public void write(float[] source, Matrix target) {
    scalars.carryNow();
    staging.upload(source, view(target));
    weights.refresh(CudaBuffer.of(target));
  }

  @Override
  public void read(Matrix source, float[] target) {
    staging.download(view(source), target);
  }

  @Override
  public long allocated() {
    return memory.floats();
  }

  @Override
  public long allocatedBytes() {
    return memory.bytes();
  }

  @Override
  public Optional<Backend> planner() {
    DeviceOptions same =
        DeviceOptions.defaults()
            .withPrecision(precision)
            .withNormBody(cudnn.isPresent() ? normBody : NormBody.PTX)
            .withReplay(replay);
    return Optional.of(
        new CudaBackend(
            new CountingDriver(driver.properties(), driver.freeMemory() + memory.bytes()),
            index,
            CountingDriver.libraries(workspaceBytes, cudnn),
            same));
  }

  /**
   * A planner for a GPU that need not be here: one with room for everything, with Evenkeel's own
   * kernels. On another machine the numbers are the same, but for cuBLAS' workspace.
   */
  public static Backend planner(Precision precision) {
    CudaDriver.Properties any =
        new CudaDriver.Properties("any GPU", 9, 0, 128, Long.MAX_VALUE, 1 << 25);
    return new CudaBackend(
        new CountingDriver(any, Long.MAX_VALUE / 4),
        0,
        CountingDriver.libraries(Blas.workspaceBytes(any), Optional.empty()),
        DeviceOptions.defaults().withPrecision(precision).withNormBody(NormBody.PTX));
  }

  // Order

  @Override
  public Sequence sequence(List<Operation> operations) {
    return new CudaSequence(memory, scalars, operations, replay != DeviceOptions.Replay.EAGER);
  }

  @Override
  public Readback readback(Matrix scalar) {
    return new CudaReadback(memory, scalars, view(scalar).address());
  }

  private Operation bound(Operation work) {
    return new CudaOperation(scalars, work, null);
  }

  // Data

  @Override
  public long gatherNanos() {
    return tables.gatherNanos();
  }

  @Override
  public Operation gather(Matrix table, RowOrder order, Matrix batch) {
    return tables.gather(table, order, batch);
  }

  @Override
  public Operation gatherWithTargets(
      Matrix features, Matrix targets, RowOrder order, Matrix batch, Matrix batchTargets) {
    return tables.gatherWithTargets(features, targets, order, batch, batchTargets);
  }

  // Linear

  @Override
  public Operation linearForward(Matrix x, Matrix weight, Matrix z) {
    View inputs = view(x);
    return bound(
        blas.multiply(inputs, false, weights.like(inputs, weight), true, view(z), products()));
  }

  @Override
  public Operation linearBackwardInput(Matrix dz, Matrix weight, Matrix dx) {
    View slopes = view(dz);
    return bound(
        blas.multiply(slopes, false, weights.like(slopes, weight), false, view(dx), products()));
  }

  @Override
  public Operation linearBackwardWeight(Matrix dz, Matrix x, Matrix dWeight) {
    return bound(weightGradient(blas, dz, x, dWeight));
  }

  private Operation weightGradient(Blas by, Matrix dz, Matrix x, Matrix dWeight) {
    return by.multiply(view(dz), true, view(x), false, view(dWeight), products());
  }

  @Override
  public Optional<Beside> linearBackwardWeightBeside(Matrix dz, Matrix x, Matrix dWeight) {
    return replay != DeviceOptions.Replay.CHAIN && side.suits(view(dWeight))
        ? Optional.of(side.beside(with -> weightGradient(with, dz, x, dWeight), blas))
        : Optional.empty();
  }

  private Precision products() {
    return precision == Precision.BF16 ? Precision.TF32 : precision;
  }

  // Weight norm

  @Override
  public Operation weightNormForward(Matrix direction, Matrix gain, Matrix weight) {
    return bound(kernels.weightNorms.forward(view(direction), vector(gain), view(weight)));
  }

  @Override
  public Operation weightNormBackward(
      Matrix dWeight, Matrix direction, Matrix gain, Matrix dDirection, Matrix dGain) {
    return bound(
        kernels.weightNorms.backward(
            view(dWeight), view(direction), vector(gain), view(dDirection), vector(dGain)));
  }

  // Activations

  @Override
  public Operation activationForward(Matrix z, Matrix bias, Activation activation, Matrix y) {
    return bound(kernels.activations.forward(view(z), vector(bias), activation, view(y)));
  }

  @Override
  public Operation activationBackward(
      Matrix dy, Matrix z, Matrix y, Activation activation, Matrix dz, Matrix dBias) {
    return bound(
        kernels.activations.backward(
            view(dy), view(z), view(y), activation, view(dz), vector(dBias)));
  }

  // Batch norm

  @Override
  public Operation batchNormForward(
      Matrix x,
      BatchNormMemory norm,
      Activation activation,
      Masking masking,
      Matrix y,
      Matrix saved) {
    Backend.requireRows(x);
    Operation work =
        norms.forward(
            view(x), Kernels.Norm.of(norm), activation, drop(masking), view(y), vector(saved));
    return new CudaOperation(scalars, work, masking.step());
  }

  @Override
  public Operation batchNormInference(
      Matrix x, BatchNormMemory norm, Activation activation, Matrix y) {
    return bound(norms.inference(view(x), Kernels.Norm.of(norm), activation, view(y)));
  }

  /** Ours make its sign, or all of it, again from x. */
  @Override
  public boolean batchNormBackwardReadsY(Activation activation, Masking masking) {
    return norms.mayTakeCudnn();
  }

  @Override
  public Operation batchNormBackward(
      Matrix dy,
      Matrix x,
      Matrix y,
      BatchNormMemory norm,
      Activation activation,
      Masking masking,
      Matrix saved,
      Matrix dx,
      Matrix dGamma,
      Matrix dBeta) {
    Operation work =
        norms.backward(
            view(dy),
            view(x),
            view(y),
            Kernels.Norm.of(norm),
            activation,
            drop(masking),
            vector(saved),
            view(dx),
            vector(dGamma),
            vector(dBeta));
    return new CudaOperation(scalars, work, masking.step());
  }

  private Kernels.Drop drop(Masking masking) {
    return masking.isNone()
        ? Kernels.Drop.NONE
        : new Kernels.Drop(
            scalars.dropping(masking.step(), masking.dropping()),
            masking.seed(),
            masking.stream(),
            scalars.step(masking.step()));
  }

  @Override
  public Operation columnStatistics(Matrix x, Matrix mean, Matrix variance) {
    return bound(kernels.norms.columnStatistics(view(x), vector(mean), vector(variance)));
  }

  // Row norms

  @Override
  public Operation rowNormForward(
      Matrix x, RowNormMemory norm, Activation activation, Matrix y, Matrix saved) {
    return bound(
        kernels.rowNorms.forward(
            view(x), Kernels.RowNorm.of(norm), activation, view(y), vector(saved)));
  }

  @Override
  public Operation rowNormBackward(
      Matrix dy,
      Matrix x,
      Matrix y,
      RowNormMemory norm,
      Activation activation,
      Matrix saved,
      Matrix dx,
      Matrix dGamma,
      Matrix dBeta) {
    return bound(
        kernels.rowNorms.backward(
            view(dy),
            view(x),
            Kernels.RowNorm.of(norm),
            activation,
            vector(saved),
            view(dx),
            vector(dGamma),
            vector(dBeta)));
  }

  // Dropout and sums

  @Override
  public Operation scaleShift(Matrix x, double scale, double shift, Matrix y) {
    return bound(kernels.data.scaleShift(view(x), scale, shift, view(y)));
  }

  @Override
  public Operation dropout(
      Matrix x, Dropping dropping, long seed, int stream, Step step, Matrix y) {
    long settled = scalars.dropping(step, dropping);
    Operation work =
        kernels.data.dropout(view(x), settled, seed, stream, scalars.step(step), view(y));
    return new CudaOperation(scalars, work, step);
  }

  @Override
  public Operation add(Matrix a, Matrix b, Matrix out) {
    return bound(kernels.data.add(view(a), view(b), view(out)));
  }

  @Override
  public Operation copy(Matrix source, Matrix target) {
    return bound(kernels.data.copy(view(source), view(target)));
  }

  // Losses

  @Override
  public Operation softmaxCrossEntropy(LossMemory of, double smoothing, Matrix classWeights) {
    return bound(
        kernels.losses.softmaxCrossEntropy(Kernels.Loss.of(of), smoothing, vector(classWeights)));
  }

  @Override
  public Operation binaryCrossEntropy(LossMemory of) {
    return bound(kernels.losses.binaryCrossEntropy(Kernels.Loss.of(of)));
  }

  @Override
  public Operation regressionLoss(LossMemory of, RegressionLoss kind, double delta) {
    return bound(kernels.losses.regressionLoss(Kernels.Loss.of(of), kind, delta));
  }

  // Updates

  @Override
  public Operation clipScale(Matrix gradients, double limit, Matrix norm) {
    return bound(
        kernels.updates.clipScale(vector(gradients), gradients.size(), limit, vector(norm)));
  }

  @Override
  public Operation updateMomentum(
      UpdateTarget target, Matrix velocity, double momentum, boolean nesterov) {
    return update(
        target,
        kernels.updates.updateMomentum(update(target), vector(velocity), momentum, nesterov));
  }

  @Override
  public Operation updateRmsprop(
      UpdateTarget target, Matrix squares, double alpha, double epsilon) {
    return update(
        target, kernels.updates.updateRmsprop(update(target), vector(squares), alpha, epsilon));
  }

  @Override
  public Operation updateAdam(
      UpdateTarget target,
      Matrix mean,
      Matrix squares,
      double beta1,
      double beta2,
      double epsilon,
      boolean decoupled) {
    return update(
        target,
        kernels.updates.updateAdam(
            update(target),
            vector(mean),
            vector(squares),
            beta1,
            beta2,
            epsilon,
            decoupled,
            scalars.adam(target.step(), beta1, beta2)));
  }

  private Operation update(UpdateTarget target, Operation work) {
    return new CudaOperation(scalars, work, target.step());
  }

  private Kernels.Update update(UpdateTarget target) {
    long copy = precision == Precision.BF16 ? weights.of(target.parameters()) : 0;
    return new Kernels.Update(
        vector(target.parameters()),
        vector(target.gradients()),
        copy,
        target.parameters().size(),
        target.decayed(),
        target.weightDecay(),
        vector(target.scale()),
        vector(target.guard()),
        scalars.pace(target.step()));
  }

  // Diagnosis

  @Override
  public boolean hasNonFinite(Matrix x) {
    return nonFinite.finds(view(x));
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    try {
      closeParts();
    } finally {
      tables.stopWorkers();
      memory.close();
      driver.close(); // after a fault too, when the parts can't be given back one by one
    }
  }

  private void closeParts() {
    driver.synchronize(stream);
    blas.close();
    side.close();
    cudnn.ifPresent(Cudnn::close);
    norms.close();
    scalars.close();
    staging.close();
    nonFinite.close();
    memory.free(scratch);
    if (workspace != 0) {
      memory.free(workspace);
    }
    kernels.close();
    tables.close();
    driver.destroyStream(stream);
  }
}
