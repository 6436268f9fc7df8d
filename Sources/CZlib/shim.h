#ifndef MUSTER_CZLIB_SHIM_H
#define MUSTER_CZLIB_SHIM_H
#include <stdlib.h>
#include <zlib.h>
// inflateInit2 is a macro with a version check in it, which Swift can't call.
static inline int muster_inflate_init(z_streamp stream, int window_bits) {
    return inflateInit2(stream, window_bits);
}
// Where content grows: unlike Swift's allocator, realloc moves a large block by its page table,
// and says so when there is no memory instead of ending the process.
static inline void *muster_resize(void *memory, size_t byte_count) {
    return realloc(memory, byte_count);
}
static inline void muster_free(void *memory) {
    free(memory);
}
#endif
