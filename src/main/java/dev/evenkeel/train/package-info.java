/** The host-side loop: steps, epochs, listeners, checkpoints, saved models. */
package dev.evenkeel.train;
