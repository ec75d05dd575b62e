/**
 * Optimizers and learning-rate schedules.
 *
 * <p>Both are descriptions, parts of a {@code train.Recipe}: {@code withX} makes another one. The
 * trainer binds them and keeps their state, which a checkpoint carries. Descriptions never change
 * and may be shared among threads; {@link dev.evenkeel.optim.ScheduleState} belongs to one
 * training.
 */
package dev.evenkeel.optim;
