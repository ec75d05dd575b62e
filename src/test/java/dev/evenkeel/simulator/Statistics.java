package dev.evenkeel.simulator;

import dev.evenkeel.simulator.MemoryAccess.Use;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What launches did, counted: instructions, bytes, sectors, bank conflicts. One for many launches.
 */
public final class Statistics {

  /** Global memory is moved in pieces of this many bytes. */
  public static final int SECTOR = 32;

  private static final int BANKS = 32;

  /** Sectors that are remembered together. */
  private static final int PAGE = 1 << 15;

  private final List<Launch> launches = new ArrayList<>();

  /** One after the other, as they were run. */
  public synchronized List<Launch> launches() {
    return List.copyOf(launches);
  }

  public synchronized Launch last() {
    return launches.get(launches.size() - 1);
  }

  synchronized Launch begin(String kernel) {
    Launch launch = new Launch(kernel);
    launches.add(launch);
    return launch;
  }

  /** Accesses of one kind to one space. */
  public static final class Accesses {

    private long bytes;
    private long requests;
    private long sectors;
    private long bankConflicts;
    private final Map<Long, BitSet> touched = new HashMap<>();
    private final SortedMap<Integer, Long> widths = new TreeMap<>();

    /** Bytes that lanes asked for, counted once for each lane. */
    public long bytes() {
      return bytes;
    }

    /** Warp instructions. */
    public long requests() {
      return requests;
    }

    /** 32-byte sectors touched, counted once for each request: what global memory moves. */
    public long sectors() {
      return sectors;
    }

    /** Different 32-byte sectors: what is moved where a cache holds all that is asked for again. */
    public long differentSectors() {
      return touched.values().stream().mapToLong(BitSet::cardinality).sum();
    }

    private void touch(long address, int bytes) {
      for (long sector = address / SECTOR; sector <= (address + bytes - 1) / SECTOR; sector++) {
        touched.computeIfAbsent(sector / PAGE, page -> new BitSet(PAGE)).set((int) (sector % PAGE));
      }
    }

    /** Passes over the banks of shared memory beyond those that an access needs anyway. */
    public long bankConflicts() {
      return bankConflicts;
    }

    /** Accesses of lanes by how many bytes each moved: 16 for a float4. */
    public SortedMap<Integer, Long> widths() {
      return widths;
    }

    private void add(Accesses other) {
      bytes += other.bytes;
      requests += other.requests;
      sectors += other.sectors;
      bankConflicts += other.bankConflicts;
      other.touched.forEach(
          (page, sectors) -> touched.computeIfAbsent(page, p -> new BitSet(PAGE)).or(sectors));
      other.widths.forEach((width, count) -> widths.merge(width, count, Long::sum));
    }
  }

  /** The counts of one launch. */
  public static final class Launch {

    private final String kernel;
    private final SortedMap<String, Long> instructions = new TreeMap<>();
    private long laneInstructions;
    private long warpInstructions;
    private final Map<Space, Map<Use, Accesses>> accesses = new EnumMap<>(Space.class);
    private final long[] scratch = new long[Warp.LANES];

    private Launch(String kernel) {
      this.kernel = kernel;
    }

    public String kernel() {
      return kernel;
    }

    /** Instructions executed, once for each active lane, by mnemonic: "fma.rn.f32". */
    public SortedMap<String, Long> instructions() {
      return instructions;
    }

    public long laneInstructions() {
      return laneInstructions;
    }

    public long warpInstructions() {
      return warpInstructions;
    }

    Accesses accesses(Space space, Use use) {
      return accesses
          .computeIfAbsent(space, s -> new EnumMap<>(Use.class))
          .computeIfAbsent(use, u -> new Accesses());
    }

    public Accesses globalLoads() {
      return accesses(Space.GLOBAL, Use.LOAD);
    }

    public Accesses globalStores() {
      return accesses(Space.GLOBAL, Use.STORE);
    }

    public Accesses sharedStores() {
      return accesses(Space.SHARED, Use.STORE);
    }

    /** Local memory: spilled or indexed variables, which a good kernel has none of. */
    public long localBytes() {
      return accesses(Space.LOCAL, Use.LOAD).bytes + accesses(Space.LOCAL, Use.STORE).bytes;
    }

    void countWarp() {
      warpInstructions++;
    }

    /** The addresses of a request are known. */
    void access(MemoryAccess access, Warp warp, int mask) {
      long[] addresses = warp.addresses;
      int first = Integer.numberOfTrailingZeros(mask);
      Space space = access.space == Space.GENERIC ? Space.of(addresses[first]) : access.space;
      Accesses to = accesses(space, access.use);
      int lanes = Integer.bitCount(mask);
      to.requests++;
      to.bytes += (long) lanes * access.bytes;
      to.widths.merge(access.bytes, (long) lanes, Long::sum);
      if (space == Space.GLOBAL) {
        to.sectors += distinct(addresses, mask, SECTOR);
        for (int m = mask; m != 0; m &= m - 1) {
          to.touch(addresses[Integer.numberOfTrailingZeros(m)], access.bytes);
        }
      } else if (space == Space.SHARED) {
        to.bankConflicts += conflicts(addresses, mask, access.bytes);
      }
    }

    /** How many different pieces of this size are touched. */
    private int distinct(long[] addresses, int mask, int size) {
      int count = 0;
      for (int m = mask; m != 0; m &= m - 1) {
        scratch[count++] = addresses[Integer.numberOfTrailingZeros(m)] / size;
      }
      Arrays.sort(scratch, 0, count);
      int different = count > 0 ? 1 : 0;
      for (int i = 1; i < count; i++) {
        different += scratch[i] != scratch[i - 1] ? 1 : 0;
      }
      return different;
    }

    /** Wide accesses are served by halves or quarters of a warp, each without conflict at best. */
    private int conflicts(long[] addresses, int mask, int bytes) {
      int group = bytes <= 4 ? 32 : bytes == 8 ? 16 : 8;
      int extra = 0;
      for (int from = 0; from < Warp.LANES; from += group) {
        int lanes = group == 32 ? mask : mask & (1 << group) - 1 << from;
        extra += Math.max(0, worstBank(addresses, lanes, bytes) - 1);
      }
      return extra;
    }

    private int worstBank(long[] addresses, int lanes, int bytes) {
      int[] perBank = new int[BANKS];
      long[] words = new long[Warp.LANES * 4];
      int count = 0;
      for (int m = lanes; m != 0; m &= m - 1) {
        long word = addresses[Integer.numberOfTrailingZeros(m)] / 4;
        for (int w = 0; w < Math.max(1, bytes / 4); w++) {
          words[count++] = word + w;
        }
      }
      Arrays.sort(words, 0, count);
      int worst = 0;
      for (int i = 0; i < count; i++) {
        if (i == 0 || words[i] != words[i - 1]) {
          worst = Math.max(worst, ++perBank[(int) (words[i] % BANKS)]);
        }
      }
      return worst;
    }

    Launch part() {
      return new Launch(kernel);
    }

    /** Takes over what one worker counted. */
    synchronized void add(Launch part, Instruction[] code, long[] lanes) {
      for (int i = 0; i < code.length; i++) {
        if (lanes[i] > 0) {
          instructions.merge(code[i].mnemonic, lanes[i], Long::sum);
        }
      }
      laneInstructions += Arrays.stream(lanes).sum();
      warpInstructions += part.warpInstructions;
      part.accesses.forEach(
          (space, byUse) -> byUse.forEach((use, counts) -> accesses(space, use).add(counts)));
    }
  }
}
