/**
 * Descriptions of networks (immutable records) and the running {@link dev.evenkeel.nn.Model} that
 * is built from one.
 *
 * <p>Order of use: describe a {@link dev.evenkeel.nn.Network}, {@link dev.evenkeel.nn.Network#build
 * build} it on an open backend, train it or fill it from a file, close the model, then the backend.
 * Nobody subclasses: a new layer is a record and its block.
 *
 * <p>Descriptions never change and may be shared among threads; a model belongs to one thread at a
 * time, and one description may be built on many.
 */
package dev.evenkeel.nn;
