/**
 * The host-side loop: steps, epochs, listeners, checkpoints, saved models.
 *
 * <p>{@link dev.evenkeel.train.Trainer#train} does all of it in one call. With a device, a network
 * and a listener of one's own the order of use is:
 *
 * <pre>{@code
 * Parts data = DataPlan.of("houses.csv").withTarget("price").load(System.out::println);
 * Network network =
 *     Network.of(data.train().columns(), Linear.of(64), RowNorm.layer(), Activate.relu(), Linear.of(1));
 * Recipe recipe = Recipe.regression().withEpochs(100).withEarlyStopping(5, "loss");
 * try (Backend backend = Device.cpu();
 *     Model model = network.build(backend, 1)) {
 *   Trained trained =
 *       new Trainer(model, recipe, data.train())
 *           .withValidation(data.valid().orElseThrow())
 *           .withPreparation(data.preparation())
 *           .withCheckpoints(Path.of("runs"))
 *           .fit();
 *   WeightFile.write(Path.of("houses.safetensors"), model); // the model holds the weights that were kept
 * }
 * SavedModel saved = SavedModel.load(Path.of("runs"));
 * }</pre>
 *
 * <p>{@code resuming(RunFolder.checkpoint(folder))} instead goes on where a run ended, bit for bit.
 * {@link dev.evenkeel.train.Tuner}, {@link dev.evenkeel.train.CrossValidation} and {@link
 * dev.evenkeel.train.RateRange} run many trainings, {@link dev.evenkeel.train.Evaluator} a trained
 * model over a set, {@link dev.evenkeel.train.Importance} again with each column's values in
 * disorder.
 *
 * <p>Descriptions ({@code Recipe}, {@code DataPlan}, {@code SavedModel}) never change and may be
 * shared. What runs belongs to one thread, and calls its listeners there. {@link
 * dev.evenkeel.train.RunMark#askToStop} and the reading of a run's files may happen on any thread
 * or in another process.
 */
package dev.evenkeel.train;
