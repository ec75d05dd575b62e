// Bias and activation of a layer without a norm, z [N, C].
//
// Bytes for E = N · C elements of e bytes: forward 2 E e (3 E e where z + bias is kept), backward
// 3 E e (2 E e for the identity) with the bias gradient in the same pass.
#include "activations.cuh"

/** u := z + bias, kept in z if store_z is not 0; y := activation(u). bias may be null. */
template <typename T, int V>
__device__ __forceinline__ void activation_forward(
    T *z,
    int rows,
    int columns,
    int z_pitch,
    const float *bias,
    int activation,
    int store_z,
    T *y,
    int y_pitch,
    int lanes,
    int rows_per_slab) {
  const Panel p = panel<V>(rows, columns, lanes, rows_per_slab, true);
  float biases[V] = {};
  if (bias != nullptr) {
    load_within(bias, p.column, columns, biases);
  }
  dispatch(activation, [&](auto a) {
    constexpr int R = ROWS_OF<decltype(a), 8>;
#pragma unroll 1
    for (int row = p.begin; row < p.end; row += R * p.down) {
      RawType<T, V> raw[R];
      load_rows<R, T, V>(z, z_pitch, p, row, zeros<T, V>(), raw);
#pragma unroll
      for (int i = 0; i < R; i++) {
        float u[V];
        unpack(raw[i], u);
#pragma unroll
        for (int j = 0; j < V; j++) {
          u[j] += biases[j];
        }
        const int this_row = row + i * p.down;
        if (store_z != 0 && this_row < p.end) {
          store(z + at(this_row, z_pitch, p.column), u);
        }
        forward(a, u);
        if (this_row < p.end) {
          store(y + at(this_row, y_pitch, p.column), u);
        }
      }
    }
  });
}

/**
 * dz := dy · activation′(u), unless dz is null; d_bias := its column sums, unless null.
 *
 * @param u z + bias, or for the two ReLUs y, which has the same sign
 */
template <typename T, int V>
__device__ __forceinline__ void activation_backward(
    const T *dy,
    int dy_pitch,
    const T *u,
    int u_pitch,
    int rows,
    int columns,
    int activation,
    T *dz,
    int dz_pitch,
    float *d_bias,
    int lanes,
    int rows_per_slab,
    Scratch *scratch) {
  __shared__ double shared[SHARED_SUMS<V, 1>];
  const Panel p = panel<V>(rows, columns, lanes, rows_per_slab, false);
  double sums[1][V] = {};
  dispatch(activation, [&](auto a) {
    constexpr int R = ROWS_OF<decltype(a), 4>;
#pragma unroll 1
    for (int row = p.begin; row < p.end; row += R * p.down) {
      RawType<T, V> raw_dy[R];
      RawType<T, V> raw_u[R];
      load_rows<R, T, V>(dy, dy_pitch, p, row, zeros<T, V>(), raw_dy);
      if (!a.SLOPE_IS_ONE) {
        load_rows<R, T, V>(u, u_pitch, p, row, zeros<T, V>(), raw_u);
      }
      float sum[V] = {};
#pragma unroll
      for (int i = 0; i < R; i++) {
        float t[V];
        unpack(raw_dy[i], t);
        if (!a.SLOPE_IS_ONE) {
          float slope[V];
          unpack(raw_u[i], slope);
          slopes(a, slope);
#pragma unroll
          for (int j = 0; j < V; j++) {
            t[j] *= slope[j];
          }
        }
        const int this_row = row + i * p.down;
        if (this_row < p.end) {
          if (dz != nullptr) {
            store(dz + at(this_row, dz_pitch, p.column), t);
          }
#pragma unroll
          for (int j = 0; j < V; j++) {
            sum[j] += t[j];
          }
        }
      }
#pragma unroll
      for (int j = 0; j < V; j++) {
        sums[0][j] += sum[j];
      }
    }
  });
  double column_sums[1];
  if (d_bias == nullptr || !sum_slabs(sums, p, scratch, shared, column_sums)) {
    return;
  }
  const int column = blockIdx.x * lanes * V + threadIdx.x;
  if (threadIdx.x < lanes * V && column < columns) {
    d_bias[column] = static_cast<float>(column_sums[0]);
  }
}

#define ACTIVATION_KERNELS(SUFFIX, T, V)                                                           \
  extern "C" __global__ void __launch_bounds__(THREADS) activation_forward_##SUFFIX(               \
      T *z, int rows, int columns, int z_pitch, const float *bias, int activation, int store_z,    \
      T *y, int y_pitch, int lanes, int rows_per_slab) {                                           \
    activation_forward<T, V>(                                                                      \
        z, rows, columns, z_pitch, bias, activation, store_z, y, y_pitch, lanes, rows_per_slab);   \
  }                                                                                                \
  extern "C" __global__ void __launch_bounds__(THREADS) activation_backward_##SUFFIX(              \
      const T *dy, int dy_pitch, const T *u, int u_pitch, int rows, int columns, int activation,   \
      T *dz, int dz_pitch, float *d_bias, int lanes, int rows_per_slab, Scratch *scratch) {        \
    activation_backward<T, V>(                                                                     \
        dy, dy_pitch, u, u_pitch, rows, columns, activation, dz, dz_pitch, d_bias, lanes,          \
        rows_per_slab, scratch);                                                                   \
  }

#ifdef EVENKEEL_BFLOAT16
ACTIVATION_KERNELS(bf16x8, bfloat16, 8)
#else
ACTIVATION_KERNELS(f32x1, float, 1)
ACTIVATION_KERNELS(f32x4, float, 4)
#endif
