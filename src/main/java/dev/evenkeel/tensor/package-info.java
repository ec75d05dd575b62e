/** Matrices, the memory behind them and counter-based random numbers; knows no other room. */
package dev.evenkeel.tensor;
