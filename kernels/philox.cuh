// Random words, and dropout as a part of whatever kernel has an element in its hands.
//
// No mask is stored. Which elements are kept is a function of (seed, stream, step, element), so the
// backward pass draws the words of the forward pass again, and every kernel, backend and vector
// width draws the same: word e mod 4 of block e / 4 decides over element e = row · columns + column.
#pragma once

#include "common.cuh"

#include <type_traits>

constexpr int ROUNDS = 10;

/** The rounds' keys: they follow from the seed alone, and are made once, before any loop. */
struct Keys {
  unsigned low[ROUNDS];
  unsigned high[ROUNDS];

  __device__ __forceinline__ explicit Keys(uint64_t seed) {
    unsigned key0 = static_cast<unsigned>(seed);
    unsigned key1 = static_cast<unsigned>(seed >> 32);
#pragma unroll
    for (int round = 0; round < ROUNDS; round++) {
      low[round] = key0;
      high[round] = key1;
      key0 += 0x9E3779B9u;
      key1 += 0xBB67AE85u;
    }
  }
};

/** Philox 4×32-10 (Salmon et al. 2011), word for word as Philox.java. */
__device__ __forceinline__ void
philox(const Keys &keys, uint64_t stream, uint64_t position, unsigned (&out)[4]) {
  unsigned c0 = static_cast<unsigned>(position);
  unsigned c1 = static_cast<unsigned>(position >> 32);
  unsigned c2 = static_cast<unsigned>(stream);
  unsigned c3 = static_cast<unsigned>(stream >> 32);
#pragma unroll
  for (int round = 0; round < ROUNDS; round++) {
    const uint64_t product0 = static_cast<uint64_t>(0xD2511F53u) * c0;
    const uint64_t product1 = static_cast<uint64_t>(0xCD9E8D57u) * c2;
    c0 = static_cast<unsigned>(product1 >> 32) ^ c1 ^ keys.low[round];
    c2 = static_cast<unsigned>(product0 >> 32) ^ c3 ^ keys.high[round];
    c1 = static_cast<unsigned>(product1);
    c3 = static_cast<unsigned>(product0);
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/** scale · x + shift, rounded twice as on the CPU. */
__device__ __forceinline__ float scaled(float x, float scale, float shift) {
  return __fadd_rn(__fmul_rn(x, scale), shift);
}

/** What a dropout does at this step, as StepScalars.dropping writes it. */
struct Dropping {
  unsigned drop_below; // what an element's word must reach for the element to be kept
  float scale;
  float shift;
  float dropped;
};

// Kernels that may drop are compiled twice, with Drop and with KeepAll: what drops nothing keeps its
// registers, and so its occupancy. Both have the same parameters.

#define DROPOUT_PARAMETERS                                                                         \
  const Dropping *dropping, int64_t seed, int64_t stream, const int64_t *step

/** Room for so many bits. */
template <int N> using Bits = std::conditional_t<(N > 32), uint64_t, unsigned>;

/** No dropout. */
struct KeepAll {
  static constexpr bool DROPS = false;
  __device__ __forceinline__ KeepAll(DROPOUT_PARAMETERS, int columns) {}
  __device__ __forceinline__ KeepAll() {}
  __device__ __forceinline__ KeepAll below(int row) const { return *this; }
  template <int R, int V> __device__ __forceinline__ unsigned draw(const Panel &p, int row) const {
    return 0;
  }
  template <int V> __device__ __forceinline__ void forward(unsigned, int, float (&)[V]) const {}
  template <int V> __device__ __forceinline__ void backward(unsigned, int, float (&)[V]) const {}
};

/** What this step's dropout does to a matrix. */
struct Drop {
  static constexpr bool DROPS = true;
  Dropping what;
  Keys keys;
  uint64_t counter;
  int columns;
  int above; // rows of the matrix above the one that the caller counts as 0

  __device__ __forceinline__ Drop(DROPOUT_PARAMETERS, int columns)
      : what(*dropping), keys(seed), counter(stream + *step), columns(columns), above(0) {}

  __device__ __forceinline__ Drop below(int row) const {
    Drop drop = *this;
    drop.above += row;
    return drop;
  }

  /** Whether elements first, first + 1, … are kept: V bits, from the lowest on. */
  template <int V> __device__ __forceinline__ unsigned keeps(uint64_t first) const {
    const unsigned turn = first & 3; // a vector may begin, and then ends, inside a block
    uint64_t block = first / 4;
    unsigned bits = 0;
    // One copy of the rounds' code, and a few registers: other warps fill the time.
#pragma unroll 1
    for (unsigned begin = 0; begin < turn + V; begin += 4, block++) {
      unsigned words[4];
      philox(keys, counter, block, words);
      unsigned four = 0;
#pragma unroll
      for (int i = 0; i < 4; i++) {
        four |= words[i] >= what.drop_below ? 1u << i : 0u;
      }
      bits |= four << begin;
    }
    return bits >> turn & ((1u << V) - 1);
  }

  /** The same for a thread's R rows row, row + down, …: V bits each, moved in from above. */
  template <int R, int V>
  __device__ __forceinline__ Bits<R * V> draw(const Panel &p, int row) const {
    Bits<R * V> bits = 0;
#pragma unroll 1
    for (int i = 0; i < R; i++) {
      const int64_t first = at(above + row + i * p.down, columns, p.column);
      bits = bits >> V | static_cast<Bits<R * V>>(keeps<V>(first)) << ((R - 1) * V);
    }
    return bits;
  }

  /** v := what dropout makes of it; the thread's i-th row. */
  template <int V, typename B>
  __device__ __forceinline__ void forward(B bits, int i, float (&v)[V]) const {
#pragma unroll
    for (int j = 0; j < V; j++) {
      v[j] = bits >> (i * V + j) & 1 ? scaled(v[j], what.scale, what.shift) : what.dropped;
    }
  }

  /** The same for gradients, by the forward pass's dropout: what was dropped has none. */
  template <int V, typename B>
  __device__ __forceinline__ void backward(B bits, int i, float (&v)[V]) const {
#pragma unroll
    for (int j = 0; j < V; j++) {
      v[j] = bits >> (i * V + j) & 1 ? scaled(v[j], what.scale, 0.0f) : 0.0f;
    }
  }
};
