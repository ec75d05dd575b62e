// Branches of all kinds; out[i] says which way thread i went.

__device__ __noinline__ int collatz(int n) {
  int steps = 0;
  while (n != 1) {
    n = n % 2 == 0 ? n / 2 : 3 * n + 1;
    steps++;
  }
  return steps;
}

// Loops of different lengths; all lanes meet again for the ballot.
extern "C" __global__ void loops(int* out, unsigned* ballots) {
  int n = threadIdx.x + 1;
  int steps = 0;
  while (n != 1) {
    n = n % 2 == 0 ? n / 2 : 3 * n + 1;
    steps++;
  }
  out[threadIdx.x] = steps;
  unsigned odd = __ballot_sync(~0u, steps & 1);
  ballots[threadIdx.x] = odd;
}

// The same through a function that is called.
extern "C" __global__ void calls(int* out) {
  out[threadIdx.x] = threadIdx.x % 3 == 0 ? -1 : collatz(threadIdx.x + 1);
}

// Early returns within nested branches; the rest meet again.
extern "C" __global__ void returns(int* out, const int* kind) {
  int k = kind[threadIdx.x];
  out[threadIdx.x] = -1;
  if (k > 2) {
    if (k > 5) {
      atomicExch(out + threadIdx.x, 100 + k);  // a store would be merged with the one at the end
      return;
    }
    out[threadIdx.x] = 50 + k;
  }
  unsigned here = __activemask();
  __syncwarp(here);
  out[threadIdx.x] += __popc(here) * 1000;
}

// A switch dense enough for a table.
extern "C" __global__ void switches(int* out, const int* kind) {
  int v = threadIdx.x;
  switch (kind[threadIdx.x]) {
    case 0: v = v * 3 + 1; break;
    case 1: v = v ^ 0x55; out[v] = 1;
    case 2: v = v - 7; break;
    case 3: v = __brev(v); break;
    case 4: v = __popc(v); break;
    case 5: v = v * v; break;
    case 6: v = __clz(v); out[v + 64] = 1; break;
    case 7: v = ~v; break;
    default: v = -5;
  }
  out[threadIdx.x + 256] = v;
}
