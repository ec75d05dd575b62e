/**
 * Descriptions of networks (immutable records) and the running {@link dev.evenkeel.nn.Model} that
 * is built from one.
 */
package dev.evenkeel.nn;
