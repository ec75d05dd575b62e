// Ghost batch norm: batch norm of x [N, C] over groups of its rows, each by statistics of its own.
// Group g of G begins at row N g / G.
//
// A block has all rows of its columns for one group after another (blockIdx.y: a slab of groups), so
// it is one kernel each way. Bytes as in batch norm of up to 512 rows: the second read of a group
// comes from the L1 or L2 cache.
//
// saved [3 · G, C]: shift, delta, 1/√(σ² + ε) of each group. The running statistics move once, by the
// average over the groups; dγ and dβ are sums over the groups.
#include "batchnorm.cuh"

/** Which rows a group has. */
struct Ghosts {
  int rows;
  int count;
  int per_slab;

  __device__ __forceinline__ int first_row(int group) const {
    return static_cast<int>(static_cast<int64_t>(rows) * group / count);
  }

  __device__ __forceinline__ int begin() const { return blockIdx.y * per_slab; }

  __device__ __forceinline__ int end() const { return min(count, begin() + per_slab); }
};

/** A thread's columns, and which of a group's rows it has. */
template <int V>
__device__ __forceinline__ Panel ghost_panel(int rows, int columns, int lanes) {
  Panel p = panel<V>(rows, columns, lanes, rows, false);
  p.begin = threadIdx.x / lanes;
  p.end = p.column < columns ? rows : p.begin;
  return p;
}

template <typename T, int V, typename D>
__device__ __forceinline__ void ghost_forward(
    const T *x,
    int columns,
    int x_pitch,
    const Ghosts &ghosts,
    const float *gamma,
    const float *beta,
    double epsilon,
    const Running &running,
    bool unbiased,
    float *saved,
    int activation,
    const D &d,
    T *y,
    int y_pitch,
    int lanes,
    Scratch *scratch) {
  __shared__ double shared[SHARED_SUMS<V, 2>];
  __shared__ Kept<V> kept;
  const int width = lanes * V;
  const int column = blockIdx.x * width + threadIdx.x;
  const bool has_column = threadIdx.x < width && column < columns;
  if (threadIdx.x < width) {
    SavedColumn{}.keep(kept);
  }
  double merged[2] = {}; // of its column: Σ μ and Σ σ² over the groups
#pragma unroll 1
  for (int group = ghosts.begin(); group < ghosts.end(); group++) {
    const int first = ghosts.first_row(group);
    const int rows = ghosts.first_row(group + 1) - first;
    const double one_by_rows = 1.0 / rows; // before the sums are known
    const T *own = x + at(first, x_pitch, 0);
    const Panel p = ghost_panel<V>(rows, columns, lanes);
    double sums[2][V] = {};
    add_moments<T, V>(own, x_pitch, p, sums);
    double column_sums[2];
    sum_rows(sums, p, shared, column_sums);
    if (has_column) {
      const Moments batch(load_one(own + column), column_sums, one_by_rows);
      const SavedColumn mine(batch, epsilon, running.variance == nullptr);
      mine.keep(kept);
      mine.write(saved + 3 * at(group, columns, 0), columns, column);
      merged[0] += mine.mean();
      merged[1] += batch.variance * (unbiased && rows > 1 ? rows / (rows - 1.0) : 1.0);
    }
    __syncthreads();
    Affine<V> affine;
    affine.load_learned(gamma, beta, p.column, columns);
    kept.give(p, affine);
    apply_rows<T, V>(
        own, x_pitch, y + at(first, y_pitch, 0), y_pitch, p, affine, activation, d.below(first));
  }
  const Panel p = ghost_panel<V>(ghosts.rows, columns, lanes);
  if (!merge_slabs<V>(p, scratch, shared, merged)) {
    return;
  }
  Running::Old old = {};
  if (has_column) {
    old = running.old(column);
    running.move(old, merged[0] / ghosts.count, merged[1] / ghosts.count, column);
  }
  running.count_batch(old, scratch);
}

template <typename T, int V, typename D>
__device__ __forceinline__ void ghost_backward(
    const T *dy,
    int dy_pitch,
    const T *x,
    int x_pitch,
    int columns,
    const Ghosts &ghosts,
    const float *gamma,
    const float *beta,
    const float *saved,
    int activation,
    const D &d,
    float *d_gamma,
    float *d_beta,
    T *dx,
    int dx_pitch,
    int lanes,
    Scratch *scratch) {
  __shared__ double shared[SHARED_SUMS<V, 2>];
  __shared__ OwnGradients<V> own; // of one group
  const int width = lanes * V;
  const int column = blockIdx.x * width + threadIdx.x;
  double merged[2] = {}; // of its column: dβ and dγ
#pragma unroll 1
  for (int group = ghosts.begin(); group < ghosts.end(); group++) {
    const int first = ghosts.first_row(group);
    const int rows = ghosts.first_row(group + 1) - first;
    const T *group_dy = dy + at(first, dy_pitch, 0);
    const T *group_x = x + at(first, x_pitch, 0);
    const Panel p = ghost_panel<V>(rows, columns, lanes);
    Affine<V> affine;
    affine.load_affine(gamma, beta, saved + 3 * at(group, columns, 0), p.column, columns);
    double sums[2][V] = {};
    const D group_d = d.below(first);
    add_gradients<T, V>(
        group_dy, dy_pitch, group_x, x_pitch, p, affine, activation, group_d, sums);
    double column_sums[2];
    sum_rows(sums, p, shared, column_sums);
    if (threadIdx.x < width) {
      merged[0] += column_sums[0];
      merged[1] += column_sums[1];
      own.keep(column_sums, d_gamma != nullptr);
    }
    __syncthreads();
    float d_gammas[V];
    float d_betas[V];
    own.give(p, d_gammas, d_betas);
    project_rows<T, V>(
        group_dy, dy_pitch, group_x, x_pitch, dx + at(first, dx_pitch, 0), dx_pitch, p, affine,
        d_gammas, d_betas, 1.0 / rows, activation, group_d);
  }
  const Panel p = ghost_panel<V>(ghosts.rows, columns, lanes);
  if (!merge_slabs<V>(p, scratch, shared, merged)) {
    return;
  }
  if (threadIdx.x < width && column < columns) {
    d_beta[column] = static_cast<float>(merged[0]);
    if (d_gamma != nullptr) {
      d_gamma[column] = static_cast<float>(merged[1]);
    }
  }
}

/** D is KeepAll, or Drop. */
#define GHOST_NORM_KERNELS(SUFFIX, T, V, D)                                                        \
  extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS_OF_PANELS<V>) bn_ghost_forward_##SUFFIX(\
      const T *x, int rows, int columns, int x_pitch, int count, int per_slab, const float *gamma, \
      const float *beta, double epsilon, float *running_mean, float *running_variance,             \
      float *batches, double weight, int unbiased, float *saved, int activation, T *y,             \
      int y_pitch, int lanes, Scratch *scratch, DROPOUT_PARAMETERS) {                              \
    const D d(dropping, seed, stream, step, columns);                                              \
    const Running running{running_mean, running_variance, batches, weight};                        \
    const Ghosts ghosts{rows, count, per_slab};                                                    \
    ghost_forward<T, V>(                                                                           \
        x, columns, x_pitch, ghosts, gamma, beta, epsilon, running, unbiased != 0, saved,          \
        activation, d, y, y_pitch, lanes, scratch);                                                \
  }                                                                                                \
  extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS_OF_PANELS<V>) bn_ghost_backward_##SUFFIX(\
      const T *dy, int dy_pitch, const T *x, int x_pitch, int rows, int columns, int count,        \
      int per_slab, const float *gamma, const float *beta, const float *saved, int activation,     \
      float *d_gamma, float *d_beta, T *dx, int dx_pitch, int lanes, Scratch *scratch,             \
      DROPOUT_PARAMETERS) {                                                                        \
    const D d(dropping, seed, stream, step, columns);                                              \
    const Ghosts ghosts{rows, count, per_slab};                                                    \
    ghost_backward<T, V>(                                                                          \
        dy, dy_pitch, x, x_pitch, columns, ghosts, gamma, beta, saved, activation, d,              \
        d_gamma, d_beta, dx, dx_pitch, lanes, scratch);                                            \
  }

#if defined(EVENKEEL_DROPOUT) && defined(EVENKEEL_BFLOAT16)
GHOST_NORM_KERNELS(dropout_bf16x8, bfloat16, 8, Drop)
#elif defined(EVENKEEL_DROPOUT)
GHOST_NORM_KERNELS(dropout_f32x1, float, 1, Drop)
GHOST_NORM_KERNELS(dropout_f32x4, float, 4, Drop)
#elif defined(EVENKEEL_BFLOAT16)
GHOST_NORM_KERNELS(bf16x8, bfloat16, 8, KeepAll)
#else
GHOST_NORM_KERNELS(f32x1, float, 1, KeepAll)
GHOST_NORM_KERNELS(f32x4, float, 4, KeepAll)
#endif
