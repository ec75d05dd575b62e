package dev.evenkeel.nn;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.tensor.Buffer;
import dev.evenkeel.tensor.InputLayout;
import dev.evenkeel.tensor.Matrix;
import dev.evenkeel.tensor.RowOrder;
import dev.evenkeel.tensor.Rows;
import java.util.function.Predicate;

/**
 * Exact statistics over a whole data set, with the weights as they are: norm after norm, since each
 * one's input depends on those before it. Over the training set that is "precise batch norm" (Wu
 * and Johnson 2021); over data of another kind it adapts the model to them (AdaBN, Li et al. 2016).
 */
public final class PopulationStatistics {

  private PopulationStatistics() {}

  /**
   * Re-estimates every batch norm that asks for population statistics; others stay.
   *
   * @param table of inputs, on the model's device
   */
  public static void update(Model model, Matrix table, int chunkRows) {
    if (model.network().hasPopulationStatistics()) {
      estimate(
          model, table, chunkRows, norm -> norm.running() instanceof RunningStatistics.Population);
    }
  }

  /**
   * Re-estimates every batch norm, however it came by its statistics, on rows that need no targets;
   * the weights stay. What a positive scale and a shift of all inputs did to a model is undone so;
   * an inversion is not.
   *
   * @param stored rows as the layout has them
   */
  public static void adapt(Model model, Rows stored, InputLayout layout, int chunkRows) {
    if (!model.network().hasBatchNorm()) {
      throw new EvenkeelException(
          "The model has no batch norm, so it has no statistics to adapt: its other layers do not depend on the data. help: a model trained with --norm batch, ghost:K or mean-only");
    }
    if (stored.count() < 2) {
      throw new EvenkeelException(
          "Batch norm can't be adapted to one row: less its own mean, nothing of it is left. help: at least 2 rows, better a thousand");
    }
    Matrix table = model.backend().inputs(stored, layout);
    try (Buffer held = table.buffer()) {
      estimate(model, table, chunkRows, norm -> true);
    }
  }

  private static void estimate(
      Model model, Matrix table, int chunkRows, Predicate<BatchNorm> which) {
    RowOrder order = RowOrder.natural(table.rows());
    try (StatisticsWalk walk = new StatisticsWalk(model, table, order, chunkRows)) {
      for (int i = 0; i < walk.probes().size(); i++) {
        if (walk.probes().get(i).block() instanceof NormBlock norm
            && which.test(norm.description())) {
          norm.takeOver(model.backend(), walk.moments(i), norm.isUnbiased());
        }
      }
    }
  }
}
