/* idempotency.h: the Idempotency-Key of a submission. */
#pragma once

#include <httpd.h>
#include <glib.h>

typedef struct {
    const char *key; /* NULL: none was given. Each submitter has keys of its own. */
    char hash[65];   /* hexadecimal digits */
} ss_idempotency_t;

/* Reads the request's header field. 1, or 0: 400 was sent. */
int ss_idempotency_read(request_rec *r, ss_idempotency_t *repeat);
/* SHA-256 of what the client sent: type, parameters (both may be NULL) and body, without what we
 * add (Date, Message-ID, fields). */
void ss_idempotency_hash(const char *type, const char *args, const char *bytes, apr_size_t len,
                         ss_idempotency_t *repeat);
/* The same for a body in pieces, which the caller gives to ss_idempotency_hash_add. end (which
 * takes NULL: nothing was hashed) frees it; free does so without a result, and takes NULL. */
GChecksum *ss_idempotency_hash_begin(const char *type, const char *args);
void ss_idempotency_hash_add(GChecksum *hash, const char *bytes, apr_size_t len);
void ss_idempotency_hash_end(GChecksum *hash, ss_idempotency_t *repeat);
void ss_idempotency_hash_free(GChecksum *hash);
