/* The door from Java to oneDNN's sgemm, on plain float[] without a copy. Built by scripts/build-onednn
   into the library beside this file, which asks for libdnnl and libgomp and nothing else: no libc, so
   that it loads on any Linux. */
#include <jni.h>
#include <stdint.h>

extern int dnnl_sgemm(char transposeA, char transposeB, int64_t m, int64_t n, int64_t k, float alpha,
    const float *a, int64_t aStride, const float *b, int64_t bStride, float beta, float *c, int64_t cStride);
extern int omp_get_max_threads(void);
extern void omp_set_num_threads(int threads);

/* Tells a test whether the library is of this source. */
__attribute__((used)) static const char source[] = "onednn.c " SOURCE_SHA256;

/* C [m, n] := A B, all row-major. Returns oneDNN's status, 0 where all is well, or -1 where memory is out. */
JNIEXPORT jint JNICALL Java_dev_evenkeel_backend_cpu_OneDnn_multiply(JNIEnv *env, jclass type,
    jboolean transposeA, jboolean transposeB, jint m, jint n, jint k, jfloatArray aArray, jint aFrom, jint aStride,
    jfloatArray bArray, jint bFrom, jint bStride, jfloatArray cArray, jint cFrom, jint cStride) {
  int status = -1;
  /* This thread's own number, which others may have set: our workers are the only pool here. */
  int threads = omp_get_max_threads();
  if (threads != 1) omp_set_num_threads(1);
  float *a = (*env)->GetPrimitiveArrayCritical(env, aArray, 0);
  float *b = a ? (*env)->GetPrimitiveArrayCritical(env, bArray, 0) : 0;
  float *c = b ? (*env)->GetPrimitiveArrayCritical(env, cArray, 0) : 0;
  if (c) {
    status = dnnl_sgemm(transposeA ? 'T' : 'N', transposeB ? 'T' : 'N', m, n, k, 1, a + aFrom, aStride,
        b + bFrom, bStride, 0, c + cFrom, cStride);
    (*env)->ReleasePrimitiveArrayCritical(env, cArray, c, 0);
  }
  if (b) (*env)->ReleasePrimitiveArrayCritical(env, bArray, b, JNI_ABORT);
  if (a) (*env)->ReleasePrimitiveArrayCritical(env, aArray, a, JNI_ABORT);
  if (threads != 1) omp_set_num_threads(threads);
  return status;
}
