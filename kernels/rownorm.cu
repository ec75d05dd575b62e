// Row norms forward, in training and at inference, as rownorm.cuh computes them: the statistics of a
// group, then y.
#include "rownorm.cuh"

/** sums[0] += Σ (x − origin) and sums[1] += Σ (x − origin)² of R vectors, the last maybe cut off. */
template <bool WHOLE, int R, typename T, int V>
__device__ __forceinline__ void add_moments_of(
    const RawType<T, V> (&raw)[R],
    int first,
    const Team &team,
    double origin,
    double (&sums)[2]) {
  float own = 0.0f; // this thread's first element, which is taken off before anything is rounded
  float mean = 0.0f;
  int count = 0;
#pragma unroll
  for (int i = 0; i < R; i++) {
    float v[V];
    unpack(raw[i], v);
    own = i == 0 ? v[0] : own;
    const int left = team.length - first - i * team.step;
#pragma unroll
    for (int j = 0; j < V; j++) {
      mean += WHOLE || j < left ? v[j] - own : 0.0f;
    }
    count += max(0, min(V, left));
  }
  mean = mean / max(1, count);
  float sum = 0.0f;
  float squares = 0.0f;
#pragma unroll
  for (int i = 0; i < R; i++) {
    float v[V];
    unpack(raw[i], v);
    const int left = team.length - first - i * team.step;
#pragma unroll
    for (int j = 0; j < V; j++) {
      const float d = WHOLE || j < left ? (v[j] - own) - mean : 0.0f;
      sum += d;
      squares += d * d;
    }
  }
  const double shift = static_cast<double>(own) - origin + mean;
  const double shifted = count * shift + sum;
  sums[0] += shifted;
  sums[1] += shift * (shifted + sum) + squares;
}

template <int R, typename T, int V>
__device__ __forceinline__ void add_moments_of_share(
    const RawType<T, V> (&raw)[R],
    int first,
    const Team &team,
    double origin,
    double (&sums)[2]) {
  if (first + (R - 1) * team.step + V <= team.length) {
    add_moments_of<true, R, T, V>(raw, first, team, origin, sums);
  } else {
    add_moments_of<false, R, T, V>(raw, first, team, origin, sums);
  }
}

/** From the sums over a group, which began at origin: 0 where the mean stays. */
__device__ __forceinline__ Standard
standard_of(const double (&sums)[2], double origin, const Groups &groups, double epsilon) {
  const double offset = groups.centred ? sums[0] / groups.length : 0.0;
  const double squares = (sums[1] - sums[0] * offset) / groups.length;
  const double variance = squares < 0 ? 0 : squares; // not fmax, which would hide a NaN
  const double mean = origin + offset;
  const float shift = static_cast<float>(mean);
  return {
      shift,
      static_cast<float>(mean - shift),
      static_cast<float>(1.0 / sqrt(variance + epsilon))};
}

/** y := activation(γ x̂ + β) for R vectors. */
template <typename A, int R, typename T, int V>
__device__ __forceinline__ void apply_share(
    A activation,
    const RawType<T, V> (&raw)[R],
    int first,
    const Team &team,
    const Standard &standard,
    const float *gamma,
    const float *beta,
    int column, // of the group's first feature
    int columns,
    T *y) {
#pragma unroll
  for (int i = 0; i < R; i++) {
    const int at = first + i * team.step;
    if (at < team.length) {
      float u[V];
      float gammas[V];
      float betas[V];
      unpack(raw[i], u);
      load_within(gamma, column + at, columns, gammas);
      load_or(0.0f, beta, column + at, columns, betas);
#pragma unroll
      for (int j = 0; j < V; j++) {
        u[j] = standard.affine(u[j], gammas[j], betas[j]);
      }
      forward(activation, u);
      store(y + at, u);
    }
  }
}

/** Each thread reads and writes the same elements, but for the first: y may be x. */
template <typename T, int V>
__device__ __forceinline__ void row_norm_forward(
    const T *x,
    int x_pitch,
    const Groups &groups,
    const float *gamma,
    const float *beta,
    double epsilon,
    int activation,
    T *y,
    int y_pitch,
    float *saved,
    int lanes) {
  constexpr int R = VECTORS_HELD;
  const Team t = team<V>(lanes, groups.total, groups.length);
  const int column = t.unit % groups.count * groups.length;
  const int columns = groups.count * groups.length;
  x += at(t.unit / groups.count, x_pitch, column);
  y += at(t.unit / groups.count, y_pitch, column);
  const double origin = groups.centred && t.length > 0 ? load_one(x) : 0.0f;
  RawType<T, V> raw[R];
  double sums[2] = {};
  int held = 0; // where what is in the registers comes from
#pragma unroll 1
  for (int chunk = 0; chunk < groups.length; chunk += R * t.step) {
    load_share<R, T, V>(x, chunk + t.begin, t, raw);
    add_moments_of_share<R, T, V>(raw, chunk + t.begin, t, origin, sums);
    held = chunk;
  }
  sum_team(sums, t);
  const Standard standard = standard_of(sums, origin, groups, epsilon);
  if (saved != nullptr && t.begin == 0 && t.length > 0) {
    float *to = saved + 3 * static_cast<int64_t>(t.unit);
    to[0] = standard.shift;
    to[1] = standard.delta;
    to[2] = standard.inverse;
  }
  dispatch(activation, [&](auto a) {
    using A = decltype(a);
    if constexpr (A::SLOW) {
#pragma unroll 1
      for (int first = t.begin; first < t.length; first += t.step) {
        RawType<T, V> one[1];
        load_share<1, T, V>(x, first, t, one);
        apply_share<A, 1, T, V>(a, one, first, t, standard, gamma, beta, column, columns, y);
      }
    } else {
#pragma unroll 1
      for (int chunk = held; chunk >= 0; chunk -= R * t.step) {
        const int first = chunk + t.begin;
        if (chunk != held) {
          load_share<R, T, V>(x, first, t, raw);
        }
        apply_share<A, R, T, V>(a, raw, first, t, standard, gamma, beta, column, columns, y);
      }
    }
  });
}

#define ROW_NORM_FORWARD_KERNELS(SUFFIX, T, V)                                                     \
  extern "C" __global__ void __launch_bounds__(THREADS) row_norm_forward_##SUFFIX(                 \
      const T *x, int x_pitch, int length, int count, int total, int centred, const float *gamma,  \
      const float *beta, double epsilon, int activation, T *y, int y_pitch, float *saved,          \
      int lanes) {                                                                                 \
    const Groups groups{length, count, total, centred != 0};                                       \
    row_norm_forward<T, V>(                                                                        \
        x, x_pitch, groups, gamma, beta, epsilon, activation, y, y_pitch, saved, lanes);           \
  }

#ifdef EVENKEEL_BFLOAT16
ROW_NORM_FORWARD_KERNELS(bf16x1, bfloat16, 1)
ROW_NORM_FORWARD_KERNELS(bf16x8, bfloat16, 8)
#else
ROW_NORM_FORWARD_KERNELS(f32x1, float, 1)
ROW_NORM_FORWARD_KERNELS(f32x4, float, 4)
#endif
