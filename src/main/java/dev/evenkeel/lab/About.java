package dev.evenkeel.lab;

/**
 * What an experiment is about, in words: for the list of experiments and for the report.
 *
 * @param name by which the command line knows it
 * @param claim that is tested, in one line
 * @param source where the claim was made
 * @param seeds that it takes by default
 */
public record About(String name, String title, String claim, String source, int seeds) {

  private static final int DEFAULT_SEEDS = 3;

  /** Of that name, with three seeds; the rest is told by the methods below. */
  public static About of(String name) {
    return new About(name, "", "", "", DEFAULT_SEEDS);
  }

  public About titled(String title) {
    return new About(name, title, claim, source, seeds);
  }

  public About claims(String claim) {
    return new About(name, title, claim, source, seeds);
  }

  public About from(String source) {
    return new About(name, title, claim, source, seeds);
  }

  public About seeds(int seeds) {
    return new About(name, title, claim, source, seeds);
  }
}
