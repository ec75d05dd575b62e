package dev.evenkeel.backend.cuda;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.backend.Dropping;
import dev.evenkeel.backend.Operation;
import dev.evenkeel.backend.Step;
import dev.evenkeel.tensor.RowOrder;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;

/**
 * The few words that change from step to step, mirrored in device memory: step numbers, learning
 * rates, factors on decay and dropout, Adam's corrections, positions in row orders. Kernels read
 * them there, so that a replayed graph sees today's values.
 *
 * <p>{@link #refresh} compares and sends what has changed, before the step's work: within the
 * launch of a kernel, so that the host may go on to the next step's values at once. That launch
 * also puts aside a float that the work may overwrite, where {@link #carry} asked for it.
 */
final class StepScalars {

  private static final int WORDS = 4096;

  /** Something on the host with a few words on the device, as long as anybody holds it. */
  abstract static class Source<T> {
    private final WeakReference<T> owner;
    final int at;
    final int words;

    Source(T owner, int at, int words) {
      this.owner = new WeakReference<>(owner);
      this.at = at;
      this.words = words;
    }

    final T owner() {
      return owner.get();
    }

    /** Writes the present values into words {@code at} and following. */
    abstract void write(T owner, int[] values);

    /** Gives back what it holds, once nobody holds its owner. */
    void release() {}
  }

  /** Words that are sent together, when one of them has changed. */
  private static final class Group {
    private final Operation send;
    private boolean sent;

    Group(Operation send) {
      this.send = send;
    }
  }

  private final CudaMemory memory;
  private final Staging staging;
  private final DataKernels kernels;
  private final long address;
  private final int[] values = new int[WORDS];
  private final int[] sent = new int[WORDS];
  private final List<Source<?>> sources = new ArrayList<>();
  private final List<Group> groups = new ArrayList<>();

  /** Address of the float that the next launch puts aside, 0 where there is none. */
  private long carried;

  private long place;

  StepScalars(CudaMemory memory, Staging staging, DataKernels kernels) {
    this.memory = memory;
    this.staging = staging;
    this.kernels = kernels;
    this.address = memory.allocate(WORDS * 4);
  }

  /** Brings the device up to date, in the order of the stream, if anything has changed. */
  void refresh() {
    for (int i = 0; i < sources.size(); i++) {
      write(sources.get(i));
    }
    for (int g = 0; g < groups.size(); g++) {
      Group group = groups.get(g);
      boolean changed = !group.sent;
      for (int i = g * DataKernels.WORDS; i < (g + 1) * DataKernels.WORDS; i++) {
        changed |= values[i] != sent[i];
        sent[i] = values[i];
      }
      if (changed) {
        send(group);
      }
    }
    carryNow();
  }

  private void send(Group group) {
    group.sent = false; // and stays so if the launch fails
    group.send.run();
    group.sent = true;
    carried = 0;
  }

  /**
   * The float at {@code from} is copied to {@code to}, both in device memory, before any work that
   * {@link #refresh} precedes. Whoever writes memory without it calls {@link #carryNow} first.
   */
  void carry(long from, long to) {
    cover(1);
    carryNow();
    carried = from;
    place = to;
  }

  /** Copies what still waits for a launch to take it along. */
  void carryNow() {
    if (carried != 0) {
      send(groups.get(0));
    }
  }

  /** Nothing is copied any more to memory that is given back. */
  void carryNothingTo(long address, long bytes) {
    if (place >= address && place < address + bytes) {
      carried = 0;
    }
  }

  private <T> void write(Source<T> source) {
    T owner = source.owner();
    if (owner != null) {
      source.write(owner, values);
    }
  }

  private <S extends Source<?>> S add(S source) {
    sources.add(source);
    cover(source.at + source.words);
    return source;
  }

  private void cover(int words) {
    while (groups.size() * DataKernels.WORDS < words) {
      int from = groups.size() * DataKernels.WORDS;
      long to = address + 4L * from;
      groups.add(new Group(kernels.setWords(to, sent, from, () -> carried, () -> place)));
    }
  }

  /** Room for so many words, at an even place; what nobody holds any more is used again. */
  private int room(int words) {
    for (Iterator<Source<?>> all = sources.iterator(); all.hasNext(); ) {
      Source<?> source = all.next();
      if (source.owner() == null) {
        source.release();
        all.remove();
      }
    }
    boolean[] taken = new boolean[WORDS];
    for (Source<?> source : sources) {
      Arrays.fill(taken, source.at, source.at + source.words, true);
    }
    for (int at = 0; at + words <= WORDS; at += 2) {
      boolean free = true;
      for (int i = at; i < at + words; i++) {
        free &= !taken[i];
      }
      if (free) {
        return at;
      }
    }
    throw new EvenkeelException(
        "More than %d steps, row orders and optimizers are bound to one device. help: close models that are done"
            .formatted(WORDS / 4));
  }

  private long addressOf(Source<?> source) {
    return address + 4L * source.at;
  }

  /** Address of a step's number, a 64-bit integer; what {@link #pace} tells follows. */
  long step(Step step) {
    for (Source<?> source : sources) {
      if (source instanceof StepSource && source.owner() == step) {
        return addressOf(source);
      }
    }
    return addressOf(add(new StepSource(step, room(4))));
  }

  /** Address of a step's learning rate and factor on the weight decay, two floats. */
  long pace(Step step) {
    return step(step) + 8;
  }

  private static final class StepSource extends Source<Step> {
    StepSource(Step step, int at) {
      super(step, at, 4);
    }

    @Override
    void write(Step step, int[] values) {
      values[at] = (int) step.number();
      values[at + 1] = (int) (step.number() >>> 32);
      values[at + 2] = Float.floatToRawIntBits(step.learningRate());
      values[at + 3] = Float.floatToRawIntBits(step.decay());
    }
  }

  /**
   * Address of what a dropout does at a step: the bound that a word must reach to be kept, a 64-bit
   * integer; then scale, shift and the dropped value, three floats. Dropouts that do the same share
   * it: a deep net has many.
   */
  long dropping(Step step, Dropping dropping) {
    for (Source<?> source : sources) {
      if (source instanceof DroppingSource known
          && known.owner() == step
          && known.dropping.equals(dropping)) {
        return addressOf(known);
      }
    }
    return addressOf(add(new DroppingSource(step, room(5), dropping)));
  }

  private static final class DroppingSource extends Source<Step> {
    private final Dropping dropping;

    DroppingSource(Step step, int at, Dropping dropping) {
      super(step, at, 5);
      this.dropping = dropping;
    }

    @Override
    void write(Step step, int[] values) {
      double probability = dropping.probability(step);
      long dropBelow = Dropping.dropBelow(probability);
      values[at] = (int) dropBelow;
      values[at + 1] = (int) (dropBelow >>> 32);
      values[at + 2] = Float.floatToRawIntBits((float) dropping.scale(probability));
      values[at + 3] = Float.floatToRawIntBits((float) dropping.shift(probability));
      values[at + 4] = Float.floatToRawIntBits((float) dropping.dropped(probability));
    }
  }

  /** Address of Adam's two corrections: learning rate / (1 − β₁ᵗ), and 1/√(1 − β₂ᵗ). */
  long adam(Step step, double beta1, double beta2) {
    return addressOf(add(new AdamSource(step, room(2), beta1, beta2)));
  }

  private static final class AdamSource extends Source<Step> {
    private final double beta1;
    private final double beta2;

    AdamSource(Step step, int at, double beta1, double beta2) {
      super(step, at, 2);
      this.beta1 = beta1;
      this.beta2 = beta2;
    }

    @Override
    void write(Step step, int[] values) {
      long t = step.number() + 1;
      float rate = (float) (step.learningRate() / (1 - Math.pow(beta1, t)));
      float inverseRoot = (float) (1 / Math.sqrt(1 - Math.pow(beta2, t)));
      values[at] = Float.floatToRawIntBits(rate);
      values[at + 1] = Float.floatToRawIntBits(inverseRoot);
    }
  }

  /** A number that the host moves. */
  interface Position {
    int position();
  }

  /** Address of a position, a 32-bit integer. */
  long position(Position owner) {
    return addressOf(add(new PositionSource(owner, room(1))));
  }

  private static final class PositionSource extends Source<Position> {
    PositionSource(Position owner, int at) {
      super(owner, at, 1);
    }

    @Override
    void write(Position owner, int[] values) {
      values[at] = owner.position();
    }
  }

  /** A row order on the device. */
  DeviceOrder order(RowOrder order, int tableRows) {
    for (Source<?> source : sources) {
      if (source instanceof DeviceOrder known && source.owner() == order) {
        known.alsoOf(tableRows);
        return known;
      }
    }
    int at = room(1);
    return add(new DeviceOrder(memory, staging, order, at, address + 4L * at, tableRows));
  }

  void close() {
    for (Source<?> source : sources) {
      source.release();
    }
    memory.free(address);
  }
}
