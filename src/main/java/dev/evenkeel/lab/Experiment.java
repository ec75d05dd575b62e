package dev.evenkeel.lab;

/** A claim, and how it is tested. The package's own description shows one. */
public interface Experiment {

  About about();

  /**
   * Measures, and puts down what was found.
   *
   * @param lab what there is to work with: device, data, seeds, size
   * @param finding receives method, tables, figures, checks and words
   */
  void run(Lab lab, Finding finding);
}
