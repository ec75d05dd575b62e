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
// Mean-only batch norm has no γ and no running variance (both null): γ/√(σ² + ε) is 1 then.
//
// Dropout behind the activation is part of both passes and moves no bytes of its own (philox.cuh).
// Its words are drawn before rows are asked for: in flight together they would take more registers.
//
// saved [3, C]: shift, delta, 1/√(σ² + ε). Backward recomputes x̂ and the activation's slope from x.
#pragma once

#include "activations.cuh"
#include "philox.cuh"

/** Adds up to sums what `count` rows of a thread have, all R of them where they are WHOLE. */
template <bool WHOLE, int R, typename T, int V>
__device__ __forceinline__ void add_moments_of(
    const RawType<T, V> (&raw)[R], int count, const float (&origin)[V], double (&sums)[2][V]) {
  float own[V];
  float mean[V] = {};
  unpack(raw[0], own);
#pragma unroll
  for (int i = 1; i < R; i++) {
    float v[V];
    unpack(raw[i], v);
#pragma unroll
    for (int j = 0; j < V; j++) {
      mean[j] += WHOLE || i < count ? v[j] - own[j] : 0.0f;
    }
  }
  const float by_count = 1.0f / count;
  float squares[V] = {};
#pragma unroll
  for (int i = 0; i < R; i++) {
    float v[V];
    unpack(raw[i], v);
#pragma unroll
    for (int j = 0; j < V; j++) {
      const float d =
          WHOLE || i < count ? (v[j] - own[j]) - __fmul_rn(mean[j], by_count) : 0.0f;
      squares[j] += d * d;
    }
  }
#pragma unroll
  for (int j = 0; j < V; j++) {
    // The same product as above, and no fused one: what was taken off is put back. What it left of
    // the sum is the sum of the deviations.
    const float taken = __fmul_rn(mean[j], by_count);
    const double shift = static_cast<double>(own[j]) - origin[j] + taken;
    const float sum = fmaf(-static_cast<float>(count), taken, mean[j]);
    const double shifted = count * shift + sum;
    sums[0][j] += shifted;
    sums[1][j] += shift * (shifted + sum) + squares[j];
  }
}

/**
 * sums[0] := Σ (x − x[0]) and sums[1] := Σ (x − x[0])² of a thread's rows. The first ones are asked
 * for together with x[0], and the next before anything waits for what the last ones add.
 */
template <typename T, int V>
__device__ __forceinline__ void
add_moments(const T *x, int pitch, const Panel &p, double (&sums)[2][V]) {
  constexpr int R = V > 4 ? 4 : 8; // more would take too many registers
  int row = p.first<R>();
  RawType<T, V> raw[R] = {};
  load_rows<R, T, V>(x, pitch, p, row, raw);
  float origin[V];
  if (p.begin < p.end) {
    unpack(load<T, V>(x + p.column), origin);
  }
#pragma unroll 1
  while (row + (R - 1) * p.down < p.end) {
    add_moments_of<true, R, T, V>(raw, R, origin, sums);
    row += p.step<R>();
    load_rows<R, T, V>(x, pitch, p, row, raw);
  }
  if (row < p.end) {
    int count = 0; // not by a division, which would keep a small network waiting
#pragma unroll
    for (int i = 0; i < R; i++) {
      count += row + i * p.down < p.end ? 1 : 0;
    }
    add_moments_of<false, R, T, V>(raw, count, origin, sums);
  }
}

/** Mean (as a double) and biased variance from the sums of one column. */
struct Moments {
  double mean;
  double variance;

  /** Two products, since two divisions, one behind the other, would keep a small network waiting. */
  __device__ __forceinline__ Moments(float origin, const double (&sums)[2], double one_by_rows) {
    const double offset = sums[0] * one_by_rows;
    const double squares = (sums[1] - sums[0] * offset) * one_by_rows;
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

  __device__ __forceinline__ void
  load_learned(const float *gammas, const float *betas, int column, int columns) {
    load_or(1.0f, gammas, column, columns, gamma);
    load_within(betas, column, columns, beta);
  }

  __device__ __forceinline__ void load_affine(
      const float *gammas, const float *betas, const float *saved, int column, int columns) {
    load_learned(gammas, betas, column, columns);
    load_within(saved, column, columns, shift);
    load_within(saved + columns, column, columns, delta);
    load_within(saved + 2 * static_cast<int64_t>(columns), column, columns, inverse);
  }
};

/** y := activation(γ x̂ + β), and dropout of that, for a thread's rows. */
template <typename T, int V, typename D>
__device__ __forceinline__ void apply_rows(
    const T *x,
    int x_pitch,
    T *y,
    int y_pitch,
    const Panel &p,
    const Affine<V> &affine,
    int activation,
    const D &d) {
  dispatch(activation, [&](auto a) {
    constexpr int R = ROWS_OF<decltype(a), 8>;
#pragma unroll 1
    for (int row = p.begin; row < p.end; row += R * p.down) {
      const auto kept = d.template draw<R, V>(p, row);
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
        d.forward(kept, i, u);
        if (row + i * p.down < p.end) {
          store(y + at(row + i * p.down, y_pitch, p.column), u);
        }
      }
    }
  });
}

/** The running statistics, and how a training pass moves them. */
struct Running {
  float *mean;
  float *variance; // null where the mean alone is subtracted
  float *count;
  double weight; // of this batch; 0 for the plain average of all

  /** Them before this batch. */
  struct Old {
    float mean;
    float variance; // anything where there is none
    float count;    // 0 where nobody asks for it
  };

  /**
   * The count is read where it is needed, and always by the thread that counts the batch. Nothing
   * here waits for what is read: where there is no variance, something else is.
   */
  __device__ __forceinline__ Old old(int column) const {
    Old old;
    old.mean = mean[column];
    old.variance = (variance == nullptr ? mean : variance)[column];
    const bool counts = blockIdx.x == 0 && threadIdx.x == 0;
    old.count = weight == 0 || counts ? *static_cast<volatile float *>(count) : 0.0f;
    return old;
  }

  __device__ __forceinline__ void
  move(const Old &old, double batch_mean, double batch_variance, int column) const {
    const double w = weight == 0 ? 1.0 / (old.count + 1.0) : weight;
    mean[column] = static_cast<float>(w * batch_mean + (1 - w) * old.mean);
    if (variance != nullptr) {
      variance[column] = static_cast<float>(w * batch_variance + (1 - w) * old.variance);
    }
  }

  /**
   * Counts the batch: where all panels read the count, once all have, else without waiting for
   * anybody. One block of each panel must come here; its thread 0 has a column and its `old`.
   */
  __device__ __forceinline__ void count_batch(const Old &old, Scratch *scratch) const {
    const bool counts = weight == 0 ? is_last(&scratch->tickets[COMMON_TICKET], gridDim.x)
                                    : blockIdx.x == 0;
    if (counts && threadIdx.x == 0) {
      *count = old.count + 1.0f;
    }
  }
};

/** What a block needs again at once of what it saves: its own columns, in shared memory. */
template <int V> struct Kept {
  float shift[WARP * V];
  float delta[WARP * V];
  float inverse[WARP * V];

  /** A thread's V columns. */
  __device__ __forceinline__ void give(const Panel &p, Affine<V> &affine) const {
#pragma unroll
    for (int j = 0; j < V; j++) {
      affine.shift[j] = shift[p.lane * V + j];
      affine.delta[j] = delta[p.lane * V + j];
      affine.inverse[j] = inverse[p.lane * V + j];
    }
  }
};

/** The vectors that are saved, of one column. */
struct SavedColumn {
  float shift;
  float delta;
  float inverse;

  __device__ __forceinline__ SavedColumn() : shift(0.0f), delta(0.0f), inverse(0.0f) {}

  __device__ __forceinline__ SavedColumn(const Moments &batch, double epsilon, bool mean_only)
      : shift(static_cast<float>(batch.mean)),
        delta(static_cast<float>(batch.mean - shift)),
        inverse(mean_only ? 1.0f : static_cast<float>(1.0 / sqrt(batch.variance + epsilon))) {}

  /** As the vectors have it. */
  __device__ __forceinline__ double mean() const { return static_cast<double>(shift) + delta; }

  __device__ __forceinline__ void write(float *saved, int columns, int column) const {
    saved[column] = shift;
    saved[static_cast<int64_t>(columns) + column] = delta;
    saved[2 * static_cast<int64_t>(columns) + column] = inverse;
  }

  /** For thread j the j-th column of its block. */
  template <int V> __device__ __forceinline__ void keep(Kept<V> &kept) const {
    kept.shift[threadIdx.x] = shift;
    kept.delta[threadIdx.x] = delta;
    kept.inverse[threadIdx.x] = inverse;
  }
};

// Backward: with t = dy · activation′, dy being what dropout leaves of it, dβ = Σ t, dγ = Σ t x̂ and
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

/**
 * sums[0] := Σ t and sums[1] := Σ t x̂ of a thread's rows: four at a time in float, two where there
 * would not be registers for two blocks.
 */
template <typename T, int V, typename D>
__device__ __forceinline__ void add_gradients(
    const T *dy,
    int dy_pitch,
    const T *x,
    int x_pitch,
    const Panel &p,
    const Affine<V> &affine,
    int activation,
    const D &d,
    double (&sums)[2][V]) {
  constexpr int FAST = D::DROPS && V > 4 ? 2 : 4;
  dispatch(activation, [&](auto a) {
    constexpr int R = ROWS_OF<decltype(a), FAST>;
#pragma unroll 1
    for (int row = p.first<R>(); row < p.end; row += p.step<R>()) {
      const auto kept = d.template draw<R, V>(p, row);
      RawType<T, V> raw_dy[R];
      RawType<T, V> raw_x[R];
#pragma unroll
      for (int i = 0; i < R; i++) {
        const int own = row + i * p.down;
        raw_dy[i] = own < p.end ? load<T, V>(dy + at(own, dy_pitch, p.column)) : zeros<T, V>();
      }
      // In place of rows behind the end the first one again: what is multiplied by 0 is finite.
#pragma unroll
      for (int i = 0; i < R; i++) {
        const int own = row + i * p.down < p.end ? row + i * p.down : row;
        raw_x[i] = load<T, V>(x + at(own, x_pitch, p.column));
      }
      float sum[V] = {};
      float dot[V] = {};
#pragma unroll
      for (int i = 0; i < R; i++) {
        float t[V];
        float centred[V];
        unpack(raw_dy[i], t);
        unpack(raw_x[i], centred);
        d.backward(kept, i, t);
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

/** dβ and dγ of a block's own columns, in shared memory. */
template <int V> struct OwnGradients {
  float gamma[WARP * V];
  float beta[WARP * V];

  /** For thread j those of the j-th column of its block. */
  __device__ __forceinline__ void keep(const double (&sums)[2], bool has_gamma) {
    beta[threadIdx.x] = static_cast<float>(sums[0]);
    gamma[threadIdx.x] = has_gamma ? static_cast<float>(sums[1]) : 0.0f;
  }

  /** A thread's V columns. */
  __device__ __forceinline__ void
  give(const Panel &p, float (&gammas)[V], float (&betas)[V]) const {
#pragma unroll
    for (int j = 0; j < V; j++) {
      gammas[j] = gamma[p.lane * V + j];
      betas[j] = beta[p.lane * V + j];
    }
  }
};

/** dx for a thread's rows. */
template <typename T, int V, typename D>
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
    int activation,
    const D &d) {
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
      const auto kept = d.template draw<R, V>(p, row);
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
        d.backward(kept, i, t);
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
