/**
 * What a trained model becomes elsewhere: a {@link dev.evenkeel.deploy.Predictor} within another
 * program, an ONNX file for any runtime, weights and a module for PyTorch; and models of elsewhere,
 * from ONNX and Keras, as ours.
 *
 * <p>Order of use: training leaves a folder; {@code Predictor.load} answers from it, {@link
 * dev.evenkeel.deploy.OnnxFile}, {@link dev.evenkeel.deploy.TorchModule} and {@link
 * dev.evenkeel.deploy.WeightFile} write it for others. An {@link dev.evenkeel.deploy.Inference} is
 * what is left of a model, to choose its form oneself.
 *
 * <p>{@code Predictor} and {@link dev.evenkeel.deploy.BatchPredictor} are made for any number of
 * threads; a {@code BatchPredictor} is to be closed. The writers hold nothing between calls.
 */
package dev.evenkeel.deploy;
