package dev.evenkeel.simulator;

/** Finds accesses of different threads to the same bytes that nothing orders. */
final class RaceDetector {

  RaceDetector(Launch launch) {}

  void access(MemoryAccess access, Warp warp, int lane, Allocation a, int at) {}

  void fence(Warp warp) {}

  /** Of one block's shared memory. */
  static final class Shared {

    Shared(Block block) {}

    void start() {}
  }
}
