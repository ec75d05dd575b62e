package dev.evenkeel.backend;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.tensor.Buffer;
import dev.evenkeel.tensor.InputLayout;
import dev.evenkeel.tensor.Matrix;
import dev.evenkeel.tensor.RowOrder;
import dev.evenkeel.tensor.Rows;
import java.util.List;
import java.util.Optional;

/**
 * The contract of every numeric operation: what a device must do to train an MLP. Operations stand
 * at the level of one step of a layer and are fused as training needs them.
 *
 * <p>To add one: write its float64 reference and its row in the conformance table first, then its
 * body in {@code backend.cpu}, then its kernel.
 *
 * <p>N is the number of rows of a mini-batch, C the features of a layer. A backend and everything
 * bound to it belong to one thread at a time.
 */
public interface Backend extends AutoCloseable {

  /** What runs here, in words for people: "CPU, 2 threads, OpenBLAS 0.3.31". */
  String description();

  /** "cpu", "cuda:0": how the command line names the device. */
  String device();

  // Memory

  /** New memory, filled with zeros. */
  Buffer allocate(long floats);

  /**
   * New memory for a batch's rows of up to {@code columns} activations, filled with zeros: a device
   * may store them in a shorter type, and pad rows. A matrix in it begins at its first element.
   */
  Buffer allocateActivations(int rows, int columns);

  /**
   * Memory for buffers in one piece: those made from now on lie in it, as long as it has room. It
   * is given back once it is closed and they are. A device that has memory enough takes none.
   */
  default Arena arena(long bytes) {
    return new Arena() {
      @Override
      public long used() {
        return 0;
      }

      @Override
      public void close() {}
    };
  }

  /** Memory that buffers are cut from. */
  interface Arena extends AutoCloseable {

    /** Bytes of it that buffers took so far, with the gaps that keep them aligned. */
    long used();

    @Override
    void close();
  }

  /** A table that the device only reads; where it can be, the array itself, so don't change it. */
  Matrix table(float[] values, int rows, int columns);

  /**
   * The same for a table whose rows are inputs of a network: stored as activations are, or, where
   * its layout isn't plain, as the layout says. Then it has the inputs for columns, and only {@link
   * #gather} can read it.
   *
   * <p>Rows that lie in no array are read for each batch, unless the device holds them all.
   *
   * @param stored of the layout's stored columns
   */
  Matrix inputs(Rows stored, InputLayout layout);

  /**
   * Refuses a view of some rows of a table that is stored as its layout says: where they begin
   * among the stored columns it doesn't tell.
   */
  static void requireWhole(Matrix table) {
    if (table.offset() != 0) {
      throw new EvenkeelException(
          "A view %s of a table that is stored in short can't be gathered from: give the table itself"
              .formatted(table.shape()));
    }
  }

  /** The same with the inputs as they are. */
  default Matrix inputs(float[] values, int rows, int columns) {
    if (values.length != (long) rows * columns) {
      throw new EvenkeelException(
          "An array of %d floats does not match a table of [%d, %d]"
              .formatted(values.length, rows, columns));
    }
    return inputs(Rows.of(values, columns), InputLayout.plain(columns));
  }

  /** Copies all of a matrix from the host. */
  void write(float[] source, Matrix target);

  /** Copies all of a matrix to the host, after everything that was run before. */
  void read(Matrix source, float[] target);

  /** Floats allocated and not yet given back. */
  long allocated();

  /** Bytes of the device's memory that are held, padding, copies and scratch included. */
  long allocatedBytes();

  /**
   * A backend like this one that takes no memory and computes nothing: what is bound to it counts,
   * by {@link #allocatedBytes}, what the same would take here. Empty where memory can't run out
   * without the system's own words.
   */
  Optional<Backend> planner();

  /**
   * Gets ready for what was bound to a {@link #planner} of this one: what a device must load takes
   * some of its memory too, and should have it before the arena is taken.
   */
  default void prepareLike(Backend planned) {}

  // Order

  /**
   * These operations in this order as one. A device may record them at the first run and replay
   * them from then on: what they read of the host beside Step and RowOrder is read once.
   */
  Sequence sequence(List<Operation> operations);

  /** Operations as one; closing it gives back what a recording took. */
  interface Sequence extends Operation, AutoCloseable {

    /** Kernels, products, copies and fills of the recording; 0 where nothing is recorded. */
    int nodes();

    @Override
    void close();
  }

  /**
   * A way back to the host for the value of a scalar [1, 1], which makes nobody wait. It is to be
   * closed before the scalar's memory is.
   */
  Readback readback(Matrix scalar);

  // Data

  /** Nanoseconds that the host spent so far on bringing batches together. */
  long gatherNanos();

  /** batch[i] := table[order.rows[order.position + i]]. */
  Operation gather(Matrix table, RowOrder order, Matrix batch);

  /**
   * The same of two tables, features and what belongs to their rows: targets, of float32, may have
   * any number of columns.
   */
  default Operation gatherWithTargets(
      Matrix features, Matrix targets, RowOrder order, Matrix batch, Matrix batchTargets) {
    Operation first = gather(features, order, batch);
    Operation second = gather(targets, order, batchTargets);
    return () -> {
      first.run();
      second.run();
    };
  }

  // Linear: x [N, I], weight [O, I], z [N, O]

  /** z := x weightᵀ. */
  Operation linearForward(Matrix x, Matrix weight, Matrix z);

  /** dx := dz weight. */
  Operation linearBackwardInput(Matrix dz, Matrix weight, Matrix dx);

  /** dWeight := dzᵀ x. */
  Operation linearBackwardWeight(Matrix dz, Matrix x, Matrix dWeight);

  /**
   * {@link #linearBackwardWeight} in two: within a sequence the product runs beside the operations
   * between them. Until the end dz and x must stay as they are, and dWeight is not there. Empty
   * where that gains nothing, as where a product fills the device.
   */
  default Optional<Beside> linearBackwardWeightBeside(Matrix dz, Matrix x, Matrix dWeight) {
    return Optional.empty();
  }

  /** What is begun and goes on beside other operations until its end is waited for. */
  record Beside(Operation begin, Operation end) {}

  // Weight norm: weight = gain · direction / ‖direction‖, row by row; gain [O, 1]. A direction of
  // zeros makes a weight of zeros, and its gradients are 0; one shorter than 1e-38 may count as
  // such. The weight lies in memory for activations, so that products find it in their type.

  Operation weightNormForward(Matrix direction, Matrix gain, Matrix weight);

  /** dDirection, which is orthogonal to direction, and dGain. dDirection may be dWeight. */
  Operation weightNormBackward(
      Matrix dWeight, Matrix direction, Matrix gain, Matrix dDirection, Matrix dGain);

  // Activations

  /**
   * z := z + bias (in place, unless bias is NONE), then y := activation(z). y may be z where
   * nothing goes backward, or the activation is IDENTITY. What is left in z is for {@link
   * #activationBackward} alone: a body may leave the bias out of it where that activation's
   * derivative follows from y.
   */
  Operation activationForward(Matrix z, Matrix bias, Activation activation, Matrix y);

  /**
   * dz := dy · activation′, from z (bias included) and y; dBias (unless NONE) := column sums of dz.
   * dz may be dy.
   */
  Operation activationBackward(
      Matrix dy, Matrix z, Matrix y, Activation activation, Matrix dz, Matrix dBias);

  // Batch norm: x, y [N, C]; x̂ = (x − μ) / √(σ² + ε) over the rows, y = activation(γ x̂ + β). In
  // training y is what the masking's dropout leaves of that

  /**
   * Normalises by the batch's own mean and biased variance, or by those of its groups of rows,
   * moves the running statistics by the average over the groups, and leaves in {@code saved} [3 ·
   * groups, C] what the backward pass needs of each: the mean as a sum of two floats, and 1/√(σ² +
   * ε). {@link #requireRows} refuses a batch of one row.
   */
  Operation batchNormForward(
      Matrix x,
      BatchNormMemory norm,
      Activation activation,
      Masking masking,
      Matrix y,
      Matrix saved);

  /** For those that train batch norm. */
  static void requireRows(Matrix x) {
    if (x.rows() < 2) {
      throw new EvenkeelException(
          "Batch norm can't be trained on a batch of one row: less its own mean, nothing of it is left."
              + " help: a batch of at least 2 rows");
    }
  }

  /** The same with the running statistics, which stay as they are. y may be x. */
  Operation batchNormInference(Matrix x, BatchNormMemory norm, Activation activation, Matrix y);

  /**
   * Whether {@link #batchNormBackward} looks at y. Where it doesn't, dy and dx may be in y's place.
   */
  boolean batchNormBackwardReadsY(Activation activation, Masking masking);

  /**
   * dx, dGamma (NONE where there is no γ) and dBeta from dy and what the forward pass was given and
   * left. dx may be dy.
   */
  Operation batchNormBackward(
      Matrix dy,
      Matrix x,
      Matrix y,
      BatchNormMemory norm,
      Activation activation,
      Masking masking,
      Matrix saved,
      Matrix dx,
      Matrix dGamma,
      Matrix dBeta);

  /** mean and biased variance, [1, C], of every column of x. */
  Operation columnStatistics(Matrix x, Matrix mean, Matrix variance);

  // Row norms: x̂ = (x − μ) / √(σ² + ε) over each group of a row's features,
  // y = activation(γ x̂ + β)

  /**
   * Needs no other row, in training as at inference. Leaves in {@code saved} [N, 3 · groups] (or
   * NONE at inference, where y may be x) what the backward pass needs of each group: the mean as a
   * sum of two floats, and 1/√(σ² + ε).
   */
  Operation rowNormForward(
      Matrix x, RowNormMemory norm, Activation activation, Matrix y, Matrix saved);

  /**
   * dx, dGamma and dBeta (NONE where there is no β) from dy and what the forward pass saw and left.
   * dx may be dy.
   */
  Operation rowNormBackward(
      Matrix dy,
      Matrix x,
      Matrix y,
      RowNormMemory norm,
      Activation activation,
      Matrix saved,
      Matrix dx,
      Matrix dGamma,
      Matrix dBeta);

  // Dropout and sums

  /**
   * y := scale · x + shift where a Philox word of (seed, stream, step, place) says keep, else the
   * dropped value. y may be x.
   *
   * <p>Element e is decided by word e mod 4 of the Philox block at position e / 4 of stream (stream
   * · 2⁴⁰ + step number): keep if, unsigned, it is at least probability · 2³².
   */
  Operation dropout(Matrix x, Dropping dropping, long seed, int stream, Step step, Matrix y);

  /** y := scale · x + shift; y may be x. */
  Operation scaleShift(Matrix x, double scale, double shift, Matrix y);

  /** out := a + b; out may be either. */
  Operation add(Matrix a, Matrix b, Matrix out);

  /** target := source. */
  Operation copy(Matrix source, Matrix target);

  // Losses: the mean, and its gradient. One more column of targets than is needed weighs the rows:
  // each row's loss and gradient is multiplied by its own, and the mean is still over all rows.

  /**
   * Softmax cross-entropy of class numbers in targets [N, 1]. Smoothing ε moves ε/K of the weight
   * to every class. classWeights [1, K] (or NONE) weigh rows and make the mean a weighted one,
   * which is 0 where all rows are of classes of weight 0. A number that is no class is an error
   * where the host sees it, else it makes the loss NaN.
   */
  Operation softmaxCrossEntropy(LossMemory of, double smoothing, Matrix classWeights);

  /** Binary cross-entropy with logits, for targets [N, K] in 0 … 1. */
  Operation binaryCrossEntropy(LossMemory of);

  /** (y − t)²; |y − t| with gradient 0 at 0; or Huber's mixture of both, which turns at delta. */
  Operation regressionLoss(LossMemory of, RegressionLoss kind, double delta);

  enum RegressionLoss {
    SQUARED,
    ABSOLUTE,
    HUBER
  }

  // Updates of flat parameters. The first `decayed` take weight decay. scale is [1, 1] (or NONE
  // for 1). guard is [1, 2] (or NONE): a loss, and 0. Once the loss is not finite, the second
  // becomes 1, and nothing is changed any more.

  /**
   * norm [1, 2] := Euclidean norm of the gradients, and min(1, limit / norm): the scale to clip by.
   */
  Operation clipScale(Matrix gradients, double limit, Matrix norm);

  /** v := momentum v + g; p −= lr (nesterov ? g + momentum v : v), with g including L2 decay. */
  Operation updateMomentum(UpdateTarget target, Matrix velocity, double momentum, boolean nesterov);

  /** s := α s + (1 − α) g²; p −= lr g / (√s + ε), with g including L2 decay. */
  Operation updateRmsprop(UpdateTarget target, Matrix squares, double alpha, double epsilon);

  /** Adam with bias correction; decay is L2 inside g, or decoupled (AdamW): p −= lr decay p. */
  Operation updateAdam(
      UpdateTarget target,
      Matrix mean,
      Matrix squares,
      double beta1,
      double beta2,
      double epsilon,
      boolean decoupled);

  /**
   * What every update works on.
   *
   * @param tensors the matrices within the parameters, in order: a backend may share out its work
   *     along their rows. What lies between them is zero and stays so.
   */
  record UpdateTarget(
      Matrix parameters,
      Matrix gradients,
      List<Matrix> tensors,
      long decayed,
      double weightDecay,
      Matrix scale,
      Matrix guard,
      Step step) {

    /** Of parameters that are one vector. */
    public UpdateTarget(
        Matrix parameters,
        Matrix gradients,
        long decayed,
        double weightDecay,
        Matrix scale,
        Matrix guard,
        Step step) {
      this(parameters, gradients, List.of(parameters), decayed, weightDecay, scale, guard, step);
    }
  }

  // Diagnosis

  /** Whether any element is NaN or infinite; waits for what was run before. */
  boolean hasNonFinite(Matrix x);

  @Override
  void close();
}
