package dev.evenkeel.lab;

/** Hears how far experiments have come. All methods do nothing at first. */
public interface LabListener {

  /**
   * @param number of this experiment, from 1 on
   * @param of so many that were asked for
   */
  default void onStart(About about, int number, int of) {}

  /**
   * A run of a sweep begins.
   *
   * @param number of the run, from 1 on
   * @param what is run: the setting, in words
   */
  default void onRun(int number, int of, String what) {}

  /**
   * @param share of the sweep that is done, from 0 to 1
   */
  default void onShare(double share) {}

  default void onEnd(Finding finding) {}
}
