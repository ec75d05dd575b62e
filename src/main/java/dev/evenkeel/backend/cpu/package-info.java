/**
 * The backend that is always there: float[] loops and BLAS, rows or columns split among a few
 * workers.
 *
 * <p>The Java loops are written for the JIT's vectoriser, which only trusts loops whose arrays all
 * share one index. So a loop over a part of a row first copies it to a short scratch array that
 * stays in the first-level cache; a copy costs a fraction of what a scalar loop would. It also
 * gives up, without a word, on loops over more than seven arrays (measured: 0.24 ns an element with
 * seven, 1.4 ns with eight), and on comparisons, conversions and {@code Math.fma} where there is
 * none.
 */
package dev.evenkeel.backend.cpu;
