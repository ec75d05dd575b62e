// Norms over a row's own features: layer norm (one group), group and instance norm, and RMS norm,
// which is not centred. y = activation(γ x̂ + β), x̂ = (x − μ) / √(σ² + ε) over each group of x [N, C].
//
// Bytes for E = N · C elements of e bytes: forward 2 E e in one kernel; backward 5 E e in two, dγ and
// dβ first, then dx (3 E e where the second read still finds x and dy in the L2 cache). A group that
// is longer than a team holds in registers is read twice, the second time from the caches.
//
// Statistics as in batch norm: what a thread has at a time is summed in float as deviations from its
// first element, then from its own mean, then added up in double as deviations from the group's
// first element. The mean is kept as two floats, shift + delta.
//
// saved [N, 3 · groups]: for each group shift, delta, 1/√(σ² + ε). Backward recomputes x̂ and the
// activation's slope from x. A vector never lies in two groups: where they are no multiple of the
// vector long, one element is taken at a time.
#include "activations.cuh"
#include "teams.cuh"

/** Which features belong together. */
struct Groups {
  int length;
  int count; // to a row
  int total; // of all rows
  bool centred;
};

/** What x̂ is made with. */
struct Standard {
  float shift;
  float delta;
  float inverse;

  /** γ x̂ + β, in the forward and in the backward pass to the same bit. */
  __device__ __forceinline__ float affine(float x, float gamma, float beta) const {
    return fmaf((x - shift) - delta, gamma * inverse, beta);
  }

  __device__ __forceinline__ float standardised(float x) const {
    return ((x - shift) - delta) * inverse;
  }
};

__device__ __forceinline__ Standard load_standard(const float *saved, int64_t group) {
  const float *from = saved + 3 * group;
  return {from[0], from[1], from[2]};
}

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

// Backward: with t = dy · activation′ and w = γ t, dβ = Σ t and dγ = Σ t x̂ over the rows, and
// dx = (w − Σ w / L − x̂ Σ w x̂ / L) / √(σ² + ε), sums over the group's L features; the first of
// them is 0 where the mean was not taken off.

/** dy := t and x := x̂, for one vector. */
template <typename A, int V>
__device__ __forceinline__ void mask_row(
    A activation,
    const Standard &standard,
    const float (&gamma)[V],
    const float (&beta)[V],
    float (&x)[V],
    float (&dy)[V]) {
  float slope[V];
#pragma unroll
  for (int j = 0; j < V; j++) {
    slope[j] = standard.affine(x[j], gamma[j], beta[j]);
    x[j] = standard.standardised(x[j]);
  }
  slopes(activation, slope);
#pragma unroll
  for (int j = 0; j < V; j++) {
    dy[j] *= slope[j];
  }
}

/** A group's features of one row in the backward pass. */
template <typename T, int V> struct BackwardRow {
  const T *dy;
  const T *x;
  T *dx;
  const float *gamma;
  const float *beta;
  int column; // of the group's first feature
  int columns;
  Standard standard;
  Team team;

  template <int R>
  __device__ __forceinline__ void
  load(int first, RawType<T, V> (&raw_dy)[R], RawType<T, V> (&raw_x)[R]) const {
    load_share<R, T, V>(dy, first, team, raw_dy);
    load_share<R, T, V>(x, first, team, raw_x);
  }

  /** w and x̂ of a vector. */
  template <typename A>
  __device__ __forceinline__ void weighted(
      A activation,
      int at,
      const RawType<T, V> &raw_dy,
      const RawType<T, V> &raw_x,
      float (&w)[V],
      float (&x_hat)[V]) const {
    float gammas[V];
    float betas[V];
    unpack(raw_dy, w);
    unpack(raw_x, x_hat);
    load_within(gamma, column + at, columns, gammas);
    load_or(0.0f, beta, column + at, columns, betas);
    mask_row(activation, standard, gammas, betas, x_hat, w);
#pragma unroll
    for (int j = 0; j < V; j++) {
      w[j] *= gammas[j];
    }
  }

  /** sums[0] += Σ w and sums[1] += Σ w x̂ of R vectors. */
  template <typename A, int R>
  __device__ __forceinline__ void
  add(A activation,
      int first,
      const RawType<T, V> (&raw_dy)[R],
      const RawType<T, V> (&raw_x)[R],
      double (&sums)[2]) const {
    float sum = 0.0f;
    float dot = 0.0f;
#pragma unroll
    for (int i = 0; i < R; i++) {
      const int at = first + i * team.step;
      if (at < team.length) {
        float w[V];
        float x_hat[V];
        weighted(activation, at, raw_dy[i], raw_x[i], w, x_hat);
#pragma unroll
        for (int j = 0; j < V; j++) {
          const bool inside = at + j < team.length;
          sum += inside ? w[j] : 0.0f;
          dot += inside ? w[j] * x_hat[j] : 0.0f;
        }
      }
    }
    sums[0] += sum;
    sums[1] += dot;
  }

  /** dx of R vectors. */
  template <typename A, int R>
  __device__ __forceinline__ void project(
      A activation,
      int first,
      const RawType<T, V> (&raw_dy)[R],
      const RawType<T, V> (&raw_x)[R],
      float mean,
      float mean_dot) const {
#pragma unroll
    for (int i = 0; i < R; i++) {
      const int at = first + i * team.step;
      if (at < team.length) {
        float w[V];
        float x_hat[V];
        weighted(activation, at, raw_dy[i], raw_x[i], w, x_hat);
#pragma unroll
        for (int j = 0; j < V; j++) {
          w[j] = ((w[j] - mean) - x_hat[j] * mean_dot) * standard.inverse;
        }
        store(dx + at, w);
      }
    }
  }

  // The slow activations: code for one vector, and nothing is kept in registers.

  template <typename A>
  __device__ __forceinline__ void add_one_by_one(A activation, double (&sums)[2]) const {
#pragma unroll 1
    for (int first = team.begin; first < team.length; first += team.step) {
      RawType<T, V> raw_dy[1];
      RawType<T, V> raw_x[1];
      load(first, raw_dy, raw_x);
      add(activation, first, raw_dy, raw_x, sums);
    }
  }

  template <typename A>
  __device__ __forceinline__ void
  project_one_by_one(A activation, float mean, float mean_dot) const {
#pragma unroll 1
    for (int first = team.begin; first < team.length; first += team.step) {
      RawType<T, V> raw_dy[1];
      RawType<T, V> raw_x[1];
      load(first, raw_dy, raw_x);
      project(activation, first, raw_dy, raw_x, mean, mean_dot);
    }
  }
};

/** Each thread reads and writes the same elements: dx may be dy. */
template <typename T, int V>
__device__ __forceinline__ void row_norm_backward(
    const T *dy,
    int dy_pitch,
    const T *x,
    int x_pitch,
    const Groups &groups,
    const float *gamma,
    const float *beta,
    const float *saved,
    int activation,
    T *dx,
    int dx_pitch,
    int lanes) {
  const Team t = team<V>(lanes, groups.total, groups.length);
  const int row = t.unit / groups.count;
  const int column = t.unit % groups.count * groups.length;
  const BackwardRow<T, V> all{
      dy + at(row, dy_pitch, column),
      x + at(row, x_pitch, column),
      dx + at(row, dx_pitch, column),
      gamma,
      beta,
      column,
      groups.count * groups.length,
      load_standard(saved, t.unit),
      t};
  constexpr int R = V > 4 ? 2 : VECTORS_HELD;
  RawType<T, V> raw_dy[R];
  RawType<T, V> raw_x[R];
  double sums[2] = {};
  int held = 0;
  dispatch(activation, [&](auto a) {
    if constexpr (decltype(a)::SLOW) {
      all.add_one_by_one(a, sums);
    } else {
#pragma unroll 1
      for (int chunk = 0; chunk < groups.length; chunk += R * t.step) {
        all.load(chunk + t.begin, raw_dy, raw_x);
        all.add(a, chunk + t.begin, raw_dy, raw_x, sums);
        held = chunk;
      }
    }
  });
  sum_team(sums, t);
  const float mean = groups.centred ? static_cast<float>(sums[0] / groups.length) : 0.0f;
  const float mean_dot = static_cast<float>(sums[1] / groups.length);
  dispatch(activation, [&](auto a) {
    if constexpr (decltype(a)::SLOW) {
      all.project_one_by_one(a, mean, mean_dot);
    } else {
#pragma unroll 1
      for (int chunk = held; chunk >= 0; chunk -= R * t.step) {
        if (chunk != held) {
          all.load(chunk + t.begin, raw_dy, raw_x);
        }
        all.project(a, chunk + t.begin, raw_dy, raw_x, mean, mean_dot);
      }
    }
  });
}

/** sums[0] := Σ t and sums[1] := Σ t x̂ of a thread's columns, over its rows. */
template <typename T, int V>
__device__ __forceinline__ void add_row_gradients(
    const T *dy,
    int dy_pitch,
    const T *x,
    int x_pitch,
    const Panel &p,
    const Groups &groups,
    const float (&gamma)[V],
    const float (&beta)[V],
    const float *saved,
    int activation,
    double (&sums)[2][V]) {
  const int group = p.column / groups.length;
  dispatch(activation, [&](auto a) {
    constexpr int R = ROWS_OF<decltype(a), 2>;
#pragma unroll 1
    for (int row = p.begin; row < p.end; row += R * p.down) {
      RawType<T, V> raw_dy[R];
      RawType<T, V> raw_x[R];
      load_rows<R, T, V>(dy, dy_pitch, p, row, zeros<T, V>(), raw_dy);
      load_rows<R, T, V>(x, x_pitch, p, row, zeros<T, V>(), raw_x);
      float sum[V] = {};
      float dot[V] = {};
#pragma unroll
      for (int i = 0; i < R; i++) {
        const int own = row + i * p.down;
        if (own < p.end) {
          const Standard standard =
              load_standard(saved, static_cast<int64_t>(own) * groups.count + group);
          float t[V];
          float x_hat[V];
          unpack(raw_dy[i], t);
          unpack(raw_x[i], x_hat);
          mask_row(a, standard, gamma, beta, x_hat, t);
#pragma unroll
          for (int j = 0; j < V; j++) {
            sum[j] += t[j];
            dot[j] += t[j] * x_hat[j];
          }
        }
      }
#pragma unroll
      for (int j = 0; j < V; j++) {
        sums[0][j] += sum[j];
        sums[1][j] += dot[j];
      }
    }
  });
}

template <typename T, int V>
__device__ __forceinline__ void row_norm_sums(
    const T *dy,
    int dy_pitch,
    const T *x,
    int x_pitch,
    int rows,
    const Groups &groups,
    const float *gamma,
    const float *beta,
    const float *saved,
    int activation,
    float *d_gamma,
    float *d_beta,
    int lanes,
    int rows_per_slab,
    Scratch *scratch) {
  __shared__ double shared[SHARED_SUMS<V, 2>];
  const int columns = groups.count * groups.length;
  const Panel p = panel<V>(rows, columns, lanes, rows_per_slab, false);
  float gammas[V];
  float betas[V];
  load_within(gamma, p.column, columns, gammas);
  load_or(0.0f, beta, p.column, columns, betas);
  double sums[2][V] = {};
  add_row_gradients<T, V>(
      dy, dy_pitch, x, x_pitch, p, groups, gammas, betas, saved, activation, sums);
  double column_sums[2];
  if (!sum_slabs(sums, p, scratch, shared, column_sums)) {
    return;
  }
  const int column = blockIdx.x * lanes * V + threadIdx.x;
  if (threadIdx.x < lanes * V && column < columns) {
    d_gamma[column] = static_cast<float>(column_sums[1]);
    if (d_beta != nullptr) {
      d_beta[column] = static_cast<float>(column_sums[0]);
    }
  }
}

#define ROW_NORM_KERNELS(SUFFIX, T, V)                                                             \
  extern "C" __global__ void __launch_bounds__(THREADS) row_norm_forward_##SUFFIX(                 \
      const T *x, int x_pitch, int length, int count, int total, int centred, const float *gamma,  \
      const float *beta, double epsilon, int activation, T *y, int y_pitch, float *saved,          \
      int lanes) {                                                                                 \
    const Groups groups{length, count, total, centred != 0};                                       \
    row_norm_forward<T, V>(                                                                        \
        x, x_pitch, groups, gamma, beta, epsilon, activation, y, y_pitch, saved, lanes);           \
  }                                                                                                \
  extern "C" __global__ void __launch_bounds__(THREADS) row_norm_backward_##SUFFIX(                \
      const T *dy, int dy_pitch, const T *x, int x_pitch, int length, int count, int total,        \
      int centred, const float *gamma, const float *beta, const float *saved, int activation,      \
      T *dx, int dx_pitch, int lanes) {                                                            \
    const Groups groups{length, count, total, centred != 0};                                       \
    row_norm_backward<T, V>(                                                                       \
        dy, dy_pitch, x, x_pitch, groups, gamma, beta, saved, activation, dx, dx_pitch, lanes);    \
  }                                                                                                \
  extern "C" __global__ void __launch_bounds__(THREADS) row_norm_sums_##SUFFIX(                    \
      const T *dy, int dy_pitch, const T *x, int x_pitch, int rows, int length, int count,         \
      const float *gamma, const float *beta, const float *saved, int activation, float *d_gamma,   \
      float *d_beta, int lanes, int rows_per_slab, Scratch *scratch) {                             \
    const Groups groups{length, count, 0, false};                                                  \
    row_norm_sums<T, V>(                                                                           \
        dy, dy_pitch, x, x_pitch, rows, groups, gamma, beta, saved, activation, d_gamma, d_beta,   \
        lanes, rows_per_slab, scratch);                                                            \
  }

#ifdef EVENKEEL_BFLOAT16
ROW_NORM_KERNELS(bf16x1, bfloat16, 1)
ROW_NORM_KERNELS(bf16x8, bfloat16, 8)
#else
ROW_NORM_KERNELS(f32x1, float, 1)
ROW_NORM_KERNELS(f32x4, float, 4)
#endif
