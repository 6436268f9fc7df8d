#ifndef MUSTER_COPENSSL_SHIM_H
#define MUSTER_COPENSSL_SHIM_H
#include <openssl/bio.h>    // the memory TLS reads from and writes to
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>    // TLS itself
#include <openssl/x509v3.h> // how a name is compared

// Below: what OpenSSL has as macros with casts, which Swift does not see.

// No second handshake on a connection (CPU for the asking), no compression (CRIME), our order of
// ciphers (but a client without AES in hardware gets ChaCha20), no tickets in TLS 1.2.
static const uint64_t muster_ssl_options = SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION
    | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA | SSL_OP_NO_TICKET;

// Nothing below TLS 1.2 (RFC 8996).
static inline int muster_ssl_ctx_set_version_min(SSL_CTX *context) {
    return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1;
}

// Record buffers, 33 KiB a connection, are freed while they are empty.
static inline void muster_ssl_ctx_release_buffers(SSL_CTX *context) {
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
}

// No memory for sessions that may be resumed: none is.
static inline void muster_ssl_ctx_keep_no_sessions(SSL_CTX *context) {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
}

// The name a client asks for, so that a server of many chooses its certificate (RFC 6066).
static inline int muster_ssl_set_server_name(SSL *session, const char *name) {
    return SSL_set_tlsext_host_name(session, name) == 1;
}

// The certificates that follow the server's own in its file.
static inline int muster_ssl_ctx_chain_count(SSL_CTX *context) {
    STACK_OF(X509) *chain = NULL;
    SSL_CTX_get0_chain_certs(context, &chain);
    return chain == NULL ? 0 : sk_X509_num(chain);
}

static inline X509 *muster_ssl_ctx_chain(SSL_CTX *context, int index) {
    STACK_OF(X509) *chain = NULL;
    SSL_CTX_get0_chain_certs(context, &chain);
    return chain == NULL ? NULL : sk_X509_value(chain, index);
}
#endif
