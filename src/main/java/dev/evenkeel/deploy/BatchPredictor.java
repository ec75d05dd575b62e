package dev.evenkeel.deploy;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.data.Table;
import dev.evenkeel.nn.Model;
import dev.evenkeel.train.Evaluator;
import dev.evenkeel.train.SavedModel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;

/**
 * Answers for many rows at a time, folded, on any backend: on a GPU, or by the CPU's matrix
 * products. For single rows {@link Predictor} is faster.
 *
 * <p>Any number of threads may call it; they take turns. The backend belongs to one thread, as each
 * does: a thread that this object keeps, on which it is opened and closed. Weights stay on the
 * device; room for a batch is taken while it answers.
 */
public final class BatchPredictor implements AutoCloseable {

  private final Inference inference;
  private final int batch;
  private final ExecutorService worker =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread thread = new Thread(task, "evenkeel-batch-predictor");
            thread.setDaemon(true);
            return thread;
          });
  private Backend backend;
  private Model model;

  /**
   * @param device opens the backend, as {@code Device::cpu}
   * @param batch how many rows the device has at once
   */
  public BatchPredictor(SavedModel saved, Supplier<Backend> device, int batch) {
    if (batch < 1) {
      throw new EvenkeelException("A batch has at least 1 row, not " + batch);
    }
    this.inference = Inference.of(saved, Inference.Form.FOLDED);
    this.batch = batch;
    try {
      onWorker(() -> open(device));
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private Model open(Supplier<Backend> device) {
    backend = device.get();
    model = inference.build(backend);
    return model;
  }

  /** As {@link Predictor#predict(float...)}. */
  public float[] predict(float... rows) {
    return answers(outputs(rows));
  }

  /** The same for all rows of a table. */
  public float[] predict(Table table) {
    return answers(outputs(table));
  }

  private float[] answers(float[] outputs) {
    Meaning meaning = inference.meaning();
    int columns = inference.network().outputs();
    return meaning.answers(outputs, columns, meaning.scratch(columns));
  }

  /** As {@link Predictor#outputs(float...)}. */
  public float[] outputs(float... rows) {
    if (inference.preparation().map(p -> p.unnamed().isEmpty()).orElse(false)) {
      throw new EvenkeelException(
          "The model takes rows with named columns, not numbers without names. help: a Table, as by Table.of(\"rows\", maps, preparation.options())");
    }
    Dataset raw = Dataset.unlabelled("rows", rows, inference.network().inputs());
    return outputs(inference.preparation().map(p -> p.apply(raw)).orElse(raw));
  }

  /** The same for all rows of a table. */
  public float[] outputs(Table table) {
    return outputs(inference.requirePreparation().apply(table, false, note -> {}));
  }

  private float[] outputs(Dataset prepared) {
    return onWorker(
        () -> {
          if (model == null) { // closed while this call waited for its turn
            throw closed(null);
          }
          return Evaluator.outputs(model, prepared, batch, inference.preparation());
        });
  }

  private <T> T onWorker(Supplier<T> work) {
    try {
      return CompletableFuture.supplyAsync(work, worker).join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      } else if (e.getCause() instanceof Error cause) {
        throw cause;
      }
      throw e;
    } catch (RejectedExecutionException e) {
      throw closed(e);
    }
  }

  private static EvenkeelException closed(Throwable cause) {
    return new EvenkeelException("The batch predictor is closed. help: make another one", cause);
  }

  /** Calls under way are answered first, others are refused. */
  @Override
  public void close() {
    if (worker.isShutdown()) {
      return;
    }
    onWorker(
        () -> {
          if (model != null) {
            model.close();
            model = null;
          }
          if (backend != null) {
            backend.close();
            backend = null;
          }
          return true;
        });
    worker.shutdown();
  }
}
