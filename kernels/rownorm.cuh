// Norms over a row's own features: layer norm (one group), group and instance norm, and RMS norm,
// which is not centred. y = activation(γ x̂ + β), x̂ = (x − μ) / √(σ² + ε) over each group of x [N, C].
//
// Bytes for E = N · C elements of e bytes: forward 2 E e in one kernel; backward 5 E e in two, dγ and
// dβ first, then dx (3 E e where the second read still finds x and dy in the L2 cache). A group that
// is longer than a team holds in registers is read twice, the second time from the caches.
//
// Statistics as in batch norm: what a thread has at a time is summed in float as deviations from its
// first element, then from its own mean, then added up in double as deviations from the group's
// first element. The mean is kept as two floats, shift + delta.
//
// saved [N, 3 · groups]: for each group shift, delta, 1/√(σ² + ε). Backward recomputes x̂ and the
// activation's slope from x. A vector never lies in two groups: where they are no multiple of the
// vector long, one element is taken at a time.
#pragma once

#include "activations.cuh"
#include "teams.cuh"

/** Which features belong together. */
struct Groups {
  int length;
  int count; // to a row
  int total; // of all rows
  bool centred;
};

/** What x̂ is made with. */
struct Standard {
  float shift;
  float delta;
  float inverse;

  /** γ x̂ + β, in the forward and in the backward pass to the same bit. */
  __device__ __forceinline__ float affine(float x, float gamma, float beta) const {
    return fmaf((x - shift) - delta, gamma * inverse, beta);
  }

  __device__ __forceinline__ float standardised(float x) const {
    return ((x - shift) - delta) * inverse;
  }
};

__device__ __forceinline__ Standard load_standard(const float *saved, int64_t group) {
  const float *from = saved + 3 * group;
  return {from[0], from[1], from[2]};
}
