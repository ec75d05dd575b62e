// Weight norm: weight = gain · direction / ‖direction‖ for each row of direction [O, I], float32
// without gaps; gain [O]. A direction of 0 gives a weight and gradients of 0.
//
// Bytes for E = O · I weights: forward 4 E read, 4 E or 2 E (bfloat16) written; backward 8 E read and
// 4 E written. Sums and products are in double, so that no size of direction over- or underflows and
// dDirection is orthogonal to direction but for its last rounding.
#include "teams.cuh"

/** ‖direction‖ from its square, and 1/‖direction‖, or 0 where there is none. */
struct Norm {
  double inverse;

  __device__ __forceinline__ explicit Norm(double square)
      : inverse(square == 0 ? 0.0 : 1.0 / sqrt(square)) {}
};

template <typename To, int V>
__device__ __forceinline__ void weight_norm_forward(
    const float *direction,
    const float *gain,
    int outputs,
    int inputs,
    To *weight,
    int pitch,
    int lanes) {
  constexpr int R = VECTORS_HELD;
  const Team t = team<V>(lanes, outputs, inputs);
  direction += at(t.unit, inputs, 0);
  weight += at(t.unit, pitch, 0);
  RawType<float, V> raw[R];
  double sums[1] = {};
  int held = 0; // where what is in the registers comes from
#pragma unroll 1
  for (int chunk = 0; chunk < inputs; chunk += R * t.step) {
    load_share<R, float, V>(direction, chunk + t.begin, t, raw);
#pragma unroll
    for (int i = 0; i < R; i++) {
      float v[V];
      unpack(raw[i], v);
#pragma unroll
      for (int j = 0; j < V; j++) {
        sums[0] += static_cast<double>(v[j]) * v[j];
      }
    }
    held = chunk;
  }
  sum_team(sums, t);
  const double scale = gain[t.unit] * Norm(sums[0]).inverse;
#pragma unroll 1
  for (int chunk = held; chunk >= 0; chunk -= R * t.step) {
    if (chunk != held) {
      load_share<R, float, V>(direction, chunk + t.begin, t, raw);
    }
#pragma unroll
    for (int i = 0; i < R; i++) {
      float v[V];
      unpack(raw[i], v);
#pragma unroll
      for (int j = 0; j < V; j++) {
        v[j] = static_cast<float>(scale * v[j]);
      }
      const int at = chunk + t.begin + i * t.step;
      if (at < t.length) {
        store(weight + at, v);
      }
    }
  }
}

/**
 * With v = direction and n = ‖v‖: dGain = dWeight · v / n, and
 * dDirection = gain / n · (dWeight − v dGain / n). dDirection may be dWeight.
 */
template <int V>
__device__ __forceinline__ void weight_norm_backward(
    const float *d_weight,
    const float *direction,
    const float *gain,
    int outputs,
    int inputs,
    float *d_direction,
    float *d_gain,
    int lanes) {
  constexpr int R = VECTORS_HELD;
  const Team t = team<V>(lanes, outputs, inputs);
  d_weight += at(t.unit, inputs, 0);
  direction += at(t.unit, inputs, 0);
  d_direction += at(t.unit, inputs, 0);
  RawType<float, V> raw[R];
  RawType<float, V> slopes[R];
  double sums[2] = {};
  int held = 0;
#pragma unroll 1
  for (int chunk = 0; chunk < inputs; chunk += R * t.step) {
    load_share<R, float, V>(direction, chunk + t.begin, t, raw);
    load_share<R, float, V>(d_weight, chunk + t.begin, t, slopes);
#pragma unroll
    for (int i = 0; i < R; i++) {
      float v[V];
      float d[V];
      unpack(raw[i], v);
      unpack(slopes[i], d);
#pragma unroll
      for (int j = 0; j < V; j++) {
        sums[0] += static_cast<double>(v[j]) * v[j];
        sums[1] += static_cast<double>(d[j]) * v[j];
      }
    }
    held = chunk;
  }
  sum_team(sums, t);
  const double inverse = Norm(sums[0]).inverse;
  const double gain_slope = sums[1] * inverse;
  const double scale = gain[t.unit] * inverse;
  const double along = gain_slope * inverse;
  if (t.begin == 0 && t.length > 0) {
    d_gain[t.unit] = static_cast<float>(gain_slope);
  }
#pragma unroll 1
  for (int chunk = held; chunk >= 0; chunk -= R * t.step) {
    if (chunk != held) {
      load_share<R, float, V>(direction, chunk + t.begin, t, raw);
      load_share<R, float, V>(d_weight, chunk + t.begin, t, slopes);
    }
#pragma unroll
    for (int i = 0; i < R; i++) {
      float v[V];
      float d[V];
      unpack(raw[i], v);
      unpack(slopes[i], d);
#pragma unroll
      for (int j = 0; j < V; j++) {
        d[j] = static_cast<float>(scale * (d[j] - along * v[j]));
      }
      const int at = chunk + t.begin + i * t.step;
      if (at < t.length) {
        store(d_direction + at, d);
      }
    }
  }
}

#define WEIGHT_NORM_FORWARD(SUFFIX, TO, V)                                                         \
  extern "C" __global__ void __launch_bounds__(THREADS) weight_norm_forward_##SUFFIX(              \
      const float *direction, const float *gain, int outputs, int inputs, TO *weight, int pitch,   \
      int lanes) {                                                                                 \
    weight_norm_forward<TO, V>(direction, gain, outputs, inputs, weight, pitch, lanes);            \
  }

#define WEIGHT_NORM_BACKWARD(SUFFIX, V)                                                            \
  extern "C" __global__ void __launch_bounds__(THREADS) weight_norm_backward_##SUFFIX(             \
      const float *d_weight, const float *direction, const float *gain, int outputs, int inputs,   \
      float *d_direction, float *d_gain, int lanes) {                                              \
    weight_norm_backward<V>(                                                                       \
        d_weight, direction, gain, outputs, inputs, d_direction, d_gain, lanes);                   \
  }

#ifdef EVENKEEL_BFLOAT16
WEIGHT_NORM_FORWARD(f32_bf16x1, bfloat16, 1)
WEIGHT_NORM_FORWARD(f32_bf16x4, bfloat16, 4)
#else
WEIGHT_NORM_FORWARD(f32x1, float, 1)
WEIGHT_NORM_FORWARD(f32x4, float, 4)
WEIGHT_NORM_BACKWARD(f32x1, 1)
WEIGHT_NORM_BACKWARD(f32x4, 4)
#endif
