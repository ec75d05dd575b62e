/**
 * Evenkeel trains normalised multi-layer perceptrons. Start at {@code train.DataPlan} and {@code
 * train.Trainer.train}, which do all of it; then at {@code nn.Network} (what to train), {@code
 * data.Dataset} (on what) and {@code train.Trainer} (how).
 *
 * <p><b>Errors.</b> Whatever a file, a device, an option or data can do wrong comes as {@link
 * dev.evenkeel.EvenkeelException}, unchecked, with a message to show as it is. Four kinds can be
 * told apart, since a program may want to answer them: {@code backend.DeviceMemoryException} (use
 * smaller batches), {@code train.NonFiniteException} (a smaller learning rate), {@code
 * train.StoppedException} (somebody asked for it) and {@code backend.cuda.CudaException} (train on
 * the CPU). Anything else that is thrown, as an IllegalStateException, is a mistake in the calling
 * program or in Evenkeel.
 *
 * <p><b>Threads.</b> Descriptions and data never change once made and may be shared: {@code
 * Network}, {@code Recipe}, {@code DataPlan}, {@code Preparation}, {@code Dataset}, {@code Table},
 * {@code SavedModel} (as long as nobody writes into the arrays that they give out). So may {@code
 * deploy.Predictor} and {@code deploy.BatchPredictor}, which are made for it. What runs belongs to
 * one thread at a time: a {@code Backend} and all that was made with it, {@code Model}, {@code
 * Trainer}, {@code Evaluator}. Several trainings at once are several backends, one for each thread;
 * they share nothing, and each gives the bits that it gives alone. Files appear whole or not at
 * all, so another thread or process may read what a training writes.
 */
package dev.evenkeel;
