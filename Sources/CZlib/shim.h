#ifndef MUSTER_CZLIB_SHIM_H
#define MUSTER_CZLIB_SHIM_H
#include <zlib.h>
// inflateInit2 is a macro with a version check in it, which Swift can't call.
static inline int muster_inflate_init(z_streamp stream, int window_bits) {
    return inflateInit2(stream, window_bits);
}
#endif
