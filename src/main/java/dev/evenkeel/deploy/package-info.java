/**
 * What a trained model becomes elsewhere: a {@link dev.evenkeel.deploy.Predictor} within another
 * program, an ONNX file for any runtime, weights and a module for PyTorch; and models of elsewhere,
 * from ONNX and Keras, as ours.
 */
package dev.evenkeel.deploy;
