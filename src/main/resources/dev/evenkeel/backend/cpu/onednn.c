/* The door from Java to oneDNN's matrix product, on plain float[] without a copy. Built by scripts/build-onednn
   into the library beside this file, which asks for libdnnl and libgomp and nothing else, so that it loads on
   any Linux on which they do. A product is made once for its shape and run many times; what it needs besides
   its matrices is a buffer of the caller's. Every function returns oneDNN's status, 0 where all is well. */
#define _GNU_SOURCE
#include <immintrin.h>
#include <jni.h>
#include <link.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

/* Of oneDNN's headers, version 3. */
enum { CPU = 1, BF16 = 2, F32 = 3, UNIMPLEMENTED = 3, NO_FAST_WAY = -1, IN_ORDER = 1, SCRATCHPAD_OF_USER = 1, STRICT = 0, IMPLEMENTATION = 8, SCRATCHPAD = 136 };
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
extern int dnnl_primitive_attr_set_fpmath_mode(void *attributes, int mode);
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

/* An operand as it is stored; and the bytes of its copy in bfloat16, 0 where it is taken as it is. */
typedef struct { int64_t rows, columns, stride, bytes; } Operand;
/* Kept in Java's array: what run and free want, and last the bytes of the buffer. */
typedef struct { void *primitive, *stream, *a, *b, *c, *space; Operand left, right; int64_t bytes; } Product;
enum { LONGS = sizeof(Product) / sizeof(jlong) };
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
static int matrix(void **made, int64_t rows, int64_t columns, int64_t stride, int transposed, int type) {
  int64_t sizes[12] = {rows, columns}, strides[12] = {transposed ? 1 : stride, transposed ? stride : 1};
  return dnnl_memory_desc_create_with_strides(made, 2, sizes, type, strides);
}

/* The same of one that is rounded first. Its rows are padded to whole cache lines, and one more where they would lie at
   many of them, as at a power of 2, and fall into few sets of the cache. */
static int64_t padded(int64_t columns) {
  int64_t whole = (columns + 31) & ~(int64_t)31;
  return whole % 256 ? whole : whole + 32;
}
static int operand(void **made, Operand *stored, int rounded, int64_t rows, int64_t columns, int64_t stride, int transposed) {
  *stored = (Operand){transposed ? columns : rows, transposed ? rows : columns, stride, 0};
  if (!rounded) return matrix(made, rows, columns, stride, transposed, F32);
  stored->bytes = 2 * stored->rows * padded(stored->columns);
  return matrix(made, rows, columns, padded(stored->columns), transposed, BF16);
}

/* To nearest, ties to even. 64-byte aligned is the copy. */
__attribute__((target("avx512f,avx512bf16"))) static void rounded(const Operand *stored, const float *from, char *copy) {
  for (int64_t i = 0; i < stored->rows; i++, from += stored->stride, copy += 2 * padded(stored->columns)) {
    for (int64_t j = 0, rest = stored->columns; rest > 0; j += 32, rest -= 32) {
      uint32_t mask = rest < 32 ? ((uint32_t)1 << rest) - 1 : ~(uint32_t)0;
      __m512 low = _mm512_maskz_loadu_ps((__mmask16)mask, from + j);
      __m512 high = _mm512_maskz_loadu_ps((__mmask16)(mask >> 16), from + j + 16);
      _mm512_store_si512(copy + 2 * j, (__m512i)_mm512_cvtne2ps_pbh(high, low));
    }
  }
}

static void drop(Product *made) {
  if (made->primitive) dnnl_primitive_destroy(made->primitive);
  if (made->stream) dnnl_stream_destroy(made->stream);
  if (made->a) dnnl_memory_destroy(made->a);
  if (made->b) dnnl_memory_destroy(made->b);
  if (made->c) dnnl_memory_destroy(made->c);
  if (made->space) dnnl_memory_destroy(made->space);
}

/* C [m, n] := A B, of A and B as they are or rounded to bfloat16. -1 where oneDNN has no fast way. */
FUNCTION(jint, make)(JNIEnv *env, jclass type, jboolean rounded, jboolean transposeA, jboolean transposeB, jint m, jint n,
    jint k, jint aStride, jint bStride, jint cStride, jlongArray product) {
  void *a = 0, *b = 0, *c = 0, *attributes = 0, *plan = 0;
  Product made = {0};
  const char *way = "";
  int threads = omp_get_max_threads(); /* this thread's own number: our workers are the only pool here */
  omp_set_num_threads(1);
  int status = operand(&a, &made.left, rounded, m, k, aStride, transposeA);
  if (!status) status = operand(&b, &made.right, rounded, k, n, bStride, transposeB);
  if (!status) status = matrix(&c, m, n, cStride, 0, F32);
  if (!status) status = dnnl_primitive_attr_create(&attributes);
  if (!status) status = dnnl_primitive_attr_set_scratchpad_mode(attributes, SCRATCHPAD_OF_USER);
  if (!status) status = dnnl_primitive_attr_set_fpmath_mode(attributes, STRICT); /* whatever the environment says */
  if (!status) status = dnnl_matmul_primitive_desc_create(&plan, engine, a, b, 0, c, attributes);
  if (!status) status = dnnl_primitive_desc_query(plan, IMPLEMENTATION, 0, &way);
  if (status == UNIMPLEMENTED || (!status && !(way[0] == 'b' && way[1] == 'r' && way[2] == 'g'))) status = NO_FAST_WAY;
  if (!status) status = dnnl_primitive_create(&made.primitive, plan);
  if (!status) status = dnnl_stream_create(&made.stream, engine, IN_ORDER);
  if (!status) status = dnnl_memory_create(&made.a, a, engine, 0);
  if (!status) status = dnnl_memory_create(&made.b, b, engine, 0);
  if (!status) status = dnnl_memory_create(&made.c, c, engine, 0);
  if (!status) {
    const void *space = dnnl_primitive_desc_query_md(plan, SCRATCHPAD, 0);
    made.bytes = made.left.bytes + made.right.bytes + dnnl_memory_desc_get_size(space);
    status = dnnl_memory_create(&made.space, space, engine, 0);
  }
  if (plan) dnnl_primitive_desc_destroy(plan);
  if (attributes) dnnl_primitive_attr_destroy(attributes);
  if (a) dnnl_memory_desc_destroy(a);
  if (b) dnnl_memory_desc_destroy(b);
  if (c) dnnl_memory_desc_destroy(c);
  if (status) drop(&made);
  else (*env)->SetLongArrayRegion(env, product, 0, LONGS, (jlong *)&made);
  omp_set_num_threads(threads);
  dl_iterate_phdr(forget, (void *)dnnl_engine_create);
  return status;
}

/* The matrix itself, or its copy at the beginning of the space, which then is less. */
static void *taken(const Operand *stored, const float *matrix, char **space) {
  char *copy = *space;
  if (!stored->bytes) return (void *)matrix;
  *space += stored->bytes;
  rounded(stored, matrix, copy);
  return copy;
}

/* One at a time for each product. -2 where memory is out. */
FUNCTION(jint, run)(JNIEnv *env, jclass type, jlongArray product, jfloatArray aArray, jint aFrom, jfloatArray bArray,
    jint bFrom, jfloatArray cArray, jint cFrom, jfloatArray spaceArray) {
  Product made;
  (*env)->GetLongArrayRegion(env, product, 0, LONGS, (jlong *)&made);
  int status = -2, threads = omp_get_max_threads();
  if (threads != 1) omp_set_num_threads(1);
  float *a = (*env)->GetPrimitiveArrayCritical(env, aArray, 0);
  float *b = a ? (*env)->GetPrimitiveArrayCritical(env, bArray, 0) : 0;
  float *c = b ? (*env)->GetPrimitiveArrayCritical(env, cArray, 0) : 0;
  float *space = c ? (*env)->GetPrimitiveArrayCritical(env, spaceArray, 0) : 0;
  if (space) {
    Argument arguments[] = {{SOURCE, made.a}, {WEIGHTS, made.b}, {DESTINATION, made.c}, {BUFFER, made.space}};
    char *rest = (char *)(((uintptr_t)space + 63) & ~(uintptr_t)63);
    status = dnnl_memory_set_data_handle(made.a, taken(&made.left, a + aFrom, &rest));
    if (!status) status = dnnl_memory_set_data_handle(made.b, taken(&made.right, b + bFrom, &rest));
    if (!status) status = dnnl_memory_set_data_handle(made.c, c + cFrom);
    if (!status) status = dnnl_memory_set_data_handle(made.space, rest);
    if (!status) status = dnnl_primitive_execute(made.primitive, made.stream, 4, arguments);
    (*env)->ReleasePrimitiveArrayCritical(env, spaceArray, space, JNI_ABORT);
  }
  if (c) (*env)->ReleasePrimitiveArrayCritical(env, cArray, c, 0);
  if (b) (*env)->ReleasePrimitiveArrayCritical(env, bArray, b, JNI_ABORT);
  if (a) (*env)->ReleasePrimitiveArrayCritical(env, aArray, a, JNI_ABORT);
  if (threads != 1) omp_set_num_threads(threads);
  return status;
}

FUNCTION(void, free)(JNIEnv *env, jclass type, jlongArray product) {
  Product made;
  (*env)->GetLongArrayRegion(env, product, 0, LONGS, (jlong *)&made);
  drop(&made);
}
