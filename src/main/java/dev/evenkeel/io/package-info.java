/**
 * File formats: safetensors, ONNX, HDF5, IDX, NPY and TensorBoard's events, and files that are
 * replaced whole or not at all.
 */
package dev.evenkeel.io;
