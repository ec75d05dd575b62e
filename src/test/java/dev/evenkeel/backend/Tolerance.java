package dev.evenkeel.backend;

/**
 * How far float32 may be from the float64 reference: stated once per operation and type, with the
 * reason. An error is the Frobenius norm of the difference over that of the truth (or of a scale
 * that the row names); and no element may be off by more than eight times as much of the largest.
 */
enum Tolerance {
  GEMM(2e-6, "blocked float sums; on a GPU more beyond 512 products of a sum; TF32 would be 3e-4"),
  ACTIVATION(
      4e-7,
      "a few roundings of 6e-8 behind a polynomial good to 1e-7; derivatives are made from a rounded y"),
  ACTIVATION_SWEEP(
      1e-6, "largest |error| over max(1, |y|) from -10,000 to 10,000: slopes near 1 are 1 - 6e-8"),
  BIAS_GRADIENT(5e-7, "float partial sums of 64 rows, added in double"),
  MEAN(1e-6, "in deviations, beyond one ulp of the column's largest: a float can't hold more"),
  VARIANCE(5e-6, "relative, at any mean up to 1e6 deviations"),
  VARIANCE_OUTLIER(2e-5, "an outlier of 1e4 deviations: the squares of the rest drown in its own"),
  RUNNING(5e-6, "no worse than the batch's own statistics that are averaged"),
  NORMALISED(5e-7, "x - mean is exact where it matters, and four roundings follow"),
  INVERSE_DEVIATION(2.6e-6, "half the variance's relative error, and a rounding"),
  NORM_GRADIENT(
      5e-7, "relative to gamma t / deviation, which the projection cancels fully when N is 2"),
  NORM_PARAMETERS(2e-6, "sums of N products of x-hat, each good to 3e-7"),
  WEIGHT_NORM(
      5e-7, "a norm good to 1e-7 and a few roundings; of the row, whose gradient may cancel"),
  AFFINE(1.5e-7, "of |scale x| + |shift|: a product and a sum, each rounded, or both at once"),
  LOSS(1e-6, "float exponentials, their logarithm and all sums in double"),
  SOFTMAX_GRADIENT(2e-7, "absolute, before the division by the weight of the batch"),
  SOFTMAX_ROW_SUM(1e-6, "absolute: the rounding of up to 1031 probabilities that add up to 1"),
  LOSS_GRADIENT(2e-7, "computed in double, rounded once"),
  SIGMOID_ON_GPU(4e-7, "behind an exponential in float32, documented to err by 2.4e-7"),
  CLIP(2e-7, "computed in double, rounded once"),
  UPDATE(1e-6, "of the update, beyond the half ulp that storing the parameter costs"),
  UPDATE_STATE(1e-6, "a few roundings"),
  TRAJECTORY(1e-5, "of the length of the path, after 1,000 steps whose roundings are random"),
  INVARIANCE(1e-6, "the input that is moved or scaled is rounded again"),
  ORTHOGONAL(1e-6, "cosine: what rounding to float32 leaves of the direction"),
  IDENTITY(1e-6, "of the input: gamma and beta are rounded to float32");

  final double limit;
  final String reason;

  Tolerance(double limit, String reason) {
    this.limit = limit;
    this.reason = reason;
  }
}
