package dev.evenkeel.backend;

/**
 * One numeric operation, bound to its matrices once and then run at every step: binding may check,
 * plan and allocate, running never does.
 */
@FunctionalInterface
public interface Operation {
  void run();
}
