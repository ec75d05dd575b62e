/**
 * From files and arrays to what a network is fed: reading, splitting, preparing.
 *
 * <p>Order of use: read ({@link dev.evenkeel.data.Table}, or {@link dev.evenkeel.data.Dataset} of
 * arrays), {@link dev.evenkeel.data.Split split}, fit a {@link dev.evenkeel.data.Preparation} on
 * the training rows alone, apply it to all. {@code train.DataPlan} does these in one call. The
 * preparation goes with the model: rows to predict must go through the same one.
 *
 * <p>All of it is plain data that never changes, and any number of threads may share it, as long as
 * nobody writes into the arrays that it gives out. Readers hold nothing open between calls.
 */
package dev.evenkeel.data;
