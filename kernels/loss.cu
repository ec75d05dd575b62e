// Losses: each element's gradient, the mean of all, and the gradient of the bias before the loss, in
// one pass over outputs [N, K]. Sums are double, in an order that depends on the shape alone.
//
// A bias, where there is one, is added to what is read of the outputs, and not stored.
//
// Targets may have one column more than they need: the weights of the rows. Each row's loss and
// gradient is multiplied by its own; what the sum is divided by stays.
//
// Bytes for E = N · K elements of e bytes: 2 E e, and 4 E of targets where they are a matrix.
#include "common.cuh"

// Softmax cross-entropy. For a row with class t and weight w: loss = w Σₖ qₖ (log Σ exp(z) − zₖ),
// gradient = w (softmax(z) − q) / Σw, where q is 1 − ε + ε/K at t and ε/K elsewhere. The largest
// logit is taken off first, and its own 1 is kept out of the sum, so that a loss near 0 keeps its
// digits. A class number that is none of 0 … K − 1 makes the loss and the row's gradient NaN.

/** The class of a row, −1 for none. */
__device__ __forceinline__ int class_of(float target, int columns) {
  const int number = static_cast<int>(target);
  return number == target && number >= 0 && number < columns ? number : -1;
}

__device__ __forceinline__ double weight_of(int target, const float *class_weights) {
  if (target < 0) {
    return __longlong_as_double(0x7ff8000000000000ll);
  }
  return class_weights == nullptr ? 1.0 : class_weights[target];
}

#ifndef EVENKEEL_BFLOAT16
/** scratch.weight := Σ of the rows' class weights; 1 where that is 0. */
extern "C" __global__ void __launch_bounds__(THREADS) class_weight_total_f32x1(
    const float *targets,
    int target_pitch,
    int rows,
    int columns,
    const float *class_weights,
    Scratch *scratch) {
  double mine = 0;
  for (int row = blockIdx.x * THREADS + threadIdx.x; row < rows; row += gridDim.x * THREADS) {
    mine += weight_of(class_of(targets[at(row, target_pitch, 0)], columns), class_weights);
  }
  double sum;
  if (sum_grid(mine, scratch, sum) && threadIdx.x == 0) {
    scratch->weight = sum == 0 ? 1 : sum; // nothing counts: 0, not 0/0
  }
}
#endif

// A row belongs to a group of threads: a power of 2 up to a warp, or a whole block.

struct Maximum {
  __device__ __forceinline__ float operator()(float a, float b) const { return fmaxf(a, b); }
};

struct Sum {
  template <typename N> __device__ __forceinline__ N operator()(N a, N b) const { return a + b; }
};

/** What all threads of a group hold, combined; given to all of them. */
template <typename N, typename F>
__device__ __forceinline__ N combine(N mine, int group, F combined) {
  __shared__ N warps[WARPS];
  for (int offset = min(group, WARP) / 2; offset > 0; offset /= 2) {
    mine = combined(mine, __shfl_xor_sync(ALL_LANES, mine, offset));
  }
  if (group > WARP) {
    __syncthreads();
    if (threadIdx.x % WARP == 0) {
      warps[threadIdx.x / WARP] = mine;
    }
    __syncthreads();
    mine = warps[0];
    for (int w = 1; w < WARPS; w++) {
      mine = combined(mine, warps[w]);
    }
  }
  return mine;
}

constexpr int SLOPE = 0;
constexpr int LOSS = 1;

/**
 * Makes the mean loss and the gradient of the bias, if there is one, of what the threads have added
 * up for their columns: slopes and losses.
 */
template <int V>
__device__ __forceinline__ void finish(
    double (&sums)[2][V],
    const Panel &p,
    int columns,
    double divisor,
    float *loss,
    float *d_bias,
    Scratch *scratch) {
  __shared__ double shared[SHARED_SUMS<V, 2>];
  double column[2] = {};
  if (!sum_slabs(sums, p, scratch, shared, column)) {
    return;
  }
  const int width = p.lanes * V;
  const int place = blockIdx.x * width + threadIdx.x;
  if (d_bias != nullptr && threadIdx.x < width && place < columns) {
    d_bias[place] = static_cast<float>(column[SLOPE]);
  }
  double sum = sum_block(threadIdx.x < width ? column[LOSS] : 0.0);
  const unsigned panels = gridDim.x;
  if (panels > 1) {
    // Behind those of the slabs; one slab, of however many columns, has none.
    const int slabs = gridDim.y > 1 ? gridDim.y : 0;
    volatile double *partials =
        scratch->partials + static_cast<int64_t>(slabs) * 2 * panels * width;
    if (threadIdx.x == 0) {
      partials[blockIdx.x] = sum;
    }
    if (!is_last(&scratch->tickets[COMMON_TICKET], panels)) {
      return;
    }
    double of_panels = 0;
    for (unsigned panel = threadIdx.x; panel < panels; panel += THREADS) {
      of_panels += partials[panel];
    }
    sum = sum_block(of_panels);
  }
  if (threadIdx.x == 0) {
    *loss = static_cast<float>(sum / divisor);
  }
}

/** V logits from column k on; what lies behind the row's end has no probability. */
template <typename T, int V>
__device__ __forceinline__ void
load_logits(const T *row, const float *bias, int k, int columns, float (&z)[V]) {
  float b[V];
  load_or(0.0f, bias, k, columns, b);
  unpack(load<T, V>(row + k), z);
#pragma unroll
  for (int j = 0; j < V; j++) {
    z[j] = k + j < columns ? z[j] + b[j] : -INFINITY;
  }
}

/** @param d_bias null also where another kernel sums it, as where threads have several columns */
template <typename T, int V>
__device__ __forceinline__ void softmax(
    const T *logits,
    int rows,
    int columns,
    int pitch,
    const float *bias,
    const float *targets,
    int target_pitch,
    bool weighted,
    double smoothing,
    const float *class_weights,
    T *gradient,
    int gradient_pitch,
    float *d_bias,
    float *loss,
    int group,
    Scratch *scratch) {
  const int lane = threadIdx.x & (group - 1);
  const int rows_of_block = THREADS / group;
  const double total = class_weights == nullptr ? rows : scratch->weight;
  const double share = 1.0 / total;
  const double everywhere = smoothing / columns;
  double sums[2][V] = {};
  for (int first = blockIdx.y * rows_of_block; first < rows; first += gridDim.y * rows_of_block) {
    const int row = first + threadIdx.x / group;
    // A group without a row goes along with nothing to do: shuffles want all threads.
    const int width = row < rows ? columns : 0;
    const T *z_row = logits + at(row, pitch, 0);
    // Asked for beside the logits, and looked at behind them; by all, so that no branch waits.
    const float *targets_row = targets + at(min(row, rows - 1), target_pitch, 0);
    const float number = targets_row[0];
    float top = -INFINITY;
#pragma unroll 1
    for (int k = lane * V; k < width; k += group * V) {
      float z[V];
      load_logits<T, V>(z_row, bias, k, columns, z);
#pragma unroll
      for (int j = 0; j < V; j++) {
        top = fmaxf(top, z[j]);
      }
    }
    top = combine(top, group, Maximum{});
    double others = 0;
    double below = 0; // Σ (z − top), for smoothing
    int tops = 0;
#pragma unroll 1
    for (int k = lane * V; k < width; k += group * V) {
      float z[V];
      load_logits<T, V>(z_row, bias, k, columns, z);
#pragma unroll
      for (int j = 0; j < V; j++) {
        const float d = z[j] - top;
        if (d == 0.0f) {
          tops++;
        } else if (k + j < columns) {
          others += expf(d);
          below += smoothing > 0 ? static_cast<double>(z[j]) - top : 0.0;
        }
      }
    }
    const int target = row < rows ? class_of(number, columns) : -1;
    others = combine(others, group, Sum{});
    tops = combine(tops, group, Sum{});
    if (smoothing > 0) {
      below = combine(below, group, Sum{});
    }
    others += tops - 1;
    if (row < rows) {
      double weight = weight_of(target, class_weights);
      if (weighted) {
        weight *= targets_row[1];
      }
      const double scale = weight * share;
      const float probability = static_cast<float>(scale / (1 + others));
      const float flat = static_cast<float>(scale * everywhere);
      const float on_target = static_cast<float>(scale * (1 - smoothing));
      if (lane == 0) {
        const double log_sum = log1pf(static_cast<float>(others));
        const int k = max(target, 0);
        const float z = load_one(z_row + k) + (bias == nullptr ? 0.0f : bias[k]);
        double one = (1 - smoothing) * (log_sum - (static_cast<double>(z) - top));
        if (smoothing > 0) {
          one += everywhere * (columns * log_sum - below);
        }
        sums[LOSS][0] += weight * one;
      }
#pragma unroll 1
      for (int k = lane * V; k < width; k += group * V) {
        float z[V];
        load_logits<T, V>(z_row, bias, k, columns, z);
#pragma unroll
        for (int j = 0; j < V; j++) {
          z[j] = expf(z[j] - top) * probability - flat;
          z[j] -= k + j == target ? on_target : 0.0f;
          sums[SLOPE][j] += z[j];
        }
        store(gradient + at(row, gradient_pitch, k), z);
      }
    }
  }
  double sum;
  if (d_bias != nullptr) { // each thread has columns of its own
    Panel p = {};
    p.lanes = group;
    p.lane = lane;
    finish(sums, p, columns, total, loss, d_bias, scratch);
  } else if (sum_grid(sums[LOSS][0], scratch, sum) && threadIdx.x == 0) {
    *loss = static_cast<float>(sum / total);
  }
}

/** mean over all N·K of max(z, 0) − z t + log(1 + exp(−|z|)); slope σ(z) − t. */
struct Binary {
  __device__ __forceinline__ double operator()(float z, float t, double &slope) const {
    const float small = expf(-fabsf(z));
    const double sigmoid = (z >= 0 ? 1.0 : small) / (1.0 + small);
    slope = sigmoid - t;
    return (z > 0 ? z : 0.0) - static_cast<double>(z) * t + log1pf(small);
  }
};

enum Kind { SQUARED, ABSOLUTE, HUBER };

__device__ __forceinline__ double sign(double e) {
  return e > 0 ? 1.0 : e < 0 ? -1.0 : e; // a NaN stays one
}

/** e², |e| or Huber's mixture, which turns at delta; e = y − t. */
struct Regression {
  int kind;
  double delta;

  __device__ __forceinline__ double operator()(float y, float t, double &slope) const {
    const double e = static_cast<double>(y) - t;
    const double size = fabs(e);
    if (kind == SQUARED) {
      slope = 2 * e;
      return e * e;
    }
    if (kind == ABSOLUTE) {
      slope = sign(e);
      return size;
    }
    const bool near = size <= delta;
    slope = near ? e : delta * sign(e);
    return near ? 0.5 * e * e : delta * (size - 0.5 * delta);
  }
};

template <typename T, int V, typename Loss>
__device__ __forceinline__ void elementwise_loss(
    Loss of,
    const T *outputs,
    int rows,
    int columns,
    int pitch,
    const float *bias,
    const float *targets,
    int target_pitch,
    bool weighted,
    T *gradient,
    int gradient_pitch,
    float *d_bias,
    double divisor,
    float *loss,
    int lanes,
    int rows_per_slab,
    Scratch *scratch) {
  const Panel p = panel<V>(rows, columns, lanes, rows_per_slab, false);
  const double share = 1.0 / divisor;
  float b[V];
  load_or(0.0f, bias, p.column, columns, b);
  double sums[2][V] = {};
#pragma unroll 1
  for (int row = p.begin; row < p.end; row += p.down) {
    float y[V];
    float t[V];
    float slopes[V];
    unpack(load<T, V>(outputs + at(row, pitch, p.column)), y);
    load_within(targets + at(row, target_pitch, 0), p.column, columns, t);
    const double weight = weighted ? targets[at(row, target_pitch, columns)] : 1.0;
#pragma unroll
    for (int j = 0; j < V; j++) {
      double slope;
      const double one = of(y[j] + b[j], t[j], slope);
      sums[LOSS][j] += p.column + j < columns ? weight * one : 0.0;
      slopes[j] = static_cast<float>(weight * slope * share);
      sums[SLOPE][j] += slopes[j];
    }
    store(gradient + at(row, gradient_pitch, p.column), slopes);
  }
  finish(sums, p, columns, divisor, loss, d_bias, scratch);
}

#define LOSS_KERNELS(SUFFIX, T, V)                                                                 \
  extern "C" __global__ void __launch_bounds__(THREADS) softmax_cross_entropy_##SUFFIX(            \
      const T *logits, int rows, int columns, int pitch, const float *bias, const float *targets,  \
      int target_pitch, int weighted, double smoothing, const float *class_weights, T *gradient,   \
      int gradient_pitch, float *d_bias, float *loss, int group, Scratch *scratch) {               \
    softmax<T, V>(                                                                                 \
        logits, rows, columns, pitch, bias, targets, target_pitch, weighted != 0, smoothing,       \
        class_weights, gradient, gradient_pitch, d_bias, loss, group, scratch);                    \
  }                                                                                                \
  extern "C" __global__ void __launch_bounds__(THREADS) binary_cross_entropy_##SUFFIX(             \
      const T *logits, int rows, int columns, int pitch, const float *bias, const float *targets,  \
      int target_pitch, int weighted, T *gradient, int gradient_pitch, float *d_bias,              \
      double divisor, float *loss, int lanes, int rows_per_slab, Scratch *scratch) {               \
    elementwise_loss<T, V>(                                                                        \
        Binary{}, logits, rows, columns, pitch, bias, targets, target_pitch, weighted != 0,        \
        gradient, gradient_pitch, d_bias, divisor, loss, lanes, rows_per_slab, scratch);           \
  }                                                                                                \
  extern "C" __global__ void __launch_bounds__(THREADS) regression_loss_##SUFFIX(                  \
      int kind, double delta, const T *outputs, int rows, int columns, int pitch,                  \
      const float *bias, const float *targets, int target_pitch, int weighted, T *gradient,        \
      int gradient_pitch, float *d_bias, double divisor, float *loss, int lanes,                   \
      int rows_per_slab, Scratch *scratch) {                                                       \
    elementwise_loss<T, V>(                                                                        \
        Regression{kind, delta}, outputs, rows, columns, pitch, bias, targets, target_pitch,       \
        weighted != 0, gradient, gradient_pitch, d_bias, divisor, loss, lanes, rows_per_slab,      \
        scratch);                                                                                  \
  }

#ifdef EVENKEEL_BFLOAT16
LOSS_KERNELS(bf16x8, bfloat16, 8)
#else
LOSS_KERNELS(f32x1, float, 1)
LOSS_KERNELS(f32x4, float, 4)
#endif
