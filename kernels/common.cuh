// What all kernels share: how a matrix is cut into panels, how elements are loaded, how sums are
// merged in an order that depends on the shape alone.
#pragma once

#include <cstdint>
#ifdef EVENKEEL_BFLOAT16
#include <cuda_bf16.h>
#endif

constexpr int THREADS = 256; // of every block
constexpr int WARP = 32;
constexpr int WARPS = THREADS / WARP;

// Blocks of a kernel that a processor has room for at once, at least: the compiler takes no more
// registers than that leaves. As many as it can do without spilling; Panels.java counts on two where
// sums are formed.
constexpr int BLOCKS_OF_SUMS = 2;
template <int V> constexpr int BLOCKS_OF_ROWS = V > 4 ? 2 : 3;
template <int V> constexpr int BLOCKS_OF_PANELS = V > 4 ? 1 : 2;

constexpr unsigned ALL_LANES = 0xffffffffu;

/** A bfloat16 in memory: the upper half of a float. */
struct bfloat16 {
  unsigned short bits;
};

// Elements: V of them in one access

template <typename T, int V> struct Raw;
template <> struct Raw<float, 1> { using Type = float; };
template <> struct Raw<float, 4> { using Type = float4; };
template <> struct Raw<bfloat16, 1> { using Type = unsigned short; };
template <> struct Raw<bfloat16, 4> { using Type = uint2; };
template <> struct Raw<bfloat16, 8> { using Type = uint4; };
template <typename T, int V> using RawType = typename Raw<T, V>::Type;

template <typename T, int V> __device__ __forceinline__ RawType<T, V> load(const T *address) {
  return *reinterpret_cast<const RawType<T, V> *>(address);
}

template <typename T, int V> __device__ __forceinline__ RawType<T, V> zeros() {
  return RawType<T, V>{};
}

__device__ __forceinline__ void unpack(float raw, float (&v)[1]) { v[0] = raw; }

__device__ __forceinline__ void unpack(const float4 &raw, float (&v)[4]) {
  v[0] = raw.x;
  v[1] = raw.y;
  v[2] = raw.z;
  v[3] = raw.w;
}

__device__ __forceinline__ void unpack(unsigned short raw, float (&v)[1]) {
  v[0] = __uint_as_float(static_cast<unsigned>(raw) << 16);
}

__device__ __forceinline__ void unpack_pair(unsigned pair, float &low, float &high) {
  low = __uint_as_float(pair << 16);
  high = __uint_as_float(pair & 0xffff0000u);
}

__device__ __forceinline__ void unpack(const uint2 &raw, float (&v)[4]) {
  unpack_pair(raw.x, v[0], v[1]);
  unpack_pair(raw.y, v[2], v[3]);
}

__device__ __forceinline__ void unpack(const uint4 &raw, float (&v)[8]) {
  unpack_pair(raw.x, v[0], v[1]);
  unpack_pair(raw.y, v[2], v[3]);
  unpack_pair(raw.z, v[4], v[5]);
  unpack_pair(raw.w, v[6], v[7]);
}

/** To the nearest bfloat16, ties to even; a NaN stays one. */
__device__ __forceinline__ unsigned short round_to_bfloat16(float value) {
  const unsigned bits = __float_as_uint(value);
  const unsigned rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  return static_cast<unsigned short>(value == value ? rounded : 0x7fffu);
}

__device__ __forceinline__ unsigned pack_pair(float low, float high) {
#ifdef EVENKEEL_BFLOAT16
  const __nv_bfloat162 pair = __floats2bfloat162_rn(low, high);
  return *reinterpret_cast<const unsigned *>(&pair);
#else
  return round_to_bfloat16(low) | static_cast<unsigned>(round_to_bfloat16(high)) << 16;
#endif
}

__device__ __forceinline__ void store(float *address, const float (&v)[1]) { *address = v[0]; }

__device__ __forceinline__ void store(float *address, const float (&v)[4]) {
  *reinterpret_cast<float4 *>(address) = make_float4(v[0], v[1], v[2], v[3]);
}

__device__ __forceinline__ void store(bfloat16 *address, const float (&v)[1]) {
  address->bits = round_to_bfloat16(v[0]);
}

__device__ __forceinline__ void store(bfloat16 *address, const float (&v)[4]) {
  *reinterpret_cast<uint2 *>(address) = make_uint2(pack_pair(v[0], v[1]), pack_pair(v[2], v[3]));
}

__device__ __forceinline__ void store(bfloat16 *address, const float (&v)[8]) {
  *reinterpret_cast<uint4 *>(address) =
      make_uint4(
          pack_pair(v[0], v[1]),
          pack_pair(v[2], v[3]),
          pack_pair(v[4], v[5]),
          pack_pair(v[6], v[7]));
}

template <int V> __device__ __forceinline__ void load_floats(const float *address, float (&v)[V]) {
  unpack(load<float, V>(address), v);
}

__device__ __forceinline__ void load_floats(const float *address, float (&v)[8]) {
  const float4 *from = reinterpret_cast<const float4 *>(address);
  const float4 a = from[0];
  const float4 b = from[1];
  v[0] = a.x; v[1] = a.y; v[2] = a.z; v[3] = a.w;
  v[4] = b.x; v[5] = b.y; v[6] = b.z; v[7] = b.w;
}

template <typename T> __device__ __forceinline__ float load_one(const T *address) {
  float v[1];
  unpack(load<T, 1>(address), v);
  return v[0];
}

/**
 * V floats of a vector that is `length` long and may begin at any float; what lies behind its end is
 * given as 0 and not touched.
 */
template <int V>
__device__ __forceinline__ void load_within(
    const float *vector, int from, int length, float (&v)[V]) {
  const float *address = vector + from;
  if (V > 1 && from + V <= length && reinterpret_cast<uintptr_t>(address) % 16 == 0) {
    load_floats(address, v);
    return;
  }
#pragma unroll
  for (int i = 0; i < V; i++) {
    v[i] = from + i < length ? address[i] : 0.0f;
  }
}

/** The same, or V times `otherwise` where there is no vector. */
template <int V>
__device__ __forceinline__ void load_or(
    float otherwise, const float *vector, int from, int length, float (&v)[V]) {
  if (vector != nullptr) {
    load_within(vector, from, length, v);
    return;
  }
#pragma unroll
  for (int i = 0; i < V; i++) {
    v[i] = otherwise;
  }
}

// Panels: a matrix is cut into panels of lanes · V columns (blockIdx.x) and slabs of rows
// (blockIdx.y). A thread has V columns for good, and every `down`-th row of the slab. Geometry comes
// from the host and depends on the shape alone, so that sums don't depend on the device.
//
// Where a second kernel reads the matrix again, the first one's slabs take rows in turn: all blocks
// go down the matrix together, and its last rows are what the L2 cache still has.

struct Panel {
  int lanes;  // threads beside each other, a power of 2
  int down;   // threads below each other
  int lane;   // this thread's place among them
  int column; // its first column
  int begin;  // its first row, of slab 0 where slabs take turns
  int end;    // of the slab's rows; begin where the thread has no column
  int slab;   // which of the `turns` that take rows in turn
  int turns;  // 1 where the slab's rows lie one below the other

  /** A thread's first row where it takes R at a time, and from there to the next R. */
  template <int R> __device__ __forceinline__ int first() const {
    return begin + slab * (R * down);
  }

  template <int R> __device__ __forceinline__ int step() const { return turns * (R * down); }
};

/** @param backwards the last slab first: what was read last is still in the L2 cache */
template <int V>
__device__ __forceinline__ Panel
panel(int rows, int columns, int lanes, int rows_per_slab, bool backwards) {
  Panel p;
  p.lanes = lanes;
  p.down = THREADS / lanes;
  p.lane = threadIdx.x & (lanes - 1);
  p.column = (blockIdx.x * lanes + p.lane) * V;
  const int slab = backwards ? gridDim.y - 1 - blockIdx.y : blockIdx.y;
  const int first = slab * rows_per_slab;
  p.begin = first + threadIdx.x / lanes;
  p.end = min(rows, first + rows_per_slab);
  p.slab = 0;
  p.turns = 1;
  if (p.column >= columns) {
    p.end = p.begin;
  }
  return p;
}

/** The same where the slabs take turns. */
template <int V>
__device__ __forceinline__ Panel panel_in_turns(int rows, int columns, int lanes) {
  Panel p = panel<V>(rows, columns, lanes, 0, false);
  p.end = p.column < columns ? rows : p.begin;
  p.slab = blockIdx.y;
  p.turns = gridDim.y;
  return p;
}

__device__ __forceinline__ int64_t at(int row, int pitch, int column) {
  return static_cast<int64_t>(row) * pitch + column;
}

/**
 * The R rows row, row + down, … of a thread, all asked for at once so that memory is kept busy. In
 * place of rows behind the end stands `otherwise`.
 */
template <int R, typename T, int V>
__device__ __forceinline__ void load_rows(
    const T *x,
    int pitch,
    const Panel &p,
    int row,
    const RawType<T, V> &otherwise,
    RawType<T, V> (&raw)[R]) {
  const T *address = x + at(row, pitch, p.column);
  const int64_t step = static_cast<int64_t>(p.down) * pitch;
#pragma unroll
  for (int i = 0; i < R; i++) {
    raw[i] = row + i * p.down < p.end ? load<T, V>(address + i * step) : otherwise;
  }
}

/** The same, where a row behind the end leaves what stands in its place. */
template <int R, typename T, int V>
__device__ __forceinline__ void
load_rows(const T *x, int pitch, const Panel &p, int row, RawType<T, V> (&raw)[R]) {
  const T *address = x + at(row, pitch, p.column);
  const int64_t step = static_cast<int64_t>(p.down) * pitch;
#pragma unroll
  for (int i = 0; i < R; i++) {
    if (row + i * p.down < p.end) {
      raw[i] = load<T, V>(address + i * step);
    }
  }
}

// Sums that are the same at every run

/** Scratch memory: tickets, one double, then partial sums. Tickets are 0 between kernels. */
struct Scratch {
  static constexpr int TICKETS = 1024;
  unsigned tickets[TICKETS];
  double weight;
  double unused[511];
  double partials[1];
};

/** The ticket of the panels together; those before it belong to one panel each. */
constexpr int COMMON_TICKET = Scratch::TICKETS - 1;

/**
 * Orders for all blocks what this thread has seen before what it does next; between two barriers one
 * thread does it for its block. One for each warp would empty the cache of others as often.
 */
__device__ __forceinline__ void fence() {
  __nv_atomic_thread_fence(__NV_ATOMIC_ACQ_REL, __NV_THREAD_SCOPE_DEVICE);
}

/**
 * Whether this block is the last of `blocks` to come here; then it sees all that the others wrote
 * before. The ticket wraps around to 0 for the next kernel.
 */
__device__ __forceinline__ bool is_last(unsigned *ticket, unsigned blocks) {
  __shared__ bool last;
  __syncthreads();
  if (threadIdx.x == 0) {
    fence();
    last = atomicInc(ticket, blocks - 1) == blocks - 1;
    fence();
  }
  __syncthreads();
  return last;
}

/** Room for `sum_rows`. */
template <int V, int Q> constexpr int SHARED_SUMS = WARPS * Q *WARP *V;

/**
 * Adds up Q quantities over the rows of a block. Thread j < lanes · V is given column j's sums in
 * `column`.
 */
template <int V, int Q>
__device__ __forceinline__ void sum_rows(
    double (&sums)[Q][V], const Panel &p, double *shared, double (&column)[Q]) {
  for (int offset = WARP / 2; offset >= p.lanes; offset /= 2) {
#pragma unroll
    for (int q = 0; q < Q; q++) {
#pragma unroll
      for (int v = 0; v < V; v++) {
        sums[q][v] += __shfl_xor_sync(ALL_LANES, sums[q][v], offset);
      }
    }
  }
  const int width = p.lanes * V;
  const int warp = threadIdx.x / WARP;
  if (threadIdx.x % WARP < p.lanes) {
#pragma unroll
    for (int q = 0; q < Q; q++) {
#pragma unroll
      for (int v = 0; v < V; v++) {
        shared[(warp * Q + q) * width + p.lane * V + v] = sums[q][v];
      }
    }
  }
  __syncthreads();
  if (threadIdx.x < width) {
#pragma unroll
    for (int q = 0; q < Q; q++) {
      double sum = 0;
#pragma unroll
      for (int w = 0; w < WARPS; w++) {
        sum += shared[(w * Q + q) * width + threadIdx.x];
      }
      column[q] = sum;
    }
  }
}

struct Nothing {
  __device__ __forceinline__ void operator()() const {}
};

/**
 * Adds up what thread j < lanes · V has of column j, over the slabs. True in one block of each panel,
 * the last one to finish, where these threads are given the sums. It calls `also` before: what that
 * asks memory for comes together with what the slabs left.
 */
template <int V, int Q, typename F = Nothing>
__device__ __forceinline__ bool merge_slabs(
    const Panel &p, Scratch *scratch, double *shared, double (&column)[Q], F also = F()) {
  const int slabs = gridDim.y;
  if (slabs == 1) {
    also();
    return true;
  }
  const int width = p.lanes * V;
  const int64_t all = static_cast<int64_t>(gridDim.x) * width;
  volatile double *partials = scratch->partials + static_cast<int64_t>(blockIdx.x) * width;
  if (threadIdx.x < width) {
#pragma unroll
    for (int q = 0; q < Q; q++) {
      partials[(static_cast<int64_t>(blockIdx.y) * Q + q) * all + threadIdx.x] = column[q];
    }
  }
  if (!is_last(&scratch->tickets[blockIdx.x], slabs)) {
    return false;
  }
  also();
  // Neighbours read what lies side by side, and a thread asks for several slabs at once: one block
  // does this while all others are done.
  constexpr int R = 8;
  const int own = threadIdx.x & (width - 1);
  const int sides = THREADS / width;
  double sums[Q] = {};
#pragma unroll 1
  for (int slab = threadIdx.x / width; slab < slabs; slab += R * sides) {
    double parts[R][Q];
#pragma unroll
    for (int i = 0; i < R; i++) {
      const int from = slab + i * sides;
#pragma unroll
      for (int q = 0; q < Q; q++) {
        parts[i][q] =
            from < slabs ? partials[(static_cast<int64_t>(from) * Q + q) * all + own] : 0.0;
      }
    }
#pragma unroll
    for (int i = 0; i < R; i++) {
#pragma unroll
      for (int q = 0; q < Q; q++) {
        sums[q] += parts[i][q];
      }
    }
  }
#pragma unroll
  for (int q = 0; q < Q; q++) {
    shared[q * THREADS + threadIdx.x] = sums[q];
  }
  __syncthreads();
  if (threadIdx.x < width) {
#pragma unroll
    for (int q = 0; q < Q; q++) {
      double sum = 0;
      for (int side = 0; side < sides; side++) {
        sum += shared[q * THREADS + side * width + threadIdx.x];
      }
      column[q] = sum;
    }
  }
  return true;
}

/**
 * Adds up Q quantities over all rows of the matrix. True in one block of each panel, the last one to
 * finish, where thread j < lanes · V is given column j's sums.
 */
template <int V, int Q>
__device__ __forceinline__ bool sum_slabs(
    double (&sums)[Q][V], const Panel &p, Scratch *scratch, double *shared, double (&column)[Q]) {
  sum_rows(sums, p, shared, column);
  return merge_slabs<V>(p, scratch, shared, column);
}

/** Adds up one number of every thread of a block; thread 0 is given the sum. */
__device__ __forceinline__ double sum_block(double mine) {
  __shared__ double warps[WARPS];
  for (int offset = WARP / 2; offset > 0; offset /= 2) {
    mine += __shfl_xor_sync(ALL_LANES, mine, offset);
  }
  __syncthreads();
  if (threadIdx.x % WARP == 0) {
    warps[threadIdx.x / WARP] = mine;
  }
  __syncthreads();
  double sum = 0;
  for (int w = 0; w < WARPS; w++) {
    sum += warps[w];
  }
  return sum;
}

/** Adds up one number of every thread of the grid; true in one block, which is given the sum. */
__device__ __forceinline__ bool sum_grid(double mine, Scratch *scratch, double &sum) {
  const unsigned blocks = gridDim.x * gridDim.y;
  volatile double *partials = scratch->partials;
  sum = sum_block(mine);
  if (blocks == 1) {
    return true;
  }
  if (threadIdx.x == 0) {
    partials[blockIdx.y * gridDim.x + blockIdx.x] = sum;
  }
  if (!is_last(&scratch->tickets[COMMON_TICKET], blocks)) {
    return false;
  }
  double mineOfAll = 0;
  for (unsigned block = threadIdx.x; block < blocks; block += THREADS) {
    mineOfAll += partials[block];
  }
  sum = sum_block(mineOfAll);
  return true;
}
