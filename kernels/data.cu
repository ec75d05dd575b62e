// Moving numbers: gather, copy with conversion, sum, scaling, dropout. All bound by memory: each
// element is read once and written once. And the few words of a step.
#include "philox.cuh"

#include <climits>

/** Row i of a batch is row rows[position + i] of a table, or position + i where rows is null. */
struct Walk {
  const int *rows;
  int first;

  __device__ __forceinline__ Walk(const int *rows, const int *position)
      : rows(rows), first(position == nullptr ? 0 : *position) {}

  __device__ __forceinline__ int at(int row) const {
    return rows == nullptr ? first + row : rows[static_cast<int64_t>(first) + row];
  }
};

/** batch := the walk's rows of a table. */
template <typename T, int V>
__device__ __forceinline__ void gather(
    const T *table, int table_pitch, const Walk &walk, T *batch, int batch_pitch, const Panel &p) {
  constexpr int R = 4;
#pragma unroll 1
  for (int row = p.begin; row < p.end; row += R * p.down) {
    int from[R]; // all asked for at once, and then all rows
#pragma unroll
    for (int i = 0; i < R; i++) {
      from[i] = walk.at(min(row + i * p.down, p.end - 1));
    }
    RawType<T, V> raw[R];
#pragma unroll
    for (int i = 0; i < R; i++) {
      raw[i] = load<T, V>(table + at(from[i], table_pitch, p.column));
    }
#pragma unroll
    for (int i = 0; i < R; i++) {
      if (row + i * p.down < p.end) {
        float v[V];
        unpack(raw[i], v);
        store(batch + at(row + i * p.down, batch_pitch, p.column), v);
      }
    }
  }
}

/** An input of a network as a table of stored columns makes it. */
struct Input {
  int column;  // that it comes from
  float level; // its place among the levels of a category; −1: a number; −2 − k: piece k of one
  float cold;  // what it is at the least: in rows of other levels, or before the piece
  float hot;   // what it is at the most: in rows of its own level, or behind the piece

  /** What it is where its column holds this. Rounded as on the CPU, so nothing may be fused. */
  __device__ __forceinline__ float of(float stored) const {
    const float in = __fadd_rn(stored, __fadd_rn(level, 2.0f)); // the piece
    const float part = __fadd_rn(cold, __fmul_rn(__fsub_rn(hot, cold), in));
    const float piece = in <= 0.0f ? cold : in >= 1.0f ? hot : part;
    const float category = stored == level ? hot : cold;
    return level == -1.0f ? stored : level < 0.0f ? piece : category;
  }
};

/** batch := the inputs that the walk's rows of a table make. */
template <typename T, int V>
__device__ __forceinline__ void gather_inputs(
    const float *table,
    int table_pitch,
    const Input *inputs,
    const Walk &walk,
    T *batch,
    int columns,
    int batch_pitch,
    const Panel &p) {
  Input input[V];
#pragma unroll
  for (int j = 0; j < V; j++) {
    const int place = min(p.column + j, columns - 1); // padding is filled with the last input
    const float4 raw = load<float, 4>(reinterpret_cast<const float *>(inputs + place));
    input[j] = {__float_as_int(raw.x), raw.y, raw.z, raw.w};
  }
  constexpr int R = V > 4 ? 1 : 4; // more would take too many registers
#pragma unroll 1
  for (int row = p.begin; row < p.end; row += R * p.down) {
    int from[R]; // all asked for at once, and then all that is stored
#pragma unroll
    for (int i = 0; i < R; i++) {
      from[i] = walk.at(min(row + i * p.down, p.end - 1));
    }
    float stored[R][V];
#pragma unroll
    for (int i = 0; i < R; i++) {
#pragma unroll
      for (int j = 0; j < V; j++) {
        stored[i][j] = table[at(from[i], table_pitch, input[j].column)];
      }
    }
#pragma unroll
    for (int i = 0; i < R; i++) {
      if (row + i * p.down < p.end) {
        float v[V];
#pragma unroll
        for (int j = 0; j < V; j++) {
          v[j] = input[j].of(stored[i][j]);
        }
        store(batch + at(row + i * p.down, batch_pitch, p.column), v);
      }
    }
  }
}

/** Whole rows of the targets, by the threads of one panel. */
__device__ __forceinline__ void gather_whole_rows(
    const float *table,
    int table_pitch,
    const Walk &walk,
    float *batch,
    int columns,
    int batch_pitch,
    const Panel &p) {
#pragma unroll 1
  for (int row = p.begin; row < p.end; row += p.down) {
    const float *from = table + at(walk.at(row), table_pitch, 0);
    float *to = batch + at(row, batch_pitch, 0);
#pragma unroll 1
    for (int column = p.lane; column < columns; column += p.lanes) {
      to[column] = from[column];
    }
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

/** y := what dropout makes of x. */
template <typename T, int V>
__device__ __forceinline__ void dropout(
    const T *x,
    int x_pitch,
    const Drop &drop,
    T *y,
    int y_pitch,
    int rows,
    int columns,
    int lanes,
    int rows_per_slab) {
  const Panel p = panel<V>(rows, columns, lanes, rows_per_slab, false);
#pragma unroll 1
  for (int row = p.begin; row < p.end; row += p.down) {
    const RawType<T, V> raw = load<T, V>(x + at(row, x_pitch, p.column));
    const auto bits = drop.draw<1, V>(p, row);
    float v[V];
    unpack(raw, v);
    drop.forward(bits, 0, v);
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

#define COPY_KERNELS(SUFFIX, FROM, TO, V)                                                          \
  extern "C" __global__ void __launch_bounds__(THREADS) copy_##SUFFIX(                             \
      const FROM *source, int source_pitch, TO *target, int target_pitch, int rows, int columns,   \
      int lanes, int rows_per_slab) {                                                              \
    copy<FROM, TO, V>(                                                                             \
        source, source_pitch, target, target_pitch, rows, columns, lanes, rows_per_slab);          \
  }

// Where there are targets, they have one more panel of blocks, the last: few columns, float32, of
// rows that begin anywhere.
#define GATHER_PARAMETERS(T)                                                                       \
  const float *targets, int targets_pitch, const int *rows, const int *position, T *batch,         \
      int batch_rows, int columns, int batch_pitch, float *batch_targets, int target_columns,      \
      int batch_targets_pitch, int lanes, int rows_per_slab

#define GATHER_TARGETS                                                                             \
  const Walk walk(rows, position);                                                                 \
  if (targets != nullptr && blockIdx.x == gridDim.x - 1) {                                         \
    const Panel p = panel<1>(batch_rows, INT_MAX, lanes, rows_per_slab, false);                    \
    gather_whole_rows(                                                                             \
        targets, targets_pitch, walk, batch_targets, target_columns, batch_targets_pitch, p);      \
    return;                                                                                        \
  }

#define GATHER_KERNELS(SUFFIX, T, V)                                                               \
  extern "C" __global__ void __launch_bounds__(THREADS) gather_##SUFFIX(                           \
      const T *table, int table_pitch, GATHER_PARAMETERS(T)) {                                     \
    GATHER_TARGETS                                                                                 \
    const Panel p = panel<V>(batch_rows, columns, lanes, rows_per_slab, false);                    \
    gather<T, V>(table, table_pitch, walk, batch, batch_pitch, p);                                 \
  }                                                                                                \
  extern "C" __global__ void __launch_bounds__(THREADS) gather_inputs_##SUFFIX(                    \
      const float *table, int table_pitch, const Input *inputs, GATHER_PARAMETERS(T)) {            \
    GATHER_TARGETS                                                                                 \
    const Panel p = panel<V>(batch_rows, columns, lanes, rows_per_slab, false);                    \
    gather_inputs<T, V>(table, table_pitch, inputs, walk, batch, columns, batch_pitch, p);         \
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
      const T *x, int x_pitch, DROPOUT_PARAMETERS, T *y, int y_pitch, int rows, int columns,       \
      int lanes, int rows_per_slab) {                                                              \
    const Drop drop(dropping, seed, stream, step, columns);                                        \
    dropout<T, V>(x, x_pitch, drop, y, y_pitch, rows, columns, lanes, rows_per_slab);              \
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

#ifndef EVENKEEL_BFLOAT16
// Words that the launch brings along, for what changes from step to step: copying them would mean
// to wait for another engine of the GPU, before and after. And *place := *value, where there is a
// value: a loss is put aside before the next step overwrites it.
extern "C" __global__ void set_words(
    longlong2 *to,
    const float *value,
    float *place,
    long long w0,
    long long w1,
    long long w2,
    long long w3,
    long long w4,
    long long w5,
    long long w6,
    long long w7,
    long long w8,
    long long w9,
    long long w10,
    long long w11,
    long long w12,
    long long w13,
    long long w14,
    long long w15) {
  if (value != nullptr) {
    *place = *value;
  }
  to[0] = make_longlong2(w0, w1);
  to[1] = make_longlong2(w2, w3);
  to[2] = make_longlong2(w4, w5);
  to[3] = make_longlong2(w6, w7);
  to[4] = make_longlong2(w8, w9);
  to[5] = make_longlong2(w10, w11);
  to[6] = make_longlong2(w12, w13);
  to[7] = make_longlong2(w14, w15);
}
#endif
