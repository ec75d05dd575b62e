package dev.evenkeel.lab;

import java.util.List;

/**
 * What came of a claim: it holds if all of its checks passed, does not if none did, and partly
 * otherwise. What passed says nothing of the whole claim while others of its checks are not judged.
 */
public enum Verdict {
  HOLDS("holds"),
  PARTLY("holds partly"),
  DOES_NOT_HOLD("does not hold"),
  OPEN("not judged at this size");

  private final String words;

  Verdict(String words) {
    this.words = words;
  }

  public String words() {
    return words;
  }

  static Verdict of(List<Check> checks) {
    List<Check> judged =
        checks.stream().filter(check -> check.isJudged() && check.isOfClaim()).toList();
    long passed = judged.stream().filter(Check::passed).count();
    if (judged.isEmpty()) {
      return OPEN;
    }
    if (passed < judged.size()) {
      return passed == 0 ? DOES_NOT_HOLD : PARTLY;
    }
    boolean whole = checks.stream().filter(Check::isOfClaim).allMatch(Check::isJudged);
    return whole ? HOLDS : OPEN;
  }
}
