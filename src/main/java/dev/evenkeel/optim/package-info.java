/** Optimizers and learning-rate schedules. */
package dev.evenkeel.optim;
