// Kernels that are wrong on purpose, one fault each.

// Stores one element past the end: <= where < belongs.
extern "C" __global__ void past_the_end(float* x, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i <= n) x[i] = i;
}

// Loads 16 bytes from an address that is a multiple of 4 only.
extern "C" __global__ void misaligned(const float* x, float* out) {
  float4 v = *(const float4*)(x + 1);
  out[threadIdx.x] = v.x + v.y + v.z + v.w;
}

// Reads what another thread wrote, without a barrier between.
extern "C" __global__ void missing_barrier(const float* x, float* out) {
  __shared__ float values[128];
  values[threadIdx.x] = x[threadIdx.x];
  out[threadIdx.x] = values[127 - threadIdx.x];
}

// The same with the barrier, but the next round overwrites what others still read.
extern "C" __global__ void missing_second_barrier(const float* x, float* out) {
  __shared__ float values[128];
  float sum = 0;
  for (int round = 0; round < 2; round++) {
    values[threadIdx.x] = x[threadIdx.x] + round;
    __syncthreads();
    sum += values[127 - threadIdx.x];
  }
  out[threadIdx.x] = sum;
}

// Reads shared memory that only half of the threads wrote.
extern "C" __global__ void read_before_write(const float* x, float* out) {
  __shared__ float values[128];
  if (threadIdx.x < 64) values[threadIdx.x] = x[threadIdx.x];
  __syncthreads();
  out[threadIdx.x] = values[threadIdx.x];
}

// Writes past a shared array, into what lies behind it.
extern "C" __global__ void past_shared(const float* x, float* out) {
  __shared__ float values[128];
  __shared__ float others[128];
  values[threadIdx.x + 1] = x[threadIdx.x];
  others[threadIdx.x] = x[threadIdx.x];
  __syncthreads();
  out[threadIdx.x] = values[127 - threadIdx.x] + others[threadIdx.x];
}

// Only some threads of a warp come to the barrier.
extern "C" __global__ void divergent_barrier(const float* x, float* out) {
  __shared__ float values[128];
  values[threadIdx.x] = x[threadIdx.x];
  if (x[threadIdx.x] > 0) {
    __syncthreads();
    out[threadIdx.x] = values[127 - threadIdx.x];
  }
}

// Some threads return before the barrier.
extern "C" __global__ void barrier_after_return(const float* x, float* out, int n) {
  __shared__ float values[128];
  if (threadIdx.x >= n) return;
  values[threadIdx.x] = x[threadIdx.x];
  __syncthreads();
  out[threadIdx.x] = values[n - 1 - threadIdx.x];
}

// A shuffle that waits for lanes that are elsewhere.
extern "C" __global__ void divergent_shuffle(const float* x, float* out) {
  float v = x[threadIdx.x];
  if (v > 0) {
    v += __shfl_xor_sync(~0u, v, 1);
  }
  out[threadIdx.x] = v;
}

// The order of additions is the order in which threads happen to come.
extern "C" __global__ void float_atomics(const float* x, float* out) {
  atomicAdd(out, x[blockIdx.x * blockDim.x + threadIdx.x]);
}

// Every block writes the same element.
extern "C" __global__ void blocks_race(float* out) {
  if (threadIdx.x == 0) out[0] = blockIdx.x;
}

// A ticket without the fence that makes the parts visible.
extern "C" __global__ void ticket_without_fence(const float* x, float* parts, unsigned* ticket,
                                                float* out) {
  __shared__ unsigned place;
  if (threadIdx.x == 0) {
    parts[blockIdx.x] = x[blockIdx.x];
    place = atomicAdd(ticket, 1);
  }
  __syncthreads();
  if (place == gridDim.x - 1 && threadIdx.x == 0) {
    float total = 0;
    for (int i = 0; i < gridDim.x; i++) total += ((volatile float*)parts)[i];
    out[0] = total;
  }
}

// Thread 0 fences, but without a barrier before it its fence says nothing of the others' stores.
extern "C" __global__ void ticket_without_barrier(const float* x, float* parts, unsigned* ticket,
                                                  float* out) {
  __shared__ unsigned place;
  parts[blockIdx.x * blockDim.x + threadIdx.x] = x[threadIdx.x];
  if (threadIdx.x == 0) {
    __threadfence();
    place = atomicAdd(ticket, 1);
  }
  __syncthreads();
  if (place == gridDim.x - 1) {
    float total = 0;
    for (int i = 0; i < gridDim.x; i++) {
      total += ((volatile float*)parts)[i * blockDim.x + threadIdx.x];
    }
    out[threadIdx.x] = total;
  }
}

// Every thread fences its own store: no barrier is needed before the ticket but the block's own.
extern "C" __global__ void ticket_with_own_fences(const float* x, float* parts, unsigned* ticket,
                                                  float* out) {
  __shared__ unsigned place;
  parts[blockIdx.x * blockDim.x + threadIdx.x] = x[threadIdx.x];
  __threadfence();
  __syncthreads();
  if (threadIdx.x == 0) place = atomicAdd(ticket, 1);
  __syncthreads();
  if (place == gridDim.x - 1) {
    float total = 0;
    for (int i = 0; i < gridDim.x; i++) {
      total += ((volatile float*)parts)[i * blockDim.x + threadIdx.x];
    }
    out[threadIdx.x] = total;
  }
}

// Stops the launch.
extern "C" __global__ void traps(const float* x) {
  if (x[threadIdx.x] < 0) __trap();
}
