/**
 * Matrices, the memory behind them, rows of data and counter-based random numbers; knows no other
 * room.
 *
 * <p>A {@link dev.evenkeel.tensor.Matrix} is a view that never changes of a buffer whose contents
 * do: it is used on the thread of the backend that the buffer comes from, and not after the buffer
 * was closed. {@link dev.evenkeel.tensor.Philox} is a function of seed and place, and may be
 * shared.
 */
package dev.evenkeel.tensor;
