// The activations and their derivatives, as functions of the input u. Numbers as in the enum
// Activation of Java; constants as there.
#pragma once

#include "common.cuh"

enum Activation { IDENTITY, RELU, LEAKY_RELU, ELU, SELU, GELU, SILU, SIGMOID, TANH, SOFTPLUS };

constexpr float LEAKY_SLOPE = 0.01f;
constexpr float SELU_LAMBDA = 1.0507009873554804934f;
constexpr float SELU_LAMBDA_ALPHA = 1.7580993408473766f;
constexpr float SQRT_HALF = 0.70710678118654752f;
constexpr float INVERSE_SQRT_TWO_PI = 0.3989422804014327f;

// Each kind of row loop is compiled three times: ReLU and the identity cost nothing beside the
// memory traffic; the others share one loop that asks which it is.

struct Identity {
  static constexpr bool SLOW = false;
  static constexpr bool SLOPE_IS_ONE = true;
  __device__ __forceinline__ float forward(float u) const { return u; }
  __device__ __forceinline__ float slope(float u) const { return 1.0f; }
};

/** fmaxf would turn a NaN into 0. */
struct Relu {
  static constexpr bool SLOW = false;
  static constexpr bool SLOPE_IS_ONE = false;
  __device__ __forceinline__ float forward(float u) const { return u <= 0.0f ? 0.0f : u; }
  __device__ __forceinline__ float slope(float u) const {
    return u > 0.0f ? 1.0f : u <= 0.0f ? 0.0f : u;
  }
};

/** σ(u) and σ(−u) = 1 − σ(u), each good to its last digits. */
struct Sigmoids {
  float of_u;
  float of_minus_u;

  __device__ __forceinline__ explicit Sigmoids(float u) {
    const float small = expf(-fabsf(u));
    const float large_part = 1.0f / (1.0f + small);
    const float small_part = small * large_part;
    of_u = u >= 0.0f ? large_part : small_part;
    of_minus_u = u >= 0.0f ? small_part : large_part;
  }
};

__device__ __forceinline__ float normal_cdf(float u) { return 0.5f + 0.5f * erff(u * SQRT_HALF); }

struct Other {
  static constexpr bool SLOW = true;
  static constexpr bool SLOPE_IS_ONE = false;
  int which;

  __device__ __forceinline__ float forward(float u) const {
    switch (which) {
    case LEAKY_RELU:
      return u > 0.0f ? u : LEAKY_SLOPE * u;
    case ELU:
      return u > 0.0f ? u : expm1f(u);
    case SELU:
      return u > 0.0f ? SELU_LAMBDA * u : SELU_LAMBDA_ALPHA * expm1f(u);
    case GELU:
      return u * normal_cdf(u);
    case SILU:
      return u * Sigmoids(u).of_u;
    case SIGMOID:
      return Sigmoids(u).of_u;
    case TANH:
      return tanhf(u);
    default:
      return fmaxf(u, 0.0f) + log1pf(expf(-fabsf(u)));
    }
  }

  __device__ __forceinline__ float slope(float u) const {
    switch (which) {
    case LEAKY_RELU:
      return u > 0.0f ? 1.0f : u <= 0.0f ? LEAKY_SLOPE : u;
    case ELU:
      return u > 0.0f ? 1.0f : expf(u);
    case SELU:
      return u > 0.0f ? SELU_LAMBDA : SELU_LAMBDA_ALPHA * expf(u);
    case GELU:
      return normal_cdf(u) + u * INVERSE_SQRT_TWO_PI * expf(-0.5f * u * u);
    case SILU: {
      const Sigmoids s(u);
      return s.of_u * (1.0f + u * s.of_minus_u);
    }
    case SIGMOID: {
      const Sigmoids s(u);
      return s.of_u * s.of_minus_u;
    }
    case TANH: {
      const float y = tanhf(u);
      return (1.0f - y) * (1.0f + y);
    }
    default:
      return Sigmoids(u).of_u;
    }
  }
};

/** Calls body with the activation's type. */
template <typename Body> __device__ __forceinline__ void dispatch(int activation, Body body) {
  if (activation == RELU) {
    body(Relu{});
  } else if (activation == IDENTITY) {
    body(Identity{});
  } else {
    body(Other{activation});
  }
}

/**
 * v := f(v), element by element. The slow functions stand in a loop that turns the vector around
 * once: code for one element, and registers that need no index.
 */
template <bool SLOW, int V, typename F> __device__ __forceinline__ void map(float (&v)[V], F f) {
  if (SLOW) {
#pragma unroll 1
    for (int i = 0; i < V; i++) {
      const float first = f(v[0]);
#pragma unroll
      for (int j = 0; j + 1 < V; j++) {
        v[j] = v[j + 1];
      }
      v[V - 1] = first;
    }
  } else {
#pragma unroll
    for (int i = 0; i < V; i++) {
      v[i] = f(v[i]);
    }
  }
}

template <typename A, int V> __device__ __forceinline__ void forward(A activation, float (&u)[V]) {
  map<A::SLOW>(u, [&](float one) { return activation.forward(one); });
}

template <typename A, int V> __device__ __forceinline__ void slopes(A activation, float (&u)[V]) {
  map<A::SLOW>(u, [&](float one) { return activation.slope(one); });
}

/** Rows of a thread that are worked on together. */
template <typename A, int FAST> constexpr int ROWS_OF = A::SLOW ? 1 : FAST;
