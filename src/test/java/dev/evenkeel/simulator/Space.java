package dev.evenkeel.simulator;

/** Spaces of memory, each with a window of the generic addresses. */
enum Space {
  GLOBAL(0),
  CONST(0),
  SHARED(0x10_0000_0000L),
  LOCAL(0x20_0000_0000L),
  PARAM(0x30_0000_0000L),
  GENERIC(0);

  static final long WINDOW = 0x10_0000_0000L;

  final long base;
  private final String label = name().toLowerCase(java.util.Locale.ROOT);

  Space(long base) {
    this.base = base;
  }

  /** The space that a generic address lies in. */
  static Space of(long address) {
    if (address >= SHARED.base && address < PARAM.base + WINDOW) {
      return address < LOCAL.base ? SHARED : address < PARAM.base ? LOCAL : PARAM;
    }
    return GLOBAL;
  }

  String label() {
    return label;
  }
}
