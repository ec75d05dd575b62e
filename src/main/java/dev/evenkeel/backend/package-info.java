/**
 * The contract of every numeric operation, and the choice of the device that runs it.
 *
 * <p>Order of use: {@link dev.evenkeel.backend.Device} opens a {@link
 * dev.evenkeel.backend.Backend}; buffers are allocated from it, operations bound to them once and
 * run at every step; buffers and sequences are closed before the backend. Who trains does none of
 * that by hand: a {@code Model} and a {@code Trainer} need the open backend alone.
 *
 * <p>A backend and all that was made with it belong to one thread at a time. Several backends work
 * on several threads at once, those of one GPU too; they share nothing.
 */
package dev.evenkeel.backend;
