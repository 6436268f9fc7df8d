#ifndef MUSTER_CZLIB_SHIM_H
#define MUSTER_CZLIB_SHIM_H
#ifdef __linux__
#include <sys/mman.h>
#ifndef MREMAP_MAYMOVE
// Behind _GNU_SOURCE, which would give fd_set other members than Swift's module of libc has, and
// then whichever of the two modules is built second does not build.
extern void *mremap(void *memory, size_t old_size, size_t size, int flags, ...);
#define MREMAP_MAYMOVE 1
#endif
#endif
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
// inflateInit2 is a macro with a version check in it, which Swift can't call.
static inline int muster_inflate_init(z_streamp stream, int window_bits) {
    return inflateInit2(stream, window_bits);
}
// Where content grows, and how it is freed. Unlike Swift's allocator they say so when there is no
// memory, instead of ending the process. On Linux a block of 4 MiB or more is a mapping of its own,
// which mremap moves by its page table: it is never there twice, and gone when it is freed.
#define MUSTER_MAPPED_MIN ((size_t)4 << 20)

static inline void muster_free(void *memory, size_t size) {
#ifdef __linux__
    if (size >= MUSTER_MAPPED_MIN) {
        munmap(memory, size);
        return;
    }
#endif
    free(memory);
}

static inline void *muster_resize(void *memory, size_t old_size, size_t size) {
#ifdef __linux__
    if (size >= MUSTER_MAPPED_MIN) {
        void *grown = old_size >= MUSTER_MAPPED_MIN
            ? mremap(memory, old_size, size, MREMAP_MAYMOVE)
            : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (grown == MAP_FAILED) return NULL;
        if (memory != NULL && old_size < MUSTER_MAPPED_MIN) {
            memcpy(grown, memory, old_size);
            free(memory);
        }
        return grown;
    }
#endif
    return realloc(memory, size);
}
#endif
