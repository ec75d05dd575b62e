// Row norms backward, as rownorm.cuh has them. With t = dy · activation′ and w = γ t: dβ = Σ t and
// dγ = Σ t x̂ over the rows; dx = (w − Σ w / L − x̂ Σ w x̂ / L) / √(σ² + ε), sums over the group's L
// features, the first of which is 0 where the mean was not taken off.
#include "rownorm.cuh"

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
    constexpr int R = ROWS_OF<decltype(a), (V > 4 ? 2 : 4)>;
#pragma unroll 1
    for (int row = p.begin; row < p.end; row += R * p.down) {
      RawType<T, V> raw_dy[R];
      RawType<T, V> raw_x[R];
      Standard standards[R];
      load_rows<R, T, V>(dy, dy_pitch, p, row, zeros<T, V>(), raw_dy);
      // In place of rows behind the end the first one again: what is multiplied by 0 is finite. No
      // row's loads wait for another row.
#pragma unroll
      for (int i = 0; i < R; i++) {
        const int64_t own = row + i * p.down < p.end ? row + i * p.down : row;
        raw_x[i] = load<T, V>(x + own * x_pitch + p.column);
        standards[i] = load_standard(saved, own * groups.count + group);
      }
      float sum[V] = {};
      float dot[V] = {};
#pragma unroll
      for (int i = 0; i < R; i++) {
        float t[V];
        float x_hat[V];
        unpack(raw_dy[i], t);
        unpack(raw_x[i], x_hat);
        mask_row(a, standards[i], gamma, beta, x_hat, t);
#pragma unroll
        for (int j = 0; j < V; j++) {
          sum[j] += t[j];
          dot[j] += t[j] * x_hat[j];
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

#define ROW_NORM_BACKWARD_KERNELS(SUFFIX, T, V)                                                    \
  extern "C" __global__ void __launch_bounds__(THREADS) row_norm_backward_##SUFFIX(                \
      const T *dy, int dy_pitch, const T *x, int x_pitch, int length, int count, int total,        \
      int centred, const float *gamma, const float *beta, const float *saved, int activation,      \
      T *dx, int dx_pitch, int lanes) {                                                            \
    const Groups groups{length, count, total, centred != 0};                                       \
    row_norm_backward<T, V>(                                                                       \
        dy, dy_pitch, x, x_pitch, groups, gamma, beta, saved, activation, dx, dx_pitch, lanes);    \
  }                                                                                                \
  extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS_OF_ROWS<V>) row_norm_sums_##SUFFIX( \
      const T *dy, int dy_pitch, const T *x, int x_pitch, int rows, int length, int count,         \
      const float *gamma, const float *beta, const float *saved, int activation, float *d_gamma,   \
      float *d_beta, int lanes, int rows_per_slab, Scratch *scratch) {                             \
    const Groups groups{length, count, 0, false};                                                  \
    row_norm_sums<T, V>(                                                                           \
        dy, dy_pitch, x, x_pitch, rows, groups, gamma, beta, saved, activation, d_gamma, d_beta,   \
        lanes, rows_per_slab, scratch);                                                            \
  }

#ifdef EVENKEEL_BFLOAT16
ROW_NORM_BACKWARD_KERNELS(bf16x1, bfloat16, 1)
ROW_NORM_BACKWARD_KERNELS(bf16x8, bfloat16, 8)
#else
ROW_NORM_BACKWARD_KERNELS(f32x1, float, 1)
ROW_NORM_BACKWARD_KERNELS(f32x4, float, 4)
#endif
