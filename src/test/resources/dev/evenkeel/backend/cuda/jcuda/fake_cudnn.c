/* A libcudnn.so.9 whose batch norm runs on the host, by the strides of its descriptors. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct { int type, n, c, stride, mode; } Tensor;
static int handle, descriptors;

size_t cudnnGetVersion(void) { return 90704; }
const char *cudnnGetErrorString(int code) { return code == 3000 ? "CUDNN_STATUS_NOT_SUPPORTED" : "CUDNN_STATUS_OTHER"; }
int cudnnCreate(void **h) { *h = &handle; return 0; }
int cudnnSetStream(void *h, void *stream) { return stream ? 0 : 1; }
int cudnnDestroy(void *h) {
  printf("descriptors left: %d\n", descriptors);
  fflush(stdout);
  return 0;
}
int cudnnCreateTensorDescriptor(Tensor **t) { *t = calloc(1, sizeof(Tensor)); descriptors++; return 0; }
int cudnnDestroyTensorDescriptor(Tensor *t) { free(t); descriptors--; return 0; }
int cudnnSetTensor4dDescriptorEx(Tensor *t, int type, int n, int c, int h, int w, int sn, int sc, int sh, int sw) {
  *t = (Tensor){type, n, c, sn, -1};
  printf("tensor %d: %d %d %d %d, strides %d %d %d %d\n", type, n, c, h, w, sn, sc, sh, sw);
  fflush(stdout);
  return sc == 1 && h == 1 && w == 1 ? 0 : 3;
}
int cudnnDeriveBNTensorDescriptor(Tensor *v, Tensor *x, int mode) { *v = *x; v->mode = mode; return 0; }

int cudnnBatchNormalizationForwardTraining(void *h, int mode, const float *one, const float *zero, Tensor *tx,
    const float *x, Tensor *ty, float *y, Tensor *tv, const float *gamma, const float *beta, double factor,
    float *mean, float *variance, double epsilon, float *saved_mean, float *saved_inverse) {
  if (mode != tv->mode || *one != 1 || *zero != 0) return 3;
  if (tx->n > 65535) return 3000;
  for (int c = 0; c < tx->c; c++) {
    double sum = 0, squares = 0;
    for (int r = 0; r < tx->n; r++) sum += x[r * tx->stride + c];
    double m = sum / tx->n;
    for (int r = 0; r < tx->n; r++) squares += (x[r * tx->stride + c] - m) * (x[r * tx->stride + c] - m);
    double inverse = 1 / sqrt(squares / tx->n + epsilon);
    for (int r = 0; r < tx->n; r++)
      y[r * ty->stride + c] = (float)((x[r * tx->stride + c] - m) * inverse * gamma[c] + beta[c]);
    mean[c] = (float)((1 - factor) * mean[c] + factor * m);
    variance[c] = (float)((1 - factor) * variance[c] + factor * squares / (tx->n - 1));
    saved_mean[c] = (float)m;
    saved_inverse[c] = (float)inverse;
  }
  return 0;
}
int cudnnBatchNormalizationForwardInference(void *h, int mode, const float *one, const float *zero, Tensor *tx,
    const float *x, Tensor *ty, float *y, Tensor *tv, const float *gamma, const float *beta, const float *mean,
    const float *variance, double epsilon) {
  for (int r = 0; r < tx->n; r++)
    for (int c = 0; c < tx->c; c++)
      y[r * ty->stride + c] =
          (float)((x[r * tx->stride + c] - mean[c]) / sqrt(variance[c] + epsilon) * gamma[c] + beta[c]);
  return 0;
}
int cudnnBatchNormalizationBackward(void *h, int mode, const float *one, const float *zero, const float *one_too,
    const float *zero_too, Tensor *tx, const float *x, Tensor *tdy, const float *dy, Tensor *tdx, float *dx,
    Tensor *tv, const float *gamma, float *d_gamma, float *d_beta, double epsilon, const float *saved_mean,
    const float *saved_inverse) {
  for (int c = 0; c < tx->c; c++) {
    double sum = 0, product = 0;
    for (int r = 0; r < tx->n; r++) {
      sum += dy[r * tdy->stride + c];
      product += dy[r * tdy->stride + c] * (x[r * tx->stride + c] - saved_mean[c]) * saved_inverse[c];
    }
    for (int r = 0; r < tx->n; r++) {
      double normal = (x[r * tx->stride + c] - saved_mean[c]) * saved_inverse[c];
      dx[r * tdx->stride + c] = (float)(gamma[c] * saved_inverse[c] *
                                        (dy[r * tdy->stride + c] - sum / tx->n - normal * product / tx->n));
    }
    d_gamma[c] = (float)product;
    d_beta[c] = (float)sum;
  }
  return *one_too == 1 && *zero_too == 0 ? 0 : 3;
}
