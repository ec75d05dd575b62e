// Arithmetic and memory in the mixture of a batch norm: for measuring the simulator's speed.
extern "C" __global__ void throughput(const float4* x, float4* y, int n, float scale, float shift) {
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) {
    float4 v = x[i];
    for (int k = 0; k < 4; k++) {
      v.x = fmaxf(v.x * scale + shift, 0.f);
      v.y = fmaxf(v.y * scale + shift, 0.f);
      v.z = fmaxf(v.z * scale + shift, 0.f);
      v.w = fmaxf(v.w * scale + shift, 0.f);
    }
    y[i] = v;
  }
}
