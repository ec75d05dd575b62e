// Two kernels for the tests of launches. Made into launch.ptx by
//   nvcc -arch=sm_75 -ptx launch.cu, its .version line set to 6.3

// values[0 .. count) *= factor
extern "C" __global__ void scale(float *values, int count, float factor) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < count) {
    values[i] *= factor;
  }
}

// values[offset .. offset + 64) := themselves in reverse order, plus amount
extern "C" __global__ void reverse(float *values, long long offset, double amount) {
  __shared__ float tile[64];
  tile[threadIdx.x] = values[threadIdx.x + offset];
  __syncthreads();
  values[threadIdx.x + offset] = tile[63 - threadIdx.x] + (float)amount;
}
