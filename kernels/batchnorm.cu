// Batch norm over the rows of x [N, C]: y = activation(γ x̂ + β), x̂ = (x − μ) / √(σ² + ε).
//
// Bytes for E = N · C elements of e bytes: forward 3 E e in two kernels (2 E e where the second read
// still finds x in the L2 cache), backward 5 E e in two (3 E e). Up to 512 rows one block has all
// rows of its columns, one kernel does it all, and the second read comes from the L1 or L2 cache.
//
// Statistics: x − x[0] is summed, and its square. A thread takes up to eight rows at a time, sums in float
// their deviations from the first of them, which are exact where it matters (a large mean cancels
// before anything is rounded, a constant column gives 0), then deviations from the mean of these rows
// and their squares (so that an outlier drowns nothing but itself), and adds up such chunks in
// double. The mean is kept as two floats, shift + delta: one would lose x̂ where the mean is 10⁵
// deviations away from 0.
//
// saved [3, C]: shift, delta, 1/√(σ² + ε). Backward recomputes x̂ and the activation's slope from x.
#include "activations.cuh"

/** sums[0] := Σ (x − x[0]) and sums[1] := Σ (x − x[0])² of a thread's rows. */
template <typename T, int V>
__device__ __forceinline__ void
add_moments(const T *x, int pitch, const Panel &p, double (&sums)[2][V]) {
  constexpr int R = V > 4 ? 4 : 8; // more would take too many registers
  float origin[V];
  if (p.begin < p.end) {
    unpack(load<T, V>(x + p.column), origin);
  }
#pragma unroll 1
  for (int row = p.begin; row < p.end; row += R * p.down) {
    const int count = min(R, (p.end - row + p.down - 1) / p.down);
    RawType<T, V> raw[R];
    const RawType<T, V> first = load<T, V>(x + at(row, pitch, p.column));
    load_rows<R, T, V>(x, pitch, p, row, first, raw);
    float own[V];
    float mean[V] = {};
    unpack(first, own);
#pragma unroll
    for (int i = 1; i < R; i++) {
      float v[V];
      unpack(raw[i], v);
#pragma unroll
      for (int j = 0; j < V; j++) {
        mean[j] += v[j] - own[j];
      }
    }
    const float by_count = 1.0f / count;
    float sum[V] = {};
    float squares[V] = {};
#pragma unroll
    for (int i = 0; i < R; i++) {
      float v[V];
      unpack(raw[i], v);
#pragma unroll
      for (int j = 0; j < V; j++) {
        const float d = i < count ? (v[j] - own[j]) - __fmul_rn(mean[j], by_count) : 0.0f;
        sum[j] += d;
        squares[j] += d * d;
      }
    }
#pragma unroll
    for (int j = 0; j < V; j++) {
      // The same product as above, and no fused one: what was taken off is put back.
      const double shift =
          static_cast<double>(own[j]) - origin[j] + __fmul_rn(mean[j], by_count);
      const double shifted = count * shift + sum[j];
      sums[0][j] += shifted;
      sums[1][j] += shift * (shifted + sum[j]) + squares[j];
    }
  }
}

/** Mean (as a double) and biased variance from the sums of one column. */
struct Moments {
  double mean;
  double variance;

  __device__ __forceinline__ Moments(float origin, const double (&sums)[2], int rows) {
    const double offset = sums[0] / rows;
    const double squares = (sums[1] - sums[0] * offset) / rows;
    mean = origin + offset;
    variance = squares < 0 ? 0 : squares; // not fmax, which would hide a NaN
  }
};

/** The coefficients of a thread's V columns. */
template <int V> struct Affine {
  float shift[V];
  float delta[V];
  float inverse[V];
  float gamma[V];
  float beta[V];

  /** x − μ. */
  __device__ __forceinline__ float centred(float x, int j) const {
    return (x - shift[j]) - delta[j];
  }

  /** γ x̂ + β, in the forward and in the backward pass to the same bit. */
  __device__ __forceinline__ float affine(float centred, int j) const {
    return fmaf(centred, gamma[j] * inverse[j], beta[j]);
  }

  __device__ __forceinline__ void load_affine(
      const float *gammas, const float *betas, const float *saved, int column, int columns) {
    load_within(gammas, column, columns, gamma);
    load_within(betas, column, columns, beta);
    load_within(saved, column, columns, shift);
    load_within(saved + columns, column, columns, delta);
    load_within(saved + 2 * static_cast<int64_t>(columns), column, columns, inverse);
  }
};

/** y := activation(γ x̂ + β) for a thread's rows. */
template <typename T, int V>
__device__ __forceinline__ void apply_rows(
    const T *x,
    int x_pitch,
    T *y,
    int y_pitch,
    const Panel &p,
    const Affine<V> &affine,
    int activation) {
  dispatch(activation, [&](auto a) {
    constexpr int R = ROWS_OF<decltype(a), 8>;
#pragma unroll 1
    for (int row = p.begin; row < p.end; row += R * p.down) {
      RawType<T, V> raw[R];
      load_rows<R, T, V>(x, x_pitch, p, row, zeros<T, V>(), raw);
#pragma unroll
      for (int i = 0; i < R; i++) {
        float u[V];
        unpack(raw[i], u);
#pragma unroll
        for (int j = 0; j < V; j++) {
          u[j] = affine.affine(affine.centred(u[j], j), j);
        }
        forward(a, u);
        if (row + i * p.down < p.end) {
          store(y + at(row + i * p.down, y_pitch, p.column), u);
        }
      }
    }
  });
}

/** What a training pass does with a column's moments: saves them and moves the running ones. */
struct Running {
  float *mean;
  float *variance;
  float *count;
  double weight;   // of this batch; 0 for the plain average of all
  double unbiased; // N / (N − 1), or 1

  __device__ __forceinline__ void
  move(const Moments &batch, float shift, float delta, int column, float seen) const {
    const double w = weight == 0 ? 1.0 / (seen + 1.0) : weight;
    const double batch_mean = static_cast<double>(shift) + delta;
    mean[column] = static_cast<float>(w * batch_mean + (1 - w) * mean[column]);
    variance[column] =
        static_cast<float>(w * (batch.variance * unbiased) + (1 - w) * variance[column]);
  }
};

/** Writes a column's saved vectors and running statistics; `column` is inside the matrix. */
template <typename T>
__device__ __forceinline__ void finish_column(
    const T *x,
    const double (&sums)[2],
    int rows,
    int columns,
    int column,
    double epsilon,
    const Running &running,
    float seen,
    float *saved) {
  const Moments batch(load_one(x + column), sums, rows);
  const float shift = static_cast<float>(batch.mean);
  const float delta = static_cast<float>(batch.mean - shift);
  saved[column] = shift;
  saved[static_cast<int64_t>(columns) + column] = delta;
  saved[2 * static_cast<int64_t>(columns) + column] =
      static_cast<float>(1.0 / sqrt(batch.variance + epsilon));
  running.move(batch, shift, delta, column, seen);
}

/** Counts the mini-batch once all panels have read the count. */
__device__ __forceinline__ void count_batch(Scratch *scratch, float *count, float seen) {
  if (is_last(&scratch->tickets[COMMON_TICKET], gridDim.x) && threadIdx.x == 0) {
    *count = seen + 1.0f;
  }
}

template <typename T, int V>
__device__ __forceinline__ void statistics(
    const T *x,
    int rows,
    int columns,
    int pitch,
    double epsilon,
    const Running &running,
    float *saved,
    int lanes,
    int rows_per_slab,
    Scratch *scratch) {
  __shared__ double shared[SHARED_SUMS<V, 2>];
  const Panel p = panel<V>(rows, columns, lanes, rows_per_slab, false);
  double sums[2][V] = {};
  add_moments<T, V>(x, pitch, p, sums);
  double column_sums[2];
  if (!sum_slabs(sums, p, scratch, shared, column_sums)) {
    return;
  }
  const float seen = *static_cast<volatile float *>(running.count);
  const int column = blockIdx.x * lanes * V + threadIdx.x;
  if (threadIdx.x < lanes * V && column < columns) {
    finish_column(x, column_sums, rows, columns, column, epsilon, running, seen, saved);
  }
  count_batch(scratch, running.count, seen);
}

/** Like `statistics`, but one block has all rows, and goes on to y. */
template <typename T, int V>
__device__ __forceinline__ void forward_panel(
    const T *x,
    int rows,
    int columns,
    int x_pitch,
    const float *gamma,
    const float *beta,
    double epsilon,
    const Running &running,
    float *saved,
    int activation,
    T *y,
    int y_pitch,
    int lanes,
    Scratch *scratch) {
  statistics<T, V>(
      x, rows, columns, x_pitch, epsilon, running, saved, lanes, rows, scratch);
  __syncthreads(); // saved was written by other threads of this block
  const Panel p = panel<V>(rows, columns, lanes, rows, false);
  Affine<V> affine;
  affine.load_affine(gamma, beta, saved, p.column, columns);
  apply_rows<T, V>(x, x_pitch, y, y_pitch, p, affine, activation);
}

template <typename T, int V>
__device__ __forceinline__ void inference(
    const T *x,
    int rows,
    int columns,
    int x_pitch,
    const float *gamma,
    const float *beta,
    const float *mean,
    const float *variance,
    float epsilon,
    int activation,
    T *y,
    int y_pitch,
    int lanes,
    int rows_per_slab) {
  const Panel p = panel<V>(rows, columns, lanes, rows_per_slab, false);
  Affine<V> affine;
  load_within(gamma, p.column, columns, affine.gamma);
  load_within(beta, p.column, columns, affine.beta);
  load_within(mean, p.column, columns, affine.shift);
  load_within(variance, p.column, columns, affine.inverse);
#pragma unroll
  for (int j = 0; j < V; j++) {
    affine.delta[j] = 0.0f;
    affine.inverse[j] = 1.0f / sqrtf(affine.inverse[j] + epsilon);
  }
  apply_rows<T, V>(x, x_pitch, y, y_pitch, p, affine, activation);
}

// Backward: with t = dy · activation′, dβ = Σ t, dγ = Σ t x̂ and
// dx = γ/√(σ² + ε) · (t − (dβ + x̂ dγ)/N).

/** dy := t, for one vector; x is left as x − μ. */
template <typename A, int V>
__device__ __forceinline__ void
mask(A activation, const Affine<V> &affine, float (&x)[V], float (&dy)[V]) {
  float slope[V];
#pragma unroll
  for (int j = 0; j < V; j++) {
    x[j] = affine.centred(x[j], j);
    slope[j] = affine.affine(x[j], j);
  }
  slopes(activation, slope);
#pragma unroll
  for (int j = 0; j < V; j++) {
    dy[j] *= slope[j];
  }
}

/** sums[0] := Σ t and sums[1] := Σ t x̂ of a thread's rows: four at a time in float. */
template <typename T, int V>
__device__ __forceinline__ void add_gradients(
    const T *dy,
    int dy_pitch,
    const T *x,
    int x_pitch,
    const Panel &p,
    const Affine<V> &affine,
    int activation,
    double (&sums)[2][V]) {
  dispatch(activation, [&](auto a) {
    constexpr int R = ROWS_OF<decltype(a), 4>;
#pragma unroll 1
    for (int row = p.begin; row < p.end; row += R * p.down) {
      RawType<T, V> raw_dy[R];
      RawType<T, V> raw_x[R];
      load_rows<R, T, V>(dy, dy_pitch, p, row, zeros<T, V>(), raw_dy);
      const RawType<T, V> first = load<T, V>(x + at(row, x_pitch, p.column));
      load_rows<R, T, V>(x, x_pitch, p, row, first, raw_x);
      float sum[V] = {};
      float dot[V] = {};
#pragma unroll
      for (int i = 0; i < R; i++) {
        float t[V];
        float centred[V];
        unpack(raw_dy[i], t);
        unpack(raw_x[i], centred);
        mask(a, affine, centred, t);
#pragma unroll
        for (int j = 0; j < V; j++) {
          sum[j] += t[j];
          dot[j] += t[j] * (centred[j] * affine.inverse[j]);
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

/** dx for a thread's rows. */
template <typename T, int V>
__device__ __forceinline__ void project_rows(
    const T *dy,
    int dy_pitch,
    const T *x,
    int x_pitch,
    T *dx,
    int dx_pitch,
    const Panel &p,
    const Affine<V> &affine,
    const float (&d_gamma)[V],
    const float (&d_beta)[V],
    double one_by_rows,
    int activation) {
  float scale[V];
  float slope[V];
  float constant[V];
#pragma unroll
  for (int j = 0; j < V; j++) {
    const double outer = static_cast<double>(affine.gamma[j]) * affine.inverse[j];
    scale[j] = static_cast<float>(outer);
    slope[j] = static_cast<float>(outer * affine.inverse[j] * d_gamma[j] * one_by_rows);
    constant[j] = static_cast<float>(outer * d_beta[j] * one_by_rows);
  }
  dispatch(activation, [&](auto a) {
    constexpr int R = ROWS_OF<decltype(a), 4>;
#pragma unroll 1
    for (int row = p.begin; row < p.end; row += R * p.down) {
      RawType<T, V> raw_dy[R];
      RawType<T, V> raw_x[R];
      load_rows<R, T, V>(dy, dy_pitch, p, row, zeros<T, V>(), raw_dy);
      load_rows<R, T, V>(x, x_pitch, p, row, zeros<T, V>(), raw_x);
#pragma unroll
      for (int i = 0; i < R; i++) {
        float t[V];
        float centred[V];
        unpack(raw_dy[i], t);
        unpack(raw_x[i], centred);
        mask(a, affine, centred, t);
#pragma unroll
        for (int j = 0; j < V; j++) {
          t[j] = scale[j] * t[j] - slope[j] * centred[j] - constant[j];
        }
        if (row + i * p.down < p.end) {
          store(dx + at(row + i * p.down, dx_pitch, p.column), t);
        }
      }
    }
  });
}

/** dβ and dγ; true in the block that has written those of its panel. */
template <typename T, int V>
__device__ __forceinline__ bool reduce(
    const T *dy,
    int dy_pitch,
    const T *x,
    int x_pitch,
    int columns,
    const Panel &p,
    const Affine<V> &affine,
    int activation,
    float *d_gamma,
    float *d_beta,
    Scratch *scratch) {
  __shared__ double shared[SHARED_SUMS<V, 2>];
  double sums[2][V] = {};
  add_gradients<T, V>(dy, dy_pitch, x, x_pitch, p, affine, activation, sums);
  double column_sums[2];
  if (!sum_slabs(sums, p, scratch, shared, column_sums)) {
    return false;
  }
  const int column = blockIdx.x * p.lanes * V + threadIdx.x;
  if (threadIdx.x < p.lanes * V && column < columns) {
    d_beta[column] = static_cast<float>(column_sums[0]);
    d_gamma[column] = static_cast<float>(column_sums[1]);
  }
  return true;
}

#define BATCH_NORM_KERNELS(SUFFIX, T, V)                                                           \
  extern "C" __global__ void __launch_bounds__(THREADS) bn_statistics_##SUFFIX(                    \
      const T *x, int rows, int columns, int pitch, double epsilon, float *running_mean,           \
      float *running_variance, float *count, double weight, double unbiased, float *saved,         \
      int lanes, int rows_per_slab, Scratch *scratch) {                                            \
    const Running running{running_mean, running_variance, count, weight, unbiased};                \
    statistics<T, V>(                                                                              \
        x, rows, columns, pitch, epsilon, running, saved, lanes, rows_per_slab, scratch);          \
  }                                                                                                \
  extern "C" __global__ void __launch_bounds__(THREADS) bn_apply_##SUFFIX(                         \
      const T *x, int rows, int columns, int x_pitch, const float *gamma, const float *beta,       \
      const float *saved, int activation, T *y, int y_pitch, int lanes, int rows_per_slab) {       \
    const Panel p = panel<V>(rows, columns, lanes, rows_per_slab, true);                           \
    Affine<V> affine;                                                                              \
    affine.load_affine(gamma, beta, saved, p.column, columns);                                     \
    apply_rows<T, V>(x, x_pitch, y, y_pitch, p, affine, activation);                               \
  }                                                                                                \
  extern "C" __global__ void __launch_bounds__(THREADS) bn_forward_##SUFFIX(                       \
      const T *x, int rows, int columns, int x_pitch, const float *gamma, const float *beta,       \
      double epsilon, float *running_mean, float *running_variance, float *count, double weight,   \
      double unbiased, float *saved, int activation, T *y, int y_pitch, int lanes,                 \
      Scratch *scratch) {                                                                          \
    const Running running{running_mean, running_variance, count, weight, unbiased};                \
    forward_panel<T, V>(                                                                           \
        x, rows, columns, x_pitch, gamma, beta, epsilon, running, saved, activation, y, y_pitch,   \
        lanes, scratch);                                                                           \
  }                                                                                                \
  extern "C" __global__ void __launch_bounds__(THREADS) bn_inference_##SUFFIX(                     \
      const T *x, int rows, int columns, int x_pitch, const float *gamma, const float *beta,       \
      const float *mean, const float *variance, float epsilon, int activation, T *y, int y_pitch,  \
      int lanes, int rows_per_slab) {                                                              \
    inference<T, V>(                                                                               \
        x, rows, columns, x_pitch, gamma, beta, mean, variance, epsilon, activation, y, y_pitch,   \
        lanes, rows_per_slab);                                                                     \
  }                                                                                                \
  extern "C" __global__ void __launch_bounds__(THREADS) bn_reduce_##SUFFIX(                        \
      const T *dy, int dy_pitch, const T *x, int x_pitch, int rows, int columns,                   \
      const float *gamma, const float *beta, const float *saved, int activation, float *d_gamma,   \
      float *d_beta, int lanes, int rows_per_slab, Scratch *scratch) {                             \
    const Panel p = panel<V>(rows, columns, lanes, rows_per_slab, false);                          \
    Affine<V> affine;                                                                              \
    affine.load_affine(gamma, beta, saved, p.column, columns);                                     \
    reduce<T, V>(                                                                                  \
        dy, dy_pitch, x, x_pitch, columns, p, affine, activation, d_gamma, d_beta, scratch);       \
  }                                                                                                \
  extern "C" __global__ void __launch_bounds__(THREADS) bn_project_##SUFFIX(                       \
      const T *dy, int dy_pitch, const T *x, int x_pitch, int rows, int columns,                   \
      const float *gamma, const float *beta, const float *saved, int activation,                   \
      const float *d_gamma, const float *d_beta, T *dx, int dx_pitch, double one_by_rows,          \
      int lanes, int rows_per_slab) {                                                              \
    const Panel p = panel<V>(rows, columns, lanes, rows_per_slab, true);                           \
    Affine<V> affine;                                                                              \
    affine.load_affine(gamma, beta, saved, p.column, columns);                                     \
    float d_gammas[V];                                                                             \
    float d_betas[V];                                                                              \
    load_within(d_gamma, p.column, columns, d_gammas);                                             \
    load_within(d_beta, p.column, columns, d_betas);                                               \
    project_rows<T, V>(                                                                            \
        dy, dy_pitch, x, x_pitch, dx, dx_pitch, p, affine, d_gammas, d_betas, one_by_rows,         \
        activation);                                                                               \
  }                                                                                                \
  extern "C" __global__ void __launch_bounds__(THREADS) bn_backward_##SUFFIX(                      \
      const T *dy, int dy_pitch, const T *x, int x_pitch, int rows, int columns,                   \
      const float *gamma, const float *beta, const float *saved, int activation, float *d_gamma,   \
      float *d_beta, T *dx, int dx_pitch, double one_by_rows, int lanes, Scratch *scratch) {       \
    const Panel p = panel<V>(rows, columns, lanes, rows, false);                                   \
    Affine<V> affine;                                                                              \
    affine.load_affine(gamma, beta, saved, p.column, columns);                                     \
    reduce<T, V>(                                                                                  \
        dy, dy_pitch, x, x_pitch, columns, p, affine, activation, d_gamma, d_beta, scratch);       \
    __syncthreads();                                                                               \
    float d_gammas[V];                                                                             \
    float d_betas[V];                                                                              \
    load_within(d_gamma, p.column, columns, d_gammas);                                             \
    load_within(d_beta, p.column, columns, d_betas);                                               \
    project_rows<T, V>(                                                                            \
        dy, dy_pitch, x, x_pitch, dx, dx_pitch, p, affine, d_gammas, d_betas, one_by_rows,         \
        activation);                                                                               \
  }                                                                                                \
  extern "C" __global__ void __launch_bounds__(THREADS) column_statistics_##SUFFIX(                \
      const T *x, int rows, int columns, int pitch, float *mean, float *variance, int lanes,       \
      int rows_per_slab, Scratch *scratch) {                                                       \
    __shared__ double shared[SHARED_SUMS<V, 2>];                                                   \
    const Panel p = panel<V>(rows, columns, lanes, rows_per_slab, false);                          \
    double sums[2][V] = {};                                                                        \
    add_moments<T, V>(x, pitch, p, sums);                                                          \
    double column_sums[2];                                                                         \
    if (!sum_slabs(sums, p, scratch, shared, column_sums)) {                                       \
      return;                                                                                      \
    }                                                                                              \
    const int column = blockIdx.x * lanes * V + threadIdx.x;                                       \
    if (threadIdx.x < lanes * V && column < columns) {                                             \
      const Moments all(load_one(x + column), column_sums, rows);                                  \
      mean[column] = static_cast<float>(all.mean);                                                 \
      variance[column] = static_cast<float>(all.variance);                                         \
    }                                                                                              \
  }

#ifdef EVENKEEL_BFLOAT16
BATCH_NORM_KERNELS(bf16x8, bfloat16, 8)
#else
BATCH_NORM_KERNELS(f32x1, float, 1)
BATCH_NORM_KERNELS(f32x4, float, 4)
#endif
