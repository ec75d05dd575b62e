/** The experiments themselves, one class each; {@code Experiments} lists them. */
package dev.evenkeel.lab.experiments;
