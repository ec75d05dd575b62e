/**
 * Evenkeel trains normalised multi-layer perceptrons. Start at {@code nn.Network} (what to train),
 * {@code data.Dataset} (on what) and {@code train.Trainer} (how).
 */
package dev.evenkeel;
