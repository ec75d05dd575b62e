/* The door from Java to oneDNN's matrix product, on plain float[] without a copy. Built by scripts/build-onednn
   into the library beside this file, which asks for libdnnl and libgomp and nothing else, so that it loads on
   any Linux on which they do. A product is made once for its shape and run many times; what it needs besides
   its matrices is a buffer of the caller's. Every function returns oneDNN's status, 0 where all is well. */
#define _GNU_SOURCE
#include <jni.h>
#include <link.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

/* Of oneDNN's headers, version 3. */
enum { CPU = 1, F32 = 3, IN_ORDER = 1, SCRATCHPAD_OF_USER = 1, IMPLEMENTATION = 8, SCRATCHPAD = 136 };
enum { SOURCE = 1, DESTINATION = 17, WEIGHTS = 33, BUFFER = 80 };
typedef struct { int which; void *memory; } Argument;
extern int dnnl_engine_create(void **engine, int kind, size_t index);
extern int dnnl_stream_create(void **stream, void *engine, unsigned flags);
extern int dnnl_stream_destroy(void *stream);
extern int dnnl_memory_desc_create_with_strides(void **matrix, int n, const int64_t *sizes, int type, const int64_t *strides);
extern size_t dnnl_memory_desc_get_size(const void *matrix);
extern int dnnl_memory_desc_destroy(void *matrix);
extern int dnnl_primitive_attr_create(void **attributes);
extern int dnnl_primitive_attr_set_scratchpad_mode(void *attributes, int mode);
extern int dnnl_primitive_attr_destroy(void *attributes);
extern int dnnl_matmul_primitive_desc_create(void **plan, void *engine, const void *source, const void *weights,
    const void *bias, const void *destination, const void *attributes);
extern int dnnl_primitive_desc_query(const void *plan, int what, int index, void *result);
extern const void *dnnl_primitive_desc_query_md(const void *plan, int what, int index);
extern int dnnl_primitive_desc_destroy(void *plan);
extern int dnnl_primitive_create(void **primitive, const void *plan);
extern int dnnl_primitive_execute(const void *primitive, void *stream, int n, const Argument *arguments);
extern int dnnl_primitive_destroy(void *primitive);
extern int dnnl_memory_create(void **memory, const void *matrix, void *engine, void *data);
extern int dnnl_memory_set_data_handle(void *memory, void *data);
extern int dnnl_memory_destroy(void *memory);
extern int omp_get_max_threads(void);
extern void omp_set_num_threads(int threads);

/* Tells a test whether the library is of this source. */
__attribute__((used)) static const char source[] = "onednn.c " SOURCE_SHA256;

enum { PRIMITIVE, STREAM, A, B, C, SPACE, BYTES, HANDLES };
static void *engine;

#define FUNCTION(type, name) JNIEXPORT type JNICALL Java_dev_evenkeel_backend_cpu_OneDnn_##name

/* Loading has read all of oneDNN's symbol tables and much of its code: 30 MB of its file that stay mapped, though the
   kernels are made at run time; making one reads another 6. Unmapped, the few pages that are wanted again come back. */
static int forget(struct dl_phdr_info *library, size_t size, void *address) {
  int found = 0;
  for (int pass = 0; pass < 2; pass++) {
    for (int i = 0; i < library->dlpi_phnum; i++) {
      const ElfW(Phdr) *part = &library->dlpi_phdr[i];
      char *from = (char *)library->dlpi_addr + part->p_vaddr, *to = from + part->p_memsz;
      if (part->p_type != PT_LOAD || part->p_flags & PF_W) continue;
      if (pass == 0) found |= from <= (char *)address && (char *)address < to;
      else if (found) madvise((void *)((uintptr_t)from & -(uintptr_t)4096), to - from, MADV_DONTNEED);
    }
  }
  return found;
}

/* Once, before all else. */
FUNCTION(jint, start)(JNIEnv *env, jclass type) {
  int status = dnnl_engine_create(&engine, CPU, 0);
  dl_iterate_phdr(forget, (void *)dnnl_engine_create);
  return status;
}

/* A row-major [rows, columns], or what it is the transpose of. */
static int matrix(void **made, int64_t rows, int64_t columns, int64_t stride, int transposed) {
  int64_t sizes[12] = {rows, columns}, strides[12] = {transposed ? 1 : stride, transposed ? stride : 1};
  return dnnl_memory_desc_create_with_strides(made, 2, sizes, F32, strides);
}

static void drop(void **made) {
  if (made[PRIMITIVE]) dnnl_primitive_destroy(made[PRIMITIVE]);
  if (made[STREAM]) dnnl_stream_destroy(made[STREAM]);
  for (int i = A; i <= SPACE; i++) if (made[i]) dnnl_memory_destroy(made[i]);
}

/* C [m, n] := A B. Into handles: what run and free want, and last the bytes of the buffer. -1 where oneDNN has no fast way. */
FUNCTION(jint, make)(JNIEnv *env, jclass type, jboolean transposeA, jboolean transposeB, jint m, jint n, jint k,
    jint aStride, jint bStride, jint cStride, jlongArray handles) {
  void *a = 0, *b = 0, *c = 0, *attributes = 0, *plan = 0, *made[HANDLES] = {0};
  const char *way = "";
  int threads = omp_get_max_threads(); /* this thread's own number: our workers are the only pool here */
  omp_set_num_threads(1);
  int status = matrix(&a, m, k, aStride, transposeA);
  if (!status) status = matrix(&b, k, n, bStride, transposeB);
  if (!status) status = matrix(&c, m, n, cStride, 0);
  if (!status) status = dnnl_primitive_attr_create(&attributes);
  if (!status) status = dnnl_primitive_attr_set_scratchpad_mode(attributes, SCRATCHPAD_OF_USER);
  if (!status) status = dnnl_matmul_primitive_desc_create(&plan, engine, a, b, 0, c, attributes);
  if (!status) status = dnnl_primitive_desc_query(plan, IMPLEMENTATION, 0, &way);
  if (!status && !(way[0] == 'b' && way[1] == 'r' && way[2] == 'g')) status = -1;
  if (!status) status = dnnl_primitive_create(&made[PRIMITIVE], plan);
  if (!status) status = dnnl_stream_create(&made[STREAM], engine, IN_ORDER);
  if (!status) status = dnnl_memory_create(&made[A], a, engine, 0);
  if (!status) status = dnnl_memory_create(&made[B], b, engine, 0);
  if (!status) status = dnnl_memory_create(&made[C], c, engine, 0);
  if (!status) {
    const void *space = dnnl_primitive_desc_query_md(plan, SCRATCHPAD, 0);
    made[BYTES] = (void *)dnnl_memory_desc_get_size(space);
    status = dnnl_memory_create(&made[SPACE], space, engine, 0);
  }
  if (plan) dnnl_primitive_desc_destroy(plan);
  if (attributes) dnnl_primitive_attr_destroy(attributes);
  if (a) dnnl_memory_desc_destroy(a);
  if (b) dnnl_memory_desc_destroy(b);
  if (c) dnnl_memory_desc_destroy(c);
  if (status) drop(made);
  else (*env)->SetLongArrayRegion(env, handles, 0, HANDLES, (jlong *)made);
  omp_set_num_threads(threads);
  dl_iterate_phdr(forget, (void *)dnnl_engine_create);
  return status;
}

/* One at a time for each product. -2 where memory is out. */
FUNCTION(jint, run)(JNIEnv *env, jclass type, jlongArray handles, jfloatArray aArray, jint aFrom, jfloatArray bArray,
    jint bFrom, jfloatArray cArray, jint cFrom, jfloatArray spaceArray) {
  void *made[HANDLES];
  (*env)->GetLongArrayRegion(env, handles, 0, HANDLES, (jlong *)made);
  int status = -2, threads = omp_get_max_threads();
  if (threads != 1) omp_set_num_threads(1);
  float *a = (*env)->GetPrimitiveArrayCritical(env, aArray, 0);
  float *b = a ? (*env)->GetPrimitiveArrayCritical(env, bArray, 0) : 0;
  float *c = b ? (*env)->GetPrimitiveArrayCritical(env, cArray, 0) : 0;
  float *space = c ? (*env)->GetPrimitiveArrayCritical(env, spaceArray, 0) : 0;
  if (space) {
    Argument arguments[] = {{SOURCE, made[A]}, {WEIGHTS, made[B]}, {DESTINATION, made[C]}, {BUFFER, made[SPACE]}};
    status = dnnl_memory_set_data_handle(made[A], a + aFrom);
    if (!status) status = dnnl_memory_set_data_handle(made[B], b + bFrom);
    if (!status) status = dnnl_memory_set_data_handle(made[C], c + cFrom);
    if (!status) status = dnnl_memory_set_data_handle(made[SPACE], (void *)(((uintptr_t)space + 63) & ~(uintptr_t)63));
    if (!status) status = dnnl_primitive_execute(made[PRIMITIVE], made[STREAM], 4, arguments);
    (*env)->ReleasePrimitiveArrayCritical(env, spaceArray, space, JNI_ABORT);
  }
  if (c) (*env)->ReleasePrimitiveArrayCritical(env, cArray, c, 0);
  if (b) (*env)->ReleasePrimitiveArrayCritical(env, bArray, b, JNI_ABORT);
  if (a) (*env)->ReleasePrimitiveArrayCritical(env, aArray, a, JNI_ABORT);
  if (threads != 1) omp_set_num_threads(threads);
  return status;
}

FUNCTION(void, free)(JNIEnv *env, jclass type, jlongArray handles) {
  void *made[HANDLES];
  (*env)->GetLongArrayRegion(env, handles, 0, HANDLES, (jlong *)made);
  drop(made);
}
