// What nvcc's own library makes of functions: its slow paths use local memory and constants.

__constant__ float weights[4] = {1.f, 2.f, 4.f, 8.f};
__device__ unsigned launches;

struct Scale {
  float factor[4];
  int rotate;
};

extern "C" __global__ void functions(const float* x, float* out, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  float v = x[i];
  out[i] = sinf(v);
  out[i + n] = expf(v / 1000.f);
  out[i + 2 * n] = logf(fabsf(v));
  out[i + 3 * n] = tanhf(v / 500.f);
  out[i + 4 * n] = powf(fabsf(v), 0.3f);
  out[i + 5 * n] = erff(v / 500.f);
  out[i + 6 * n] = (float)exp((double)v / 1000.0);
  out[i + 7 * n] = log1pf(fabsf(v));
}

// An array that is indexed at run time, a struct as an argument, constants, a variable.
extern "C" __global__ void spaces(Scale scale, float* out) {
  float local[8];
  for (int i = 0; i < 8; i++) local[i] = weights[i & 3] * scale.factor[i & 3];
  out[threadIdx.x] = local[(threadIdx.x + scale.rotate) & 7];
  if (threadIdx.x == 0) out[blockDim.x] = atomicAdd(&launches, 1);
}
