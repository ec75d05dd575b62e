// Teams: where each row, or each group of a row's neighbours, has sums of its own, a block's threads
// fall into teams of `lanes`, and each team has one of them. A thread has every lanes-th vector of
// it, so that a team reads what lies side by side. The host chooses `lanes`, a power of 2 up to the
// whole block, from the shape alone (Teams.java).
#pragma once

#include "common.cuh"

/** Vectors of a row that a thread keeps in registers from one pass to the next. */
constexpr int VECTORS_HELD = 4;

struct Team {
  int lanes;
  int lane;   // this thread's place among them
  int unit;   // the row or group that the team has
  int begin;  // this thread's first vector of it: elements begin, begin + 1, …
  int step;   // from one of its vectors to the next
  int length; // of the unit; 0 in teams that have none, which go along but read and write nothing
};

/**
 * All teams of a block loop over as many vectors, whether or not they have them: sums are formed
 * where nobody is elsewhere.
 */
template <int V> __device__ __forceinline__ Team team(int lanes, int units, int length) {
  const int unit = blockIdx.x * (THREADS / lanes) + threadIdx.x / lanes;
  const int lane = threadIdx.x & (lanes - 1);
  const bool has_one = unit < units;
  return {lanes, lane, has_one ? unit : 0, lane * V, lanes * V, has_one ? length : 0};
}

/** The R vectors from `first` on, all asked for at once; behind the end stand zeros. */
template <int R, typename T, int V>
__device__ __forceinline__ void
load_share(const T *unit, int first, const Team &team, RawType<T, V> (&raw)[R]) {
#pragma unroll
  for (int i = 0; i < R; i++) {
    const int at = first + i * team.step;
    raw[i] = at < team.length ? load<T, V>(unit + at) : zeros<T, V>();
  }
}

/**
 * Adds up Q quantities over the threads of a team, in a fixed order; each is given the sums. All
 * threads of the block must come here.
 */
template <int Q> __device__ __forceinline__ void sum_team(double (&sums)[Q], const Team &team) {
  __shared__ double shared[WARPS][Q];
  for (int offset = min(team.lanes, WARP) / 2; offset > 0; offset /= 2) {
#pragma unroll
    for (int q = 0; q < Q; q++) {
      sums[q] += __shfl_xor_sync(ALL_LANES, sums[q], offset);
    }
  }
  if (team.lanes <= WARP) {
    __syncwarp(); // what the others have read may be overwritten now
    return;
  }
  const int warp = threadIdx.x / WARP;
  if (threadIdx.x % WARP == 0) {
#pragma unroll
    for (int q = 0; q < Q; q++) {
      shared[warp][q] = sums[q];
    }
  }
  __syncthreads();
  const int warps = team.lanes / WARP;
  const int first = warp / warps * warps;
#pragma unroll
  for (int q = 0; q < Q; q++) {
    double sum = 0;
    for (int w = 0; w < warps; w++) {
      sum += shared[first + w][q];
    }
    sums[q] = sum;
  }
}
