package dev.evenkeel.simulator;

/** What a stream can be given to do: a kernel, a copy, a fill. A graph does it at every launch. */
interface Action {

  String name();

  /** How long it takes by the simulated clock. */
  double microseconds();

  /**
   * Called at the moment when it is put on a stream to be run, where what the host's memory holds
   * can be noted; gives what runs when its turn comes.
   */
  Runnable begin();

  static Action of(String name, double microseconds, Runnable body) {
    return new Action() {
      @Override
      public String name() {
        return name;
      }

      @Override
      public double microseconds() {
        return microseconds;
      }

      @Override
      public Runnable begin() {
        return body;
      }
    };
  }
}
