// Moving numbers: gather, copy with conversion, sum, scaling, dropout. All bound by memory: each
// element is read once and written once.
#include "common.cuh"

/** batch[i] := table[rows[position + i]], or table[position + i] where rows is null. */
template <typename T, int V>
__device__ __forceinline__ void gather(
    const T *table,
    int table_pitch,
    const int *rows,
    const int *position,
    T *batch,
    int batch_rows,
    int columns,
    int batch_pitch,
    int lanes,
    int rows_per_slab) {
  const Panel p = panel<V>(batch_rows, columns, lanes, rows_per_slab, false);
  const int first = position == nullptr ? 0 : *position;
#pragma unroll 4
  for (int row = p.begin; row < p.end; row += p.down) {
    const int from = rows == nullptr ? first + row : rows[static_cast<int64_t>(first) + row];
    float v[V];
    unpack(load<T, V>(table + at(from, table_pitch, p.column)), v);
    store(batch + at(row, batch_pitch, p.column), v);
  }
}

template <typename From, typename To, int V>
__device__ __forceinline__ void copy(
    const From *source,
    int source_pitch,
    To *target,
    int target_pitch,
    int rows,
    int columns,
    int lanes,
    int rows_per_slab) {
  const Panel p = panel<V>(rows, columns, lanes, rows_per_slab, false);
#pragma unroll 4
  for (int row = p.begin; row < p.end; row += p.down) {
    float v[V];
    unpack(load<From, V>(source + at(row, source_pitch, p.column)), v);
    store(target + at(row, target_pitch, p.column), v);
  }
}

template <typename T, int V>
__device__ __forceinline__ void add(
    const T *a,
    int a_pitch,
    const T *b,
    int b_pitch,
    T *out,
    int out_pitch,
    int rows,
    int columns,
    int lanes,
    int rows_per_slab) {
  constexpr int R = 4;
  const Panel p = panel<V>(rows, columns, lanes, rows_per_slab, false);
  for (int row = p.begin; row < p.end; row += R * p.down) {
    RawType<T, V> raw_a[R];
    RawType<T, V> raw_b[R];
    load_rows<R, T, V>(a, a_pitch, p, row, zeros<T, V>(), raw_a);
    load_rows<R, T, V>(b, b_pitch, p, row, zeros<T, V>(), raw_b);
#pragma unroll
    for (int i = 0; i < R; i++) {
      float left[V];
      float right[V];
      unpack(raw_a[i], left);
      unpack(raw_b[i], right);
#pragma unroll
      for (int j = 0; j < V; j++) {
        left[j] += right[j];
      }
      if (row + i * p.down < p.end) {
        store(out + at(row + i * p.down, out_pitch, p.column), left);
      }
    }
  }
}

/** Philox 4×32-10 (Salmon et al. 2011), word for word as Philox.java. */
__device__ __forceinline__ void
philox(uint64_t seed, uint64_t stream, uint64_t position, unsigned *out) {
  unsigned c0 = static_cast<unsigned>(position);
  unsigned c1 = static_cast<unsigned>(position >> 32);
  unsigned c2 = static_cast<unsigned>(stream);
  unsigned c3 = static_cast<unsigned>(stream >> 32);
  unsigned key0 = static_cast<unsigned>(seed);
  unsigned key1 = static_cast<unsigned>(seed >> 32);
#pragma unroll
  for (int round = 0; round < 10; round++) {
    const uint64_t product0 = static_cast<uint64_t>(0xD2511F53u) * c0;
    const uint64_t product1 = static_cast<uint64_t>(0xCD9E8D57u) * c2;
    c0 = static_cast<unsigned>(product1 >> 32) ^ c1 ^ key0;
    c2 = static_cast<unsigned>(product0 >> 32) ^ c3 ^ key1;
    c1 = static_cast<unsigned>(product1);
    c3 = static_cast<unsigned>(product0);
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/**
 * The V words that decide over elements first, first + 1, …: word e mod 4 of block e / 4. A vector
 * may begin inside a block, so one block more than it is long, then turned to its beginning.
 */
template <int V>
__device__ __forceinline__ void
words_of(uint64_t seed, uint64_t stream, uint64_t first, unsigned (&words)[V + 4]) {
  const unsigned turn = first & 3;
#pragma unroll
  for (int block = 0; block < (V + 3) / 4; block++) {
    philox(seed, stream, first / 4 + block, words + 4 * block);
  }
  if (turn != 0) {
    if (V > 1) {
      philox(seed, stream, first / 4 + V / 4, words + V);
    }
    if (turn & 1) {
#pragma unroll
      for (int i = 0; i + 1 < V + 3; i++) {
        words[i] = words[i + 1];
      }
    }
    if (turn & 2) {
#pragma unroll
      for (int i = 0; i + 2 < V + 3; i++) {
        words[i] = words[i + 2];
      }
    }
  }
}

/** scale · x + shift, rounded twice as on the CPU. */
__device__ __forceinline__ float scaled(float x, float scale, float shift) {
  return __fadd_rn(__fmul_rn(x, scale), shift);
}

template <typename T, int V>
__device__ __forceinline__ void scale_shift(
    const T *x,
    int x_pitch,
    float scale,
    float shift,
    T *y,
    int y_pitch,
    int rows,
    int columns,
    int lanes,
    int rows_per_slab) {
  const Panel p = panel<V>(rows, columns, lanes, rows_per_slab, false);
#pragma unroll 4
  for (int row = p.begin; row < p.end; row += p.down) {
    float v[V];
    unpack(load<T, V>(x + at(row, x_pitch, p.column)), v);
#pragma unroll
    for (int j = 0; j < V; j++) {
      v[j] = scaled(v[j], scale, shift);
    }
    store(y + at(row, y_pitch, p.column), v);
  }
}

/** y := what `dropping`, which changes from step to step, makes of x by the elements' words. */
template <typename T, int V>
__device__ __forceinline__ void dropout(
    const T *x,
    int x_pitch,
    const Dropping *dropping,
    int64_t seed,
    int64_t stream,
    const int64_t *step,
    T *y,
    int y_pitch,
    int rows,
    int columns,
    int lanes,
    int rows_per_slab) {
  const Panel p = panel<V>(rows, columns, lanes, rows_per_slab, false);
  const uint64_t counter = stream + *step;
  const Dropping d = *dropping;
#pragma unroll 1
  for (int row = p.begin; row < p.end; row += p.down) {
    const RawType<T, V> raw = load<T, V>(x + at(row, x_pitch, p.column));
    unsigned words[V + 4];
    words_of<V>(seed, counter, at(row, columns, p.column), words);
    float v[V];
    unpack(raw, v);
#pragma unroll
    for (int j = 0; j < V; j++) {
      v[j] = words[j] >= d.drop_below ? scaled(v[j], d.scale, d.shift) : d.dropped;
    }
    store(y + at(row, y_pitch, p.column), v);
  }
}

/** found := 1 where any element is NaN or infinite. */
template <typename T, int V>
__device__ __forceinline__ void find_non_finite(
    const T *x, int rows, int columns, int pitch, int *found, int lanes, int rows_per_slab) {
  const Panel p = panel<V>(rows, columns, lanes, rows_per_slab, false);
  bool any = false;
#pragma unroll 4
  for (int row = p.begin; row < p.end; row += p.down) {
    float v[V];
    unpack(load<T, V>(x + at(row, pitch, p.column)), v);
#pragma unroll
    for (int j = 0; j < V; j++) {
      const bool finite = fabsf(v[j]) <= 3.4028234663852886e38f;
      any |= !finite && p.column + j < columns;
    }
  }
  if (any) {
    atomicExch(found, 1);
  }
}

#define COPY_KERNELS(SUFFIX, FROM, TO, V)                                                        \
  extern "C" __global__ void __launch_bounds__(THREADS) copy_##SUFFIX(                             \
      const FROM *source, int source_pitch, TO *target, int target_pitch, int rows, int columns,   \
      int lanes, int rows_per_slab) {                                                              \
    copy<FROM, TO, V>(                                                                             \
        source, source_pitch, target, target_pitch, rows, columns, lanes, rows_per_slab);          \
  }

#define GATHER_KERNELS(SUFFIX, T, V)                                                               \
  extern "C" __global__ void __launch_bounds__(THREADS) gather_##SUFFIX(                           \
      const T *table, int table_pitch, const int *rows, const int *position, T *batch,             \
      int batch_rows, int columns, int batch_pitch, int lanes, int rows_per_slab) {                \
    gather<T, V>(                                                                                  \
        table, table_pitch, rows, position, batch, batch_rows, columns, batch_pitch, lanes,        \
        rows_per_slab);                                                                            \
  }

#define DATA_KERNELS(SUFFIX, T, V)                                                                 \
  extern "C" __global__ void __launch_bounds__(THREADS) add_##SUFFIX(                              \
      const T *a, int a_pitch, const T *b, int b_pitch, T *out, int out_pitch, int rows,           \
      int columns, int lanes, int rows_per_slab) {                                                 \
    add<T, V>(                                                                                     \
        a, a_pitch, b, b_pitch, out, out_pitch, rows, columns, lanes, rows_per_slab);              \
  }                                                                                                \
  extern "C" __global__ void __launch_bounds__(THREADS) scale_shift_##SUFFIX(                      \
      const T *x, int x_pitch, float scale, float shift, T *y, int y_pitch, int rows,              \
      int columns, int lanes, int rows_per_slab) {                                                 \
    scale_shift<T, V>(                                                                             \
        x, x_pitch, scale, shift, y, y_pitch, rows, columns, lanes, rows_per_slab);                \
  }                                                                                                \
  extern "C" __global__ void __launch_bounds__(THREADS) dropout_##SUFFIX(                          \
      const T *x, int x_pitch, const Dropping *dropping, int64_t seed, int64_t stream,             \
      const int64_t *step, T *y, int y_pitch, int rows, int columns, int lanes,                    \
      int rows_per_slab) {                                                                         \
    dropout<T, V>(                                                                                 \
        x, x_pitch, dropping, seed, stream, step, y, y_pitch, rows, columns, lanes,                \
        rows_per_slab);                                                                            \
  }                                                                                                \
  extern "C" __global__ void __launch_bounds__(THREADS) find_non_finite_##SUFFIX(                  \
      const T *x, int rows, int columns, int pitch, int *found, int lanes, int rows_per_slab) {    \
    find_non_finite<T, V>(x, rows, columns, pitch, found, lanes, rows_per_slab);                   \
  }

#ifdef EVENKEEL_BFLOAT16
GATHER_KERNELS(bf16x8, bfloat16, 8)
COPY_KERNELS(f32_bf16x1, float, bfloat16, 1)
COPY_KERNELS(f32_bf16x4, float, bfloat16, 4)
COPY_KERNELS(bf16_f32x1, bfloat16, float, 1)
COPY_KERNELS(bf16_f32x4, bfloat16, float, 4)
COPY_KERNELS(bf16x8, bfloat16, bfloat16, 8)
DATA_KERNELS(bf16x8, bfloat16, 8)
#else
GATHER_KERNELS(f32x1, float, 1)
GATHER_KERNELS(f32x4, float, 4)
COPY_KERNELS(f32x1, float, float, 1)
COPY_KERNELS(f32x4, float, float, 4)
DATA_KERNELS(f32x1, float, 1)
DATA_KERNELS(f32x4, float, 4)
#endif
