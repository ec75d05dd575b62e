/* A libcuda.so.1 without a GPU: device memory is the host's, and the one kernel is written here. It
 * shows what JCuda hands to the driver. Handles and addresses are checked; leaks are counted. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int R;
typedef unsigned long long P;
typedef struct { int kind; } Handle; /* 's'tream, 'e'vent, 'm'odule, 'g'raph, 'x' executable */
typedef struct { float *x; int count; float factor; double add; long long extra; unsigned blocks; } Launch;

static int live[128];
static int capturing, recorded, loaded;
static Launch record[8];
static const char *calls[] = {"scale"};

static R make(void **out, int kind) {
  Handle *h = malloc(sizeof(Handle));
  h->kind = kind;
  live[kind]++;
  *out = h;
  return 0;
}
static R drop(Handle *h, int kind) {
  if (h->kind != kind) return 400;
  live[kind]--;
  h->kind = 0;
  return 0;
}
static R is(Handle *h, int kind) { return h && h->kind == kind ? 0 : 400; }

R cuInit(unsigned f) { const char *code = getenv("FAKE_INIT"); return code ? atoi(code) : 0; }
R cuDriverGetVersion(int *v) { const char *s = getenv("FAKE_DRIVER"); *v = s ? atoi(s) : 12060; return 0; }
R cuDeviceGetCount(int *n) { *n = 2; return 0; }
R cuDeviceGet(int *d, int i) { *d = i; return i < 2 ? 0 : 101; }
R cuDeviceGetName(char *name, int n, int d) { snprintf(name, n, "Fake %d", d); return 0; }
R cuDeviceTotalMem_v2(size_t *bytes, int d) { *bytes = 8ull << 30; return 0; }
R cuDeviceGetAttribute(int *v, int a, int d) {
  *v = a == 75 ? (d ? 6 : 9) : a == 76 ? 0 : a == 16 ? 132 : a == 38 ? 50 << 20 : -1;
  return 0;
}
R cuDevicePrimaryCtxRetain(void **c, int d) {
  const char *code = getenv("FAKE_RETAIN");
  return code ? atoi(code) : make(c, 'c');
}
R cuDevicePrimaryCtxRelease_v2(int d) {
  printf("left: memory %d, pinned %d, streams %d, events %d, modules %d, graphs %d, executables %d\n",
         live['d'], live['p'], live['s'], live['e'], live['m'], live['g'], live['x']);
  fflush(stdout);
  return 0;
}
static __thread Handle *current;
R cuCtxSetCurrent(Handle *c) { current = c; return is(c, 'c'); }
R cuCtxSynchronize(void) { puts("waited for all of the GPU"); return 0; }
R cuMemGetInfo_v2(size_t *f, size_t *t) { *f = 5ull << 30; *t = 8ull << 30; return 0; }

R cuMemAlloc_v2(P *p, size_t n) {
  if (!current) return 201;
  if (n > 1ull << 32) return 2;
  *p = (P)aligned_alloc(256, (n + 255) / 256 * 256);
  live['d']++;
  return 0;
}
R cuMemFree_v2(P p) { free((void *)p); live['d']--; return 0; }
R cuMemAllocHost_v2(void **p, size_t n) { *p = malloc(n); live['p']++; return 0; }
R cuMemFreeHost(void *p) { free(p); live['p']--; return 0; }
R cuMemcpyHtoDAsync_v2(P d, const void *s, size_t n, Handle *q) { memcpy((void *)d, s, n); return is(q, 's'); }
R cuMemcpyDtoHAsync_v2(void *d, P s, size_t n, Handle *q) { memcpy(d, (void *)s, n); return is(q, 's'); }
R cuMemsetD32Async(P d, unsigned w, size_t n, Handle *q) {
  for (size_t i = 0; i < n; i++) ((unsigned *)d)[i] = w;
  return is(q, 's');
}

R cuModuleLoadDataEx(void **m, const void *text, unsigned n, int *options, void **values) {
  if (!strstr(text, ".entry")) {
    for (unsigned i = 0; i < n; i++)
      if (options[i] == 5) strcpy(values[i], "ptxas fatal: line 7, no kernel in it");
    return 218;
  }
  return make(m, 'm');
}
R cuModuleUnload(Handle *m) { return drop(m, 'm'); }
R cuModuleGetFunction(void **f, Handle *m, const char *name) {
  if (strcmp(name, calls[0])) return 500;
  *f = (void *)calls;
  return is(m, 'm');
}
/* As drivers do since 11.7: what is only got has no code on the device yet. */
R cuFuncGetAttribute(int *value, int attribute, void *f) { loaded = f == (void *)calls; *value = 32; return 0; }

static void run(Launch l) {
  for (int i = 0; i < l.count; i++) l.x[i] = l.x[i] * l.factor + (float)l.add + (float)l.extra;
}
R cuLaunchKernel(void *f, unsigned bx, unsigned by, unsigned bz, unsigned tx, unsigned ty, unsigned tz,
                 unsigned shared, Handle *q, void **p, void **extra) {
  Launch l = {*(float **)p[0], *(int *)p[1], *(float *)p[2], *(double *)p[3], *(long long *)p[4], bx};
  if (!loaded) return 2; /* there may be no room for its code any more */
  if (f != (void *)calls || tx * ty * tz > 1024 || bz != 1 || shared) return 1;
  if (capturing) record[recorded++] = l; else run(l);
  return is(q, 's');
}

R cuStreamCreate(void **q, unsigned flags) { return flags == 1 ? make(q, 's') : 1; }
R cuStreamDestroy_v2(Handle *q) { return drop(q, 's'); }
R cuStreamSynchronize(Handle *q) { return is(q, 's'); }
R cuStreamWaitEvent(Handle *q, Handle *e, unsigned f) { return is(q, 's') + is(e, 'e'); }
R cuEventCreate(void **e, unsigned flags) { return flags == 0 || flags == 2 ? make(e, 'e') : 1; }
R cuEventDestroy_v2(Handle *e) { return drop(e, 'e'); }
R cuEventRecord(Handle *e, Handle *q) { return is(q, 's') + is(e, 'e'); }
R cuEventSynchronize(Handle *e) { return is(e, 'e'); }
R cuEventQuery(Handle *e) { static int asked; return is(e, 'e') ? 400 : asked++ ? 0 : 600; }
R cuEventElapsedTime(float *ms, Handle *a, Handle *b) { *ms = 1.5f; return is(a, 'e') + is(b, 'e'); }

R cuStreamBeginCapture_v2(Handle *q, int mode) { capturing = 1; recorded = 0; return mode == 1 ? is(q, 's') : 1; }
R cuStreamEndCapture(Handle *q, void **g) { capturing = 0; return make(g, 'g'); }
R cuGraphGetNodes(Handle *g, void **nodes, size_t *n) { if (nodes) return 1; *n = recorded; return is(g, 'g'); }
R cuGraphInstantiateWithFlags(void **x, Handle *g, P flags) { return flags ? 1 : make(x, 'x') + is(g, 'g'); }
R cuGraphDestroy(Handle *g) { return drop(g, 'g'); }
R cuGraphLaunch(Handle *x, Handle *q) {
  for (int i = 0; i < recorded; i++) run(record[i]);
  return is(x, 'x') + is(q, 's');
}
R cuGraphExecDestroy(Handle *x) { return drop(x, 'x'); }
