/**
 * File formats: safetensors, ONNX, HDF5, IDX, NPY, NPZ and TensorBoard's events, JSON of records,
 * and files that are replaced whole or not at all.
 *
 * <p>A reader takes a path and gives arrays; it believes no size before it has compared it with the
 * file's own, and what it does not understand is an {@link dev.evenkeel.EvenkeelException} that
 * names the file. Every reader is fuzzed.
 *
 * <p>Static methods hold nothing between calls and may run on any threads; {@link
 * dev.evenkeel.io.EventFile} belongs to one thread at a time and is to be closed.
 */
package dev.evenkeel.io;
