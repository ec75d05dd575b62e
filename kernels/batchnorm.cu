// Batch norm over the rows of x [N, C], as batchnorm.cuh computes it. Up to 512 rows one block has all
// rows of its columns, and one kernel does it all each way.
#include "batchnorm.cuh"

/**
 * The column whose sums a thread is given, or another one of its block: what is read of it early is
 * read by all threads, since a branch here would make the few that have one wait for it at once.
 */
template <int V> __device__ __forceinline__ int any_column(int lanes, int columns) {
  const int width = lanes * V;
  return min(static_cast<int>(blockIdx.x * width + (threadIdx.x & (width - 1))), columns - 1);
}

/** What the last block of a panel needs beside the slabs' sums is asked for together with them. */
template <typename T, int V>
__device__ __forceinline__ void statistics(
    const T *x,
    int rows,
    int columns,
    int pitch,
    double one_by_rows,
    double epsilon,
    const Running &running,
    double unbiased,
    float *saved,
    int lanes,
    Scratch *scratch) {
  __shared__ double shared[SHARED_SUMS<V, 2>];
  const Panel p = panel_in_turns<V>(rows, columns, lanes);
  double sums[2][V] = {};
  add_moments<T, V>(x, pitch, p, sums);
  double column_sums[2];
  sum_rows(sums, p, shared, column_sums);
  const int any = any_column<V>(lanes, columns);
  Running::Old old;
  float origin;
  const auto ask = [&]() {
    old = running.old(any);
    origin = load_one(x + any);
  };
  if (!merge_slabs<V>(p, scratch, shared, column_sums, ask)) {
    return;
  }
  __syncthreads(); // all have read what some write now
  const int column = blockIdx.x * lanes * V + threadIdx.x;
  if (threadIdx.x < lanes * V && column < columns) {
    const Moments batch(origin, column_sums, one_by_rows);
    const SavedColumn mine(batch, epsilon, running.variance == nullptr);
    mine.write(saved, columns, column);
    running.move(old, mine.mean(), batch.variance * unbiased, column);
  }
  running.count_batch(old, scratch);
}

/**
 * Like `statistics`, but one block has all rows, and goes on to y. A small network waits for each
 * of these kernels: what is known before the sums is asked for before them, and what the block
 * makes itself stays in it.
 */
template <typename T, int V, typename D>
__device__ __forceinline__ void forward_panel(
    const T *x,
    int rows,
    int columns,
    int x_pitch,
    const float *gamma,
    const float *beta,
    double one_by_rows,
    double epsilon,
    const Running &running,
    double unbiased,
    float *saved,
    int activation,
    const D &d,
    T *y,
    int y_pitch,
    int lanes,
    Scratch *scratch) {
  __shared__ double shared[SHARED_SUMS<V, 2>];
  __shared__ Kept<V> kept;
  const Panel p = panel<V>(rows, columns, lanes, rows, false);
  const int column = blockIdx.x * lanes * V + threadIdx.x;
  const bool has_column = threadIdx.x < lanes * V && column < columns;
  const int any = any_column<V>(lanes, columns);
  const Running::Old old = running.old(any);
  const float origin = load_one(x + any);
  Affine<V> affine;
  affine.load_learned(gamma, beta, p.column, columns);
  double sums[2][V] = {};
  add_moments<T, V>(x, x_pitch, p, sums);
  double column_sums[2];
  sum_rows(sums, p, shared, column_sums);
  if (has_column) {
    const Moments batch(origin, column_sums, one_by_rows);
    const SavedColumn mine(batch, epsilon, running.variance == nullptr);
    mine.keep(kept);
    mine.write(saved, columns, column);
    running.move(old, mine.mean(), batch.variance * unbiased, column);
  } else if (threadIdx.x < lanes * V) {
    SavedColumn{}.keep(kept);
  }
  __syncthreads();
  kept.give(p, affine);
  apply_rows<T, V>(x, x_pitch, y, y_pitch, p, affine, activation, d);
  running.count_batch(old, scratch);
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
    double epsilon,
    int activation,
    T *y,
    int y_pitch,
    int lanes,
    int rows_per_slab) {
  const Panel p = panel<V>(rows, columns, lanes, rows_per_slab, false);
  Affine<V> affine;
  load_or(1.0f, gamma, p.column, columns, affine.gamma);
  load_within(beta, p.column, columns, affine.beta);
  load_within(mean, p.column, columns, affine.shift);
  load_or(1.0f, variance, p.column, columns, affine.inverse);
#pragma unroll
  for (int j = 0; j < V; j++) {
    // γ/√(σ² + ε) is rounded once, and stands where γ times 1 is taken.
    if (variance != nullptr) {
      affine.gamma[j] = static_cast<float>(affine.gamma[j] / sqrt(affine.inverse[j] + epsilon));
    }
    affine.inverse[j] = 1.0f;
    affine.delta[j] = 0.0f;
  }
  apply_rows<T, V>(x, x_pitch, y, y_pitch, p, affine, activation, KeepAll());
}

/** dβ and dγ. */
template <typename T, int V, typename D>
__device__ __forceinline__ void reduce(
    const T *dy,
    int dy_pitch,
    const T *x,
    int x_pitch,
    int columns,
    const Panel &p,
    const Affine<V> &affine,
    int activation,
    const D &d,
    float *d_gamma,
    float *d_beta,
    Scratch *scratch) {
  __shared__ double shared[SHARED_SUMS<V, 2>];
  double sums[2][V] = {};
  add_gradients<T, V>(dy, dy_pitch, x, x_pitch, p, affine, activation, d, sums);
  double column_sums[2];
  if (!sum_slabs(sums, p, scratch, shared, column_sums)) {
    return;
  }
  const int column = blockIdx.x * p.lanes * V + threadIdx.x;
  if (threadIdx.x < p.lanes * V && column < columns) {
    d_beta[column] = static_cast<float>(column_sums[0]);
    if (d_gamma != nullptr) {
      d_gamma[column] = static_cast<float>(column_sums[1]);
    }
  }
}

/** dβ, dγ and dx where one block has all rows: what it makes itself stays in it. */
template <typename T, int V, typename D>
__device__ __forceinline__ void backward_panel(
    const T *dy,
    int dy_pitch,
    const T *x,
    int x_pitch,
    int columns,
    const Panel &p,
    const Affine<V> &affine,
    int activation,
    const D &d,
    float *d_gamma,
    float *d_beta,
    T *dx,
    int dx_pitch,
    double one_by_rows) {
  __shared__ double shared[SHARED_SUMS<V, 2>];
  __shared__ OwnGradients<V> own;
  double sums[2][V] = {};
  add_gradients<T, V>(dy, dy_pitch, x, x_pitch, p, affine, activation, d, sums);
  double column_sums[2];
  sum_rows(sums, p, shared, column_sums);
  if (threadIdx.x < p.lanes * V) {
    own.keep(column_sums, d_gamma != nullptr);
    const int column = blockIdx.x * p.lanes * V + threadIdx.x;
    if (column < columns) {
      d_beta[column] = own.beta[threadIdx.x];
      if (d_gamma != nullptr) {
        d_gamma[column] = own.gamma[threadIdx.x];
      }
    }
  }
  __syncthreads();
  float d_gammas[V];
  float d_betas[V];
  own.give(p, d_gammas, d_betas);
  project_rows<T, V>(
      dy, dy_pitch, x, x_pitch, dx, dx_pitch, p, affine, d_gammas, d_betas, one_by_rows,
      activation, d);
}

#define BATCH_NORM_KERNELS(SUFFIX, T, V)                                                           \
  extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS_OF_SUMS) bn_statistics_##SUFFIX(    \
      const T *x, int rows, int columns, int pitch, double one_by_rows, double epsilon,            \
      float *running_mean, float *running_variance, float *count, double weight, double unbiased,  \
      float *saved, int lanes, Scratch *scratch) {                                                 \
    const Running running{running_mean, running_variance, count, weight};                          \
    statistics<T, V>(                                                                              \
        x, rows, columns, pitch, one_by_rows, epsilon, running, unbiased, saved, lanes, scratch);  \
  }                                                                                                \
  extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS_OF_ROWS<V>) bn_inference_##SUFFIX(  \
      const T *x, int rows, int columns, int x_pitch, const float *gamma, const float *beta,       \
      const float *mean, const float *variance, double epsilon, int activation, T *y, int y_pitch, \
      int lanes, int rows_per_slab) {                                                              \
    inference<T, V>(                                                                               \
        x, rows, columns, x_pitch, gamma, beta, mean, variance, epsilon, activation, y, y_pitch,   \
        lanes, rows_per_slab);                                                                     \
  }                                                                                                \
  extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS_OF_SUMS) column_statistics_##SUFFIX(\
      const T *x, int rows, int columns, int pitch, float *mean, float *variance, int lanes,       \
      Scratch *scratch) {                                                                          \
    __shared__ double shared[SHARED_SUMS<V, 2>];                                                   \
    const Panel p = panel_in_turns<V>(rows, columns, lanes);                                       \
    double sums[2][V] = {};                                                                        \
    add_moments<T, V>(x, pitch, p, sums);                                                          \
    double column_sums[2];                                                                         \
    if (!sum_slabs(sums, p, scratch, shared, column_sums)) {                                       \
      return;                                                                                      \
    }                                                                                              \
    const int column = blockIdx.x * lanes * V + threadIdx.x;                                       \
    if (threadIdx.x < lanes * V && column < columns) {                                             \
      const Moments all(load_one(x + column), column_sums, 1.0 / rows);                            \
      mean[column] = static_cast<float>(all.mean);                                                 \
      variance[column] = static_cast<float>(all.variance);                                         \
    }                                                                                              \
  }

/** Those that may drop: D is KeepAll, or Drop. */
#define TRAINING_KERNELS(SUFFIX, T, V, D)                                                          \
  extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS_OF_ROWS<V>) bn_apply_##SUFFIX(      \
      const T *x, int rows, int columns, int x_pitch, const float *gamma, const float *beta,       \
      const float *saved, int activation, T *y, int y_pitch, int lanes, int rows_per_slab,         \
      DROPOUT_PARAMETERS) {                                                                        \
    const D d(dropping, seed, stream, step, columns);                                              \
    const Panel p = panel<V>(rows, columns, lanes, rows_per_slab, true);                           \
    Affine<V> affine;                                                                              \
    affine.load_affine(gamma, beta, saved, p.column, columns);                                     \
    apply_rows<T, V>(x, x_pitch, y, y_pitch, p, affine, activation, d);                            \
  }                                                                                                \
  extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS_OF_PANELS<V>) bn_forward_##SUFFIX(  \
      const T *x, int rows, int columns, int x_pitch, const float *gamma, const float *beta,       \
      double one_by_rows, double epsilon, float *running_mean, float *running_variance,            \
      float *count, double weight, double unbiased, float *saved, int activation, T *y,            \
      int y_pitch, int lanes, Scratch *scratch, DROPOUT_PARAMETERS) {                              \
    const D d(dropping, seed, stream, step, columns);                                              \
    const Running running{running_mean, running_variance, count, weight};                          \
    forward_panel<T, V>(                                                                           \
        x, rows, columns, x_pitch, gamma, beta, one_by_rows, epsilon, running, unbiased, saved,    \
        activation, d, y, y_pitch, lanes, scratch);                                                \
  }                                                                                                \
  extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS_OF_SUMS) bn_reduce_##SUFFIX(        \
      const T *dy, int dy_pitch, const T *x, int x_pitch, int rows, int columns,                   \
      const float *gamma, const float *beta, const float *saved, int activation, float *d_gamma,   \
      float *d_beta, int lanes, Scratch *scratch, DROPOUT_PARAMETERS) {                            \
    const D d(dropping, seed, stream, step, columns);                                              \
    const Panel p = panel_in_turns<V>(rows, columns, lanes);                                       \
    Affine<V> affine;                                                                              \
    affine.load_affine(gamma, beta, saved, p.column, columns);                                     \
    reduce<T, V>(                                                                                  \
        dy, dy_pitch, x, x_pitch, columns, p, affine, activation, d, d_gamma, d_beta, scratch);    \
  }                                                                                                \
  extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS_OF_ROWS<V>) bn_project_##SUFFIX(    \
      const T *dy, int dy_pitch, const T *x, int x_pitch, int rows, int columns,                   \
      const float *gamma, const float *beta, const float *saved, int activation,                   \
      const float *d_gamma, const float *d_beta, T *dx, int dx_pitch, double one_by_rows,          \
      int lanes, int rows_per_slab, DROPOUT_PARAMETERS) {                                          \
    const D d(dropping, seed, stream, step, columns);                                              \
    const Panel p = panel<V>(rows, columns, lanes, rows_per_slab, true);                           \
    Affine<V> affine;                                                                              \
    affine.load_affine(gamma, beta, saved, p.column, columns);                                     \
    float d_gammas[V];                                                                             \
    float d_betas[V];                                                                              \
    load_or(0.0f, d_gamma, p.column, columns, d_gammas);                                           \
    load_within(d_beta, p.column, columns, d_betas);                                               \
    project_rows<T, V>(                                                                            \
        dy, dy_pitch, x, x_pitch, dx, dx_pitch, p, affine, d_gammas, d_betas, one_by_rows,         \
        activation, d);                                                                            \
  }                                                                                                \
  extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS_OF_PANELS<V>) bn_backward_##SUFFIX( \
      const T *dy, int dy_pitch, const T *x, int x_pitch, int rows, int columns,                   \
      const float *gamma, const float *beta, const float *saved, int activation, float *d_gamma,   \
      float *d_beta, T *dx, int dx_pitch, double one_by_rows, int lanes, DROPOUT_PARAMETERS) {     \
    const D d(dropping, seed, stream, step, columns);                                              \
    const Panel p = panel<V>(rows, columns, lanes, rows, false);                                   \
    Affine<V> affine;                                                                              \
    affine.load_affine(gamma, beta, saved, p.column, columns);                                     \
    backward_panel<T, V>(                                                                          \
        dy, dy_pitch, x, x_pitch, columns, p, affine, activation, d, d_gamma, d_beta, dx,          \
        dx_pitch, one_by_rows);                                                                    \
  }

#if defined(EVENKEEL_DROPOUT) && defined(EVENKEEL_BFLOAT16)
TRAINING_KERNELS(dropout_bf16x8, bfloat16, 8, Drop)
#elif defined(EVENKEEL_DROPOUT)
TRAINING_KERNELS(dropout_f32x1, float, 1, Drop)
TRAINING_KERNELS(dropout_f32x4, float, 4, Drop)
#elif defined(EVENKEEL_BFLOAT16)
BATCH_NORM_KERNELS(bf16x8, bfloat16, 8)
TRAINING_KERNELS(bf16x8, bfloat16, 8, KeepAll)
#else
BATCH_NORM_KERNELS(f32x1, float, 1)
BATCH_NORM_KERNELS(f32x4, float, 4)
TRAINING_KERNELS(f32x1, float, 1, KeepAll)
TRAINING_KERNELS(f32x4, float, 4, KeepAll)
#endif
