package dev.evenkeel.simulator;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What launches did, counted: instructions, bytes, sectors, bank conflicts. One for many launches.
 */
public final class Statistics {

  private final List<Launch> launches = new ArrayList<>();

  /** One after the other, as they were run. */
  public List<Launch> launches() {
    return List.copyOf(launches);
  }

  public Launch last() {
    return launches.get(launches.size() - 1);
  }

  Launch begin(String kernel, dev.evenkeel.simulator.Launch of) {
    Launch launch = new Launch(kernel);
    launches.add(launch);
    return launch;
  }

  /** The counts of one launch. */
  public static final class Launch {

    private final String kernel;
    private final Map<String, Long> instructions = new TreeMap<>();
    private long laneInstructions;

    Launch(String kernel) {
      this.kernel = kernel;
    }

    public String kernel() {
      return kernel;
    }

    /** Instructions executed by lanes, by mnemonic. */
    public Map<String, Long> instructions() {
      return instructions;
    }

    public long laneInstructions() {
      return laneInstructions;
    }

    void count(Instruction instruction, int active) {
      int lanes = Integer.bitCount(active);
      instructions.merge(instruction.mnemonic, (long) lanes, Long::sum);
      laneInstructions += lanes;
    }

    void access(MemoryAccess access, Warp warp, int mask) {}

    Launch part() {
      return this;
    }
  }
}
