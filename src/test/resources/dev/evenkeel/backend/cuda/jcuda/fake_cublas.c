/* A libcublas.so.12 that multiplies on the host, column by column as cuBLAS does. */
#include <stddef.h>
#include <stdio.h>

static int order, math;

int cublasGetProperty(int which, int *value) { *value = which == 0 ? 12 : which == 1 ? 99 : 7; return 0; }
int cublasCreate_v2(void **h) { *h = &order; return 0; }
int cublasDestroy_v2(void *h) { return h == &order ? 0 : 1; }
/* As cuBLAS does: a new stream takes the workspace away. */
int cublasSetStream_v2(void *h, void *stream) { order = 1; return stream ? 0 : 7; }
int cublasSetWorkspace_v2(void *h, void *memory, size_t bytes) {
  printf("workspace of %zu bytes%s\n", bytes, order == 1 && memory ? "" : ", too early");
  fflush(stdout);
  order = 2;
  return 0;
}
int cublasSetMathMode(void *h, int mode) { math = mode; return 0; }

static float bf16(const void *p, size_t i) {
  union { unsigned u; float f; } v = {(unsigned)((const unsigned short *)p)[i] << 16};
  return v.f;
}
static float at(const void *p, int type, size_t i) { return type == 14 ? bf16(p, i) : ((const float *)p)[i]; }

int cublasGemmEx(void *h, int ta, int tb, int m, int n, int k, const float *alpha, const void *a, int type_a,
                 int lda, const void *b, int type_b, int ldb, const float *beta, void *c, int type_c, int ldc,
                 int compute, int algorithm) {
  printf("types %d %d %d, compute %d, algorithm %d\n", type_a, type_b, type_c, compute, algorithm);
  fflush(stdout);
  if (type_a == 14 && math != 16) return 15; /* sums that may be cut to bfloat16 */
  if (lda < (ta ? k : m) || ldb < (tb ? n : k) || ldc < m || order != 2) return 7;
  for (int i = 0; i < m; i++)
    for (int j = 0; j < n; j++) {
      float sum = 0;
      for (int l = 0; l < k; l++)
        sum += at(a, type_a, ta ? l + (size_t)i * lda : i + (size_t)l * lda) *
               at(b, type_b, tb ? j + (size_t)l * ldb : l + (size_t)j * ldb);
      float *out = (float *)c + i + (size_t)j * ldc;
      *out = *alpha * sum + (*beta == 0 ? 0 : *beta * *out);
    }
  return 0;
}
