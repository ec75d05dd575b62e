package dev.evenkeel.backend.cuda;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.Backend.RegressionLoss;
import dev.evenkeel.backend.Operation;
import java.util.ArrayList;
import java.util.List;

/**
 * One method per operation of ours: which kernel, with what geometry and arguments. Everything is
 * bound here; running an operation only launches.
 *
 * <p>Addresses are of float32 vectors in device memory unless said otherwise, 0 where there is
 * none. Values that change from step to step are read from device memory when the kernel runs.
 */
final class Kernels {

  /** What a batch norm needs besides its matrix. */
  record Norm(
      long gamma,
      long beta,
      long runningMean,
      long runningVariance,
      long count,
      double epsilon,
      double weight,
      boolean unbiased) {}

  /**
   * What every update works on.
   *
   * @param copy bfloat16 copy of the parameters, written too; 0 for none
   * @param scale of the gradients, one float; 0 for 1
   * @param guard two floats: once the first is not finite, the second becomes 1 and nothing is
   *     changed any more; 0 for none
   * @param learningRate one float
   */
  record Update(
      long parameters,
      long gradients,
      long copy,
      long count,
      long decayed,
      double weightDecay,
      long scale,
      long guard,
      long learningRate) {}

  /** Bytes of scratch memory, zeroed, that one stream's kernels share: see {@code kernels/}. */
  static final int SCRATCH_BYTES = 24 << 20;

  /** Rows up to which one block takes all rows of its columns, and batch norm is one kernel. */
  static final int WHOLE_COLUMNS = 512;

  /** Blocks of the softmax, and of sums over flat vectors. */
  private static final int BLOCKS = 1024;

  private final CudaDriver driver;
  private final KernelModules modules;
  private final long stream;
  private final long scratch;

  /**
   * @param scratch {@link #SCRATCH_BYTES} of zeroed device memory that only this stream uses
   */
  Kernels(CudaDriver driver, long stream, long scratch) {
    this(driver, new KernelModules(driver), stream, scratch);
  }

  private Kernels(CudaDriver driver, KernelModules modules, long stream, long scratch) {
    this.driver = driver;
    this.modules = modules;
    this.stream = stream;
    this.scratch = scratch;
  }

  /** The same kernels on another stream, which needs scratch memory of its own. */
  Kernels on(long stream, long scratch) {
    return new Kernels(driver, modules, stream, scratch);
  }

  /** Unloads the kernels, also those of {@link #on}. */
  void close() {
    modules.close();
  }

  private Operation launch(String kernel, CudaDriver.Grid grid, Object... arguments) {
    return driver.launch(modules.function(kernel), grid, 0, stream, arguments);
  }

  /** Elements to a memory access: 16 bytes' worth, or one where a view begins anywhere. */
  private static int width(View... views) {
    boolean aligned = true;
    for (View view : views) {
      aligned &= view.isAligned();
      if (view.type() != views[0].type()) {
        throw new IllegalArgumentException("Views of two element types: " + List.of(views));
      }
    }
    if (views[0].type() == ElementType.FLOAT32) {
      return aligned ? 4 : 1;
    }
    if (!aligned) {
      throw new IllegalArgumentException("A bfloat16 view must be aligned: " + List.of(views));
    }
    return 8;
  }

  /** "_f32x4": the kernel for elements of a type, so many to an access. */
  private static String suffix(View view, int width) {
    return (view.type() == ElementType.FLOAT32 ? "_f32x" : "_bf16x") + width;
  }

  /** The same for a kernel that converts, which has four elements to an access at most. */
  private static String conversion(View from, View to, int width) {
    return "_%s_%sx%d".formatted(shortName(from), shortName(to), width);
  }

  private static String shortName(View view) {
    return view.type() == ElementType.FLOAT32 ? "f32" : "bf16";
  }

  private static int conversionWidth(View from, View to) {
    return from.isAligned() && to.isAligned() ? 4 : 1;
  }

  // Data: rows may be 0 for "row i of the batch is row position + i of the table"

  /** batch[i] := table[rows[position + i]]; rows and position are 32-bit integers in memory. */
  Operation gather(View table, long rows, long position, View batch) {
    boolean same = table.type() == batch.type();
    int width = same ? width(table, batch) : conversionWidth(table, batch);
    Panels panels = Panels.ofElements(batch.rows(), batch.columns(), width);
    return launch(
        "gather" + (same ? suffix(batch, width) : conversion(table, batch, width)),
        panels.grid(),
        table.address(),
        table.pitch(),
        rows,
        position,
        batch.address(),
        batch.rows(),
        batch.columns(),
        batch.pitch(),
        panels.lanes(),
        panels.rowsPerSlab());
  }

  /** target := source, converted to its type. */
  Operation copy(View source, View target) {
    boolean same = source.type() == target.type();
    int width = same ? width(source, target) : conversionWidth(source, target);
    Panels panels = Panels.ofElements(source.rows(), source.columns(), width);
    return launch(
        "copy" + (same ? suffix(source, width) : conversion(source, target, width)),
        panels.grid(),
        source.address(),
        source.pitch(),
        target.address(),
        target.pitch(),
        source.rows(),
        source.columns(),
        panels.lanes(),
        panels.rowsPerSlab());
  }

  /** out := a + b; out may be either. */
  Operation add(View a, View b, View out) {
    int width = width(a, b, out);
    Panels panels = Panels.ofElements(a.rows(), a.columns(), width);
    return launch(
        "add" + suffix(a, width),
        panels.grid(),
        a.address(),
        a.pitch(),
        b.address(),
        b.pitch(),
        out.address(),
        out.pitch(),
        a.rows(),
        a.columns(),
        panels.lanes(),
        panels.rowsPerSlab());
  }

  /**
   * y := x · scale where word e mod 4 of Philox block (e / 4) of stream (stream · 2⁴⁰ + step), e =
   * row · columns + column, is at least {@code dropBelow} unsigned, else 0. y may be x.
   *
   * @param step address of a 64-bit integer
   */
  Operation dropout(
      View x, long dropBelow, float scale, long seed, int philoxStream, long step, View y) {
    int width = width(x, y);
    Panels panels = Panels.ofElements(x.rows(), x.columns(), width);
    return launch(
        "dropout" + suffix(x, width),
        panels.grid(),
        x.address(),
        x.pitch(),
        dropBelow,
        scale,
        seed,
        (long) philoxStream << 40,
        step,
        y.address(),
        y.pitch(),
        x.rows(),
        x.columns(),
        panels.lanes(),
        panels.rowsPerSlab());
  }

  // Activations

  /**
   * z := z + bias, y := activation(z); z itself is written only where the backward pass needs it.
   */
  Operation activationForward(View z, long bias, Activation activation, View y) {
    boolean inPlace = y.address() == z.address();
    if (inPlace && bias == 0 && activation == Activation.IDENTITY) {
      return () -> {};
    }
    boolean storeZ = bias != 0 && !inPlace && needsInput(activation);
    int width = width(z, y);
    Panels panels = Panels.ofElements(z.rows(), z.columns(), width);
    return launch(
        "activation_forward" + suffix(z, width),
        panels.grid(),
        z.address(),
        z.rows(),
        z.columns(),
        z.pitch(),
        bias,
        activation.ordinal(),
        storeZ ? 1 : 0,
        y.address(),
        y.pitch(),
        panels.lanes(),
        panels.rowsPerSlab());
  }

  /** dz := dy · activation′; dBias := column sums of dz, if not 0. dz may be dy. */
  Operation activationBackward(
      View dy, View z, View y, Activation activation, View dz, long dBias) {
    boolean write = activation != Activation.IDENTITY || dz.address() != dy.address();
    if (!write && dBias == 0) {
      return () -> {};
    }
    View u = needsInput(activation) ? z : y;
    int width = width(dy, u, dz);
    Panels panels = Panels.ofSums(dy.rows(), dy.columns(), width);
    return launch(
        "activation_backward" + suffix(dy, width),
        panels.grid(),
        dy.address(),
        dy.pitch(),
        u.address(),
        u.pitch(),
        dy.rows(),
        dy.columns(),
        activation.ordinal(),
        write ? dz.address() : 0L,
        dz.pitch(),
        dBias,
        panels.lanes(),
        panels.rowsPerSlab(),
        scratch);
  }

  /** Whether the slope is made from z; that of the others follows from the sign of y. */
  private static boolean needsInput(Activation activation) {
    return switch (activation) {
      case IDENTITY, RELU, LEAKY_RELU -> false;
      default -> true;
    };
  }

  // Batch norm; saved is [3, C]: shift, delta (mean = shift + delta), 1/√(σ² + ε)

  Operation batchNormForward(View x, Norm norm, Activation activation, View y, long saved) {
    int width = width(x, y);
    double unbiased = norm.unbiased() && x.rows() > 1 ? x.rows() / (x.rows() - 1.0) : 1;
    if (x.rows() <= WHOLE_COLUMNS) {
      Panels panels = Panels.ofWholeColumns(x.rows(), x.columns(), width, x.type().bytes);
      return launch(
          "bn_forward" + suffix(x, width),
          panels.grid(),
          x.address(),
          x.rows(),
          x.columns(),
          x.pitch(),
          norm.gamma(),
          norm.beta(),
          norm.epsilon(),
          norm.runningMean(),
          norm.runningVariance(),
          norm.count(),
          norm.weight(),
          unbiased,
          saved,
          activation.ordinal(),
          y.address(),
          y.pitch(),
          panels.lanes(),
          scratch);
    }
    Panels sums = Panels.ofSums(x.rows(), x.columns(), width);
    Operation statistics =
        launch(
            "bn_statistics" + suffix(x, width),
            sums.grid(),
            x.address(),
            x.rows(),
            x.columns(),
            x.pitch(),
            norm.epsilon(),
            norm.runningMean(),
            norm.runningVariance(),
            norm.count(),
            norm.weight(),
            unbiased,
            saved,
            sums.lanes(),
            sums.rowsPerSlab(),
            scratch);
    Panels panels = Panels.ofElements(x.rows(), x.columns(), width);
    Operation apply =
        launch(
            "bn_apply" + suffix(x, width),
            panels.grid(),
            x.address(),
            x.rows(),
            x.columns(),
            x.pitch(),
            norm.gamma(),
            norm.beta(),
            saved,
            activation.ordinal(),
            y.address(),
            y.pitch(),
            panels.lanes(),
            panels.rowsPerSlab());
    return inOrder(statistics, apply);
  }

  private static Operation inOrder(Operation first, Operation second) {
    return () -> {
      first.run();
      second.run();
    };
  }

  Operation batchNormInference(View x, Norm norm, Activation activation, View y) {
    int width = width(x, y);
    Panels panels = Panels.ofElements(x.rows(), x.columns(), width);
    return launch(
        "bn_inference" + suffix(x, width),
        panels.grid(),
        x.address(),
        x.rows(),
        x.columns(),
        x.pitch(),
        norm.gamma(),
        norm.beta(),
        norm.runningMean(),
        norm.runningVariance(),
        (float) norm.epsilon(),
        activation.ordinal(),
        y.address(),
        y.pitch(),
        panels.lanes(),
        panels.rowsPerSlab());
  }

  /** dx may be dy. */
  Operation batchNormBackward(
      View dy,
      View x,
      Norm norm,
      Activation activation,
      long saved,
      View dx,
      long dGamma,
      long dBeta) {
    int width = width(dy, x, dx);
    double oneByRows = 1.0 / x.rows();
    if (x.rows() <= WHOLE_COLUMNS) {
      Panels panels = Panels.ofWholeColumns(x.rows(), x.columns(), width, x.type().bytes);
      return launch(
          "bn_backward" + suffix(x, width),
          panels.grid(),
          dy.address(),
          dy.pitch(),
          x.address(),
          x.pitch(),
          x.rows(),
          x.columns(),
          norm.gamma(),
          norm.beta(),
          saved,
          activation.ordinal(),
          dGamma,
          dBeta,
          dx.address(),
          dx.pitch(),
          oneByRows,
          panels.lanes(),
          scratch);
    }
    Panels sums = Panels.ofSums(x.rows(), x.columns(), width);
    Operation reduce =
        launch(
            "bn_reduce" + suffix(x, width),
            sums.grid(),
            dy.address(),
            dy.pitch(),
            x.address(),
            x.pitch(),
            x.rows(),
            x.columns(),
            norm.gamma(),
            norm.beta(),
            saved,
            activation.ordinal(),
            dGamma,
            dBeta,
            sums.lanes(),
            sums.rowsPerSlab(),
            scratch);
    Panels panels = Panels.ofElements(x.rows(), x.columns(), width);
    Operation project =
        launch(
            "bn_project" + suffix(x, width),
            panels.grid(),
            dy.address(),
            dy.pitch(),
            x.address(),
            x.pitch(),
            x.rows(),
            x.columns(),
            norm.gamma(),
            norm.beta(),
            saved,
            activation.ordinal(),
            dGamma,
            dBeta,
            dx.address(),
            dx.pitch(),
            oneByRows,
            panels.lanes(),
            panels.rowsPerSlab());
    return inOrder(reduce, project);
  }

  /** Mean and biased variance of every column. */
  Operation columnStatistics(View x, long mean, long variance) {
    int width = width(x);
    Panels panels = Panels.ofSums(x.rows(), x.columns(), width);
    return launch(
        "column_statistics" + suffix(x, width),
        panels.grid(),
        x.address(),
        x.rows(),
        x.columns(),
        x.pitch(),
        mean,
        variance,
        panels.lanes(),
        panels.rowsPerSlab(),
        scratch);
  }

  // Losses: targets are float32; dLogits has the type of logits; loss is one float

  Operation softmaxCrossEntropy(
      View logits, View targets, double smoothing, long classWeights, View dLogits, long loss) {
    int width = width(logits, dLogits);
    int vectors = Panels.divideUp(logits.columns(), width);
    int group = vectors > Panels.THREADS ? Panels.THREADS : Panels.powerOfTwo(vectors, 32);
    int blocks = Panels.divideUp(logits.rows(), Panels.THREADS / group);
    Operation gradient =
        launch(
            "softmax_cross_entropy" + suffix(logits, width),
            CudaDriver.Grid.of(Math.min(blocks, BLOCKS), Panels.THREADS),
            logits.address(),
            logits.rows(),
            logits.columns(),
            logits.pitch(),
            targets.address(),
            targets.pitch(),
            smoothing,
            classWeights,
            dLogits.address(),
            dLogits.pitch(),
            loss,
            group,
            scratch);
    if (classWeights == 0) {
      return gradient;
    }
    Operation total =
        launch(
            "class_weight_total_f32x1",
            CudaDriver.Grid.of(
                Math.min(Panels.divideUp(logits.rows(), Panels.THREADS), 64), Panels.THREADS),
            targets.address(),
            targets.pitch(),
            logits.rows(),
            logits.columns(),
            classWeights,
            scratch);
    return inOrder(total, gradient);
  }

  Operation binaryCrossEntropy(View logits, View targets, View dLogits, long loss) {
    int width = width(logits, dLogits);
    Panels panels = Panels.ofSums(logits.rows(), logits.columns(), width);
    return launch(
        "binary_cross_entropy" + suffix(logits, width),
        panels.grid(),
        logits.address(),
        logits.rows(),
        logits.columns(),
        logits.pitch(),
        targets.address(),
        targets.pitch(),
        dLogits.address(),
        dLogits.pitch(),
        (double) logits.size(),
        loss,
        panels.lanes(),
        panels.rowsPerSlab(),
        scratch);
  }

  Operation regressionLoss(
      RegressionLoss kind, double delta, View outputs, View targets, View dOutputs, long loss) {
    int width = width(outputs, dOutputs);
    Panels panels = Panels.ofSums(outputs.rows(), outputs.columns(), width);
    return launch(
        "regression_loss" + suffix(outputs, width),
        panels.grid(),
        kind.ordinal(),
        delta,
        outputs.address(),
        outputs.rows(),
        outputs.columns(),
        outputs.pitch(),
        targets.address(),
        targets.pitch(),
        dOutputs.address(),
        dOutputs.pitch(),
        (double) outputs.size(),
        loss,
        panels.lanes(),
        panels.rowsPerSlab(),
        scratch);
  }

  // Updates

  /** norm := two floats, ‖g‖ and min(1, limit / ‖g‖). */
  Operation clipScale(long gradients, long count, double limit, long norm) {
    int width = gradients % 16 == 0 ? 4 : 1;
    return launch(
        "clip_scale_f32x" + width,
        CudaDriver.Grid.of((int) Math.min(blocks(count, 4 * width), BLOCKS), Panels.THREADS),
        gradients,
        count,
        limit,
        norm,
        scratch);
  }

  private static long blocks(long count, int perThread) {
    long perBlock = (long) Panels.THREADS * perThread;
    return Math.max(1, (count + perBlock - 1) / perBlock);
  }

  /** One launch over all parameters; {@code own} are the arguments that only this rule takes. */
  private Operation update(String rule, Update update, List<Long> state, Object... own) {
    long together = update.parameters() | update.gradients() | update.copy();
    for (long address : state) {
      together |= address;
    }
    int width = together % 16 == 0 ? 4 : 1;
    List<Object> arguments =
        new ArrayList<>(
            List.of(
                update.parameters(),
                update.gradients(),
                update.copy(),
                update.count(),
                update.decayed(),
                (float) update.weightDecay(),
                update.scale(),
                update.guard(),
                update.learningRate()));
    arguments.addAll(state);
    arguments.addAll(List.of(own));
    return launch(
        rule + "_f32x" + width,
        CudaDriver.Grid.of((int) blocks(update.count(), width), Panels.THREADS),
        arguments.toArray());
  }

  /** velocity may be 0: plain gradient descent. */
  Operation updateMomentum(Update update, long velocity, double momentum, boolean nesterov) {
    if (velocity == 0) {
      return update("descent", update, List.of());
    }
    return update("momentum", update, List.of(velocity), (float) momentum, nesterov ? 1 : 0);
  }

  Operation updateRmsprop(Update update, long squares, double alpha, double epsilon) {
    return update(
        "rmsprop", update, List.of(squares), (float) alpha, (float) (1 - alpha), (float) epsilon);
  }

  /**
   * @param corrections two floats: learning rate / (1 − β₁ᵗ), and 1/√(1 − β₂ᵗ)
   */
  Operation updateAdam(
      Update update,
      long mean,
      long squares,
      double beta1,
      double beta2,
      double epsilon,
      boolean decoupled,
      long corrections) {
    return update(
        "adam",
        update,
        List.of(mean, squares),
        (float) beta1,
        (float) (1 - beta1),
        (float) beta2,
        (float) (1 - beta2),
        (float) epsilon,
        decoupled ? 1 : 0,
        corrections);
  }

  // Diagnosis

  /** found := 1, a 32-bit integer, where any element is NaN or infinite; else it stays. */
  Operation findNonFinite(View x, long found) {
    int width = width(x);
    Panels panels = Panels.ofElements(x.rows(), x.columns(), width);
    return launch(
        "find_non_finite" + suffix(x, width),
        panels.grid(),
        x.address(),
        x.rows(),
        x.columns(),
        x.pitch(),
        found,
        panels.lanes(),
        panels.rowsPerSlab());
  }
}
