package dev.evenkeel.metric;

/**
 * Matthews' correlation between answers and classes, in Gorodkin's form for any number of classes:
 * 1 for all right, about 0 for guesses, however unequal the classes are. 0, too, where all rows or
 * all answers are of one class, which nothing correlates with. Rows without an answer are answers
 * of a class of their own.
 */
final class MatthewsCorrelation {

  private MatthewsCorrelation() {}

  static double of(Predictions predictions) {
    Confusion confusion = Confusion.of(predictions, "mcc");
    double all = predictions.totalWeight();
    double right = 0;
    double unanswered = all;
    double chance = 0;
    double ofRows = 0;
    double ofAnswers = 0;
    for (int index = 0; index < confusion.classes(); index++) {
      double rows = confusion.rows()[index];
      double answered = confusion.answered(index);
      right += confusion.counts()[index][index];
      unanswered -= answered;
      chance += rows * answered;
      ofRows += rows * rows;
      ofAnswers += answered * answered;
    }
    ofAnswers += unanswered * unanswered;
    double varied = (all * all - ofRows) * (all * all - ofAnswers);
    double spread = Math.sqrt(Math.max(0, varied)); // weights may round to just below
    return spread == 0 ? 0 : (right * all - chance) / spread;
  }
}
