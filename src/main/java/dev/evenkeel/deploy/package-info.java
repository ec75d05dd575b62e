/**
 * What a trained model becomes elsewhere: a {@link dev.evenkeel.deploy.Predictor} within another
 * program, an ONNX file for any runtime, weights and a module for PyTorch.
 */
package dev.evenkeel.deploy;
