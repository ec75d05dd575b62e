package dev.evenkeel.backend;

import dev.evenkeel.tensor.Matrix;

/**
 * The vectors of a norm over the features of one row, each [1, C], and over which features.
 *
 * @param beta NONE where there is no shift
 * @param groups each row's C features fall into that many groups of neighbours, equally long
 * @param centred whether the group's mean is subtracted; if not, σ² is the mean square
 */
public record RowNormMemory(
    Matrix gamma, Matrix beta, int groups, boolean centred, double epsilon) {}
