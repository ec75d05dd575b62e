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
import java.util.Optional;

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

  /** Writes what follows from an owner into words {@code at} and following. */
  interface Writer<T> {
    void write(T owner, int[] values, int at);
  }

  /** A few words that follow from something on the host, as long as anybody holds it. */
  static class Source<T> {
    private final WeakReference<T> owner;
    final Object what;
    final int at;
    final int words;
    private final Writer<T> writer;

    /**
     * @param what of the owner they tell
     */
    Source(T owner, Object what, int at, int words, Writer<T> writer) {
      this.owner = new WeakReference<>(owner);
      this.what = what;
      this.at = at;
      this.words = words;
      this.writer = writer;
    }

    final T owner() {
      return owner.get();
    }

    private void write(int[] values) {
      T present = owner.get();
      if (present != null) {
        writer.write(present, values, at);
      }
    }

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
      sources.get(i).write(values);
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

  private Optional<Source<?>> known(Object owner, Object what) {
    return sources.stream()
        .filter(source -> source.owner() == owner && source.what.equals(what))
        .findFirst();
  }

  private <S extends Source<?>> S add(S source) {
    sources.add(source);
    cover(source.at + source.words);
    return source;
  }

  /** Address of words that tell something of an owner: the same ones, whoever asks for them. */
  private <T> long address(T owner, Object what, int words, Writer<T> writer) {
    Source<?> source =
        known(owner, what)
            .orElseGet(() -> add(new Source<>(owner, what, room(words), words, writer)));
    return address + 4L * source.at;
  }

  /** Address of a step's number, a 64-bit integer; what {@link #pace} tells follows. */
  long step(Step step) {
    return address(step, "step", 4, StepScalars::write);
  }

  private static void write(Step step, int[] values, int at) {
    values[at] = (int) step.number();
    values[at + 1] = (int) (step.number() >>> 32);
    values[at + 2] = Float.floatToRawIntBits(step.learningRate());
    values[at + 3] = Float.floatToRawIntBits(step.decay());
  }

  /** Address of a step's learning rate and factor on the weight decay, two floats. */
  long pace(Step step) {
    return step(step) + 8;
  }

  /**
   * Address of what a dropout does at a step: the bound that a word must reach to be kept,
   * unsigned; then scale, shift and the dropped value, three floats. A deep net has many dropouts
   * that do the same.
   */
  long dropping(Step step, Dropping dropping) {
    return address(step, dropping, 4, (owner, values, at) -> write(dropping, owner, values, at));
  }

  private static void write(Dropping dropping, Step step, int[] values, int at) {
    double probability = dropping.probability(step);
    values[at] = (int) Dropping.dropBelow(probability);
    values[at + 1] = Float.floatToRawIntBits((float) dropping.scale(probability));
    values[at + 2] = Float.floatToRawIntBits((float) dropping.shift(probability));
    values[at + 3] = Float.floatToRawIntBits((float) dropping.dropped(probability));
  }

  /** Address of Adam's two corrections: learning rate / (1 − β₁ᵗ), and 1/√(1 − β₂ᵗ). */
  long adam(Step step, double beta1, double beta2) {
    return address(
        step,
        List.of(beta1, beta2),
        2,
        (owner, values, at) -> {
          long t = owner.number() + 1;
          float rate = (float) (owner.learningRate() / (1 - Math.pow(beta1, t)));
          float inverseRoot = (float) (1 / Math.sqrt(1 - Math.pow(beta2, t)));
          values[at] = Float.floatToRawIntBits(rate);
          values[at + 1] = Float.floatToRawIntBits(inverseRoot);
        });
  }

  /** A number that the host moves. */
  interface Position {
    int position();
  }

  /** Address of a position, a 32-bit integer. */
  long position(Position owner) {
    return address(owner, "position", 1, (moved, values, at) -> values[at] = moved.position());
  }

  /** A row order on the device. */
  DeviceOrder order(RowOrder order, int tableRows) {
    Optional<Source<?>> known = known(order, DeviceOrder.class);
    if (known.isPresent()) {
      DeviceOrder shared = (DeviceOrder) known.get();
      shared.alsoOf(tableRows);
      return shared;
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
