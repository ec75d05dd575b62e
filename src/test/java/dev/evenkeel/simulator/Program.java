package dev.evenkeel.simulator;

import java.util.List;
import java.util.Map;

/**
 * A kernel made ready to run.
 *
 * @param ints what 32-bit registers hold at the start, [register][lane]: constants
 */
final class Program {

  /** A register that the warp, the block or the launch sets. */
  interface Special {
    void set(Warp warp);
  }

  final String file;
  final Instruction[] code;
  final int[] ints;
  final long[] longs;
  final int[] predicates;

  /** Slots of 64 bits that hold the address of a module's variable. */
  final Map<Integer, String> addresses;

  final List<Special> specials;

  /** Of shared memory: 2 in the gaps between variables. */
  final byte[] sharedShadow;

  final int localBytes;

  /** How many instructions access memory. */
  final int sites;

  /** Bytes of the narrowest access to memory that threads share. */
  final int granule;

  Program(
      String file,
      Instruction[] code,
      int[] ints,
      long[] longs,
      int[] predicates,
      Map<Integer, String> addresses,
      List<Special> specials,
      byte[] sharedShadow,
      int localBytes,
      int sites,
      int granule) {
    this.file = file;
    this.code = code;
    this.ints = ints;
    this.longs = longs;
    this.predicates = predicates;
    this.addresses = addresses;
    this.specials = specials;
    this.sharedShadow = sharedShadow;
    this.localBytes = localBytes;
    this.sites = sites;
    this.granule = granule;
  }
}
