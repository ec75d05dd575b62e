/* libcublas.so.12 for machines that have libcublas.so.13 only: JCuda's library asks for the older
 * one by name and version node. Every function is one jump through a slot, filled when this library
 * is loaded; one that the newer cuBLAS no longer has answers CUBLAS_STATUS_NOT_SUPPORTED. */
#include <dlfcn.h>

#ifndef TARGET
#define TARGET "libcublas.so.13"
#endif

static int not_supported(void) { return 15; }

/* A slot per function, and the jump through it: arguments and stack stay as they are. */
#define FORWARD(name)                                       \
  __attribute__((visibility("hidden"))) void *slot_##name;  \
  __asm__(".text\n.globl " #name "\n"                       \
          ".type " #name ", @function\n" #name ":\n"        \
          "\tendbr64\n\tjmp *slot_" #name "(%rip)\n"        \
          ".size " #name ", . - " #name "\n");
#include "bridge-symbols.h"
#undef FORWARD

__attribute__((constructor)) static void fill_slots(void) {
  void *target = dlopen(TARGET, RTLD_LAZY);
  void *found;
#define FORWARD(name)                            \
  found = target ? dlsym(target, #name) : 0;     \
  slot_##name = found ? found : (void *)not_supported;
#include "bridge-symbols.h"
}
