// One optimizer step over flat parameters in one launch, the norm of the gradients, both with 16
// bytes to an access where all vectors begin at a multiple of 16.
//
// Bytes for P parameters: descent 12 P, momentum and RMSprop 20 P, Adam 28 P; 2 P more where the
// bfloat16 copy for matrix products is written along; the norm 4 P.
#include "common.cuh"

/** What all updates work on; addresses may be null as Kernels.Update says. */
struct Update {
  float *parameters;
  const float *gradients;
  bfloat16 *copy;
  int64_t count;
  int64_t decayed;
  float weight_decay;
  const float *scale;
  float *guard;
  const float *pace; // learning rate, factor on the weight decay
};

/** The numbers that an update reads from memory. */
struct Scalars {
  float scale;
  float rate;
  float weight_decay;
  bool refused; // once the guard is not finite, nothing is changed any more

  __device__ __forceinline__ explicit Scalars(const Update &update) {
    const float guarded = update.guard == nullptr ? 0.0f : *update.guard; // asked for with the rest
    scale = update.scale == nullptr ? 1.0f : *update.scale;
    rate = update.pace[0];
    weight_decay = update.weight_decay * update.pace[1];
    refused = update.guard != nullptr && is_refused(guarded, update.guard);
  }

  /** The guard's second float is read only where the first is finite, written only where not. */
  static __device__ __forceinline__ bool is_refused(float guarded, float *guard) {
    if (fabsf(guarded) <= 3.4028234663852886e38f) {
      return guard[1] != 0.0f;
    }
    if (blockIdx.x == 0 && threadIdx.x == 0) {
      guard[1] = 1.0f;
    }
    return true;
  }
};

/**
 * Moves V parameters by rule(scalars, p, g, a, b, decay), which changes p and the state a, b in
 * place. STATES of the two exist.
 */
template <int V, int STATES, typename Rule>
__device__ __forceinline__ void
step_vector(const Update &update, float *a, float *b, int64_t i, Rule rule) {
  float p[V];
  float g[V];
  float as[V] = {};
  float bs[V] = {};
  unpack(load<float, V>(update.parameters + i), p);
  unpack(load<float, V>(update.gradients + i), g);
  if (STATES > 0) {
    unpack(load<float, V>(a + i), as);
  }
  if (STATES > 1) {
    unpack(load<float, V>(b + i), bs);
  }
  const Scalars scalars(update); // behind the vectors, which need not wait for the guard
  if (scalars.refused) {
    return;
  }
#pragma unroll
  for (int j = 0; j < V; j++) {
    const float decay = i + j < update.decayed ? scalars.weight_decay : 0.0f;
    rule(scalars, p[j], scalars.scale * g[j], as[j], bs[j], decay);
  }
  store(update.parameters + i, p);
  if (STATES > 0) {
    store(a + i, as);
  }
  if (STATES > 1) {
    store(b + i, bs);
  }
  if (update.copy != nullptr) {
    store(update.copy + i, p);
  }
}

/** One vector to a thread; the last one may be shorter. */
template <int V, int STATES, typename Rule>
__device__ __forceinline__ void
step_all(const Update &update, float *a, float *b, Rule rule) {
  int64_t i = (static_cast<int64_t>(blockIdx.x) * THREADS + threadIdx.x) * V;
  if (i + V <= update.count) {
    step_vector<V, STATES>(update, a, b, i, rule);
    return;
  }
#pragma unroll 1
  for (; i < update.count; i++) {
    step_vector<1, STATES>(update, a, b, i, rule);
  }
}

template <int V> __device__ __forceinline__ void descend(const Update &update) {
  step_all<V, 0>(
      update, nullptr, nullptr,
      [&](const Scalars &s, float &p, float g, float &, float &, float decay) {
        p -= s.rate * (g + decay * p);
      });
}

template <int V>
__device__ __forceinline__ void
momentum_step(const Update &update, float *velocity, float momentum, int nesterov) {
  step_all<V, 1>(
      update, velocity, nullptr,
      [&](const Scalars &s, float &p, float g, float &v, float &, float decay) {
        const float decayed = g + decay * p;
        v = momentum * v + decayed;
        p -= s.rate * (nesterov != 0 ? decayed + momentum * v : v);
      });
}

template <int V>
__device__ __forceinline__ void
rmsprop(const Update &update, float *squares, float old, float fresh, float epsilon) {
  step_all<V, 1>(
      update, squares, nullptr,
      [&](const Scalars &s, float &p, float g, float &square, float &, float decay) {
        const float decayed = g + decay * p;
        square = old * square + fresh * decayed * decayed;
        p -= s.rate * decayed / (sqrtf(square) + epsilon);
      });
}

/** corrections: learning rate / (1 − β₁ᵗ), and 1/√(1 − β₂ᵗ), made in double by the host. */
template <int V>
__device__ __forceinline__ void
adam(const Update &update,
     float *mean,
     float *squares,
     float old_mean,
     float fresh_mean,
     float old_squares,
     float fresh_squares,
     float epsilon,
     int decoupled,
     const float *corrections) {
  const float corrected_rate = corrections[0];
  const float inverse_root = corrections[1];
  step_all<V, 2>(
      update, mean, squares,
      [&](const Scalars &s, float &p, float g, float &m, float &v, float decay) {
        const float shrink = decoupled != 0 ? s.rate * decay : 0.0f;
        const float decayed = decoupled != 0 ? g : g + decay * p;
        m = old_mean * m + fresh_mean * decayed;
        v = old_squares * v + fresh_squares * decayed * decayed;
        const float move = corrected_rate * m / (sqrtf(v) * inverse_root + epsilon);
        p -= move + shrink * p;
      });
}

/** norm := ‖g‖ and min(1, limit / ‖g‖); squares are summed in double, where 1e30 is no overflow. */
template <int V>
__device__ __forceinline__ void
clip_scale(const float *gradients, int64_t count, double limit, float *norm, Scratch *scratch) {
  const int64_t step = static_cast<int64_t>(gridDim.x) * THREADS * V;
  double mine = 0;
#pragma unroll 4
  for (int64_t i = (static_cast<int64_t>(blockIdx.x) * THREADS + threadIdx.x) * V; i < count;
       i += step) {
    float g[V];
    if (i + V <= count) {
      unpack(load<float, V>(gradients + i), g);
    } else {
#pragma unroll
      for (int j = 0; j < V; j++) {
        g[j] = i + j < count ? gradients[i + j] : 0.0f;
      }
    }
#pragma unroll
    for (int j = 0; j < V; j++) {
      mine += static_cast<double>(g[j]) * g[j];
    }
  }
  double sum;
  if (sum_grid(mine, scratch, sum) && threadIdx.x == 0) {
    const double length = sqrt(sum);
    const double ratio = limit / length;
    norm[0] = static_cast<float>(length);
    norm[1] = static_cast<float>(ratio >= 1 ? 1.0 : ratio); // a NaN stays one
  }
}

#define UPDATE_PARAMETERS                                                                          \
  float *parameters, const float *gradients, bfloat16 *copy, int64_t count, int64_t decayed,       \
      float weight_decay, const float *scale, float *guard, const float *pace

#define UPDATE                                                                                     \
  Update {                                                                                         \
    parameters, gradients, copy, count, decayed, weight_decay, scale, guard, pace                  \
  }

#define UPDATE_KERNELS(SUFFIX, V)                                                                  \
  extern "C" __global__ void __launch_bounds__(THREADS) descent_##SUFFIX(UPDATE_PARAMETERS) {      \
    descend<V>(UPDATE);                                                                            \
  }                                                                                                \
  extern "C" __global__ void __launch_bounds__(THREADS) momentum_##SUFFIX(                         \
      UPDATE_PARAMETERS, float *velocity, float momentum, int nesterov) {                          \
    momentum_step<V>(UPDATE, velocity, momentum, nesterov);                                        \
  }                                                                                                \
  extern "C" __global__ void __launch_bounds__(THREADS) rmsprop_##SUFFIX(                          \
      UPDATE_PARAMETERS, float *squares, float old_squares, float fresh_squares, float epsilon) {  \
    rmsprop<V>(UPDATE, squares, old_squares, fresh_squares, epsilon);                              \
  }                                                                                                \
  extern "C" __global__ void __launch_bounds__(THREADS) adam_##SUFFIX(                             \
      UPDATE_PARAMETERS, float *mean, float *squares, float old_mean, float fresh_mean,            \
      float old_squares, float fresh_squares, float epsilon, int decoupled,                        \
      const float *corrections) {                                                                  \
    adam<V>(                                                                                       \
        UPDATE, mean, squares, old_mean, fresh_mean, old_squares, fresh_squares, epsilon,          \
        decoupled, corrections);                                                                   \
  }                                                                                                \
  extern "C" __global__ void __launch_bounds__(THREADS) clip_scale_##SUFFIX(                       \
      const float *gradients, int64_t count, double limit, float *norm, Scratch *scratch) {        \
    clip_scale<V>(gradients, count, limit, norm, scratch);                                         \
  }

#ifndef EVENKEEL_BFLOAT16
UPDATE_KERNELS(f32x1, 1)
UPDATE_KERNELS(f32x4, 4)
#endif
