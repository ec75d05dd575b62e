package dev.evenkeel.simulator;

import java.util.Map;

/** Special registers, all of 32 bits. */
interface SpecialRegister {

  int value(Warp warp, int lane);

  Map<String, SpecialRegister> ALL =
      Map.ofEntries(
          Map.entry("%tid.x", (w, l) -> w.thread(l) % w.worker.launch.blockX),
          Map.entry("%tid.y", (w, l) -> w.thread(l) / w.worker.launch.blockX),
          Map.entry("%tid.z", (w, l) -> 0),
          Map.entry("%ntid.x", (w, l) -> w.worker.launch.blockX),
          Map.entry("%ntid.y", (w, l) -> w.worker.launch.blockY),
          Map.entry("%ntid.z", (w, l) -> 1),
          Map.entry("%ctaid.x", (w, l) -> w.block.x),
          Map.entry("%ctaid.y", (w, l) -> w.block.y),
          Map.entry("%ctaid.z", (w, l) -> 0),
          Map.entry("%nctaid.x", (w, l) -> w.worker.launch.gridX),
          Map.entry("%nctaid.y", (w, l) -> w.worker.launch.gridY),
          Map.entry("%nctaid.z", (w, l) -> 1),
          Map.entry("%laneid", (w, l) -> l),
          Map.entry("%warpid", (w, l) -> w.index),
          Map.entry("%nwarpid", (w, l) -> w.block.warps.length),
          Map.entry("%lanemask_eq", (w, l) -> 1 << l),
          Map.entry("%lanemask_lt", (w, l) -> (1 << l) - 1),
          Map.entry("%lanemask_le", (w, l) -> (2 << l) - 1),
          Map.entry("%lanemask_gt", (w, l) -> -(2 << l)),
          Map.entry("%lanemask_ge", (w, l) -> -(1 << l)));

  /** Null for one that is not simulated. */
  static SpecialRegister named(String name) {
    return ALL.get(name);
  }
}
