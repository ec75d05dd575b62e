package dev.evenkeel.simulator;

/**
 * A variable of some space.
 *
 * @param space "shared", "local", "param", "const" or "global"
 * @param type of an element: "b8"
 * @param initial what it holds at first; null for nothing (shared, local), zeros for the others
 */
record PtxVariable(String name, String space, String type, int align, int bytes, byte[] initial) {}
