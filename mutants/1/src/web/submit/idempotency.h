/* idempotency.h: the Idempotency-Key of a submission. */
#pragma once

#include <httpd.h>

#define SS_IDEMPOTENCY_HASH_TEXT 65

typedef struct {
    /* NULL: none was given. Begins with the submitter, since applications may choose the same key
     */
    const char *key;
    char hash[SS_IDEMPOTENCY_HASH_TEXT];
} ss_idempotency_t;

/* Reads the request's header field. 1, or 0: 400 was sent. */
int ss_idempotency_read(request_rec *r, const char *submitter, ss_idempotency_t *repeat);
/* SHA-256 of what the client sent: type, parameters (both may be NULL) and body, without what we
 * add (Date, Message-ID, fields). */
void ss_idempotency_hash(const char *type, const char *args, const char *bytes, apr_size_t len,
                         ss_idempotency_t *repeat);
/* The same for a body in pieces. begin may return NULL (out of memory); end then leaves the hash
 * empty. end frees it. */
typedef struct ss_idempotency_hash_t ss_idempotency_hash_t;
ss_idempotency_hash_t *ss_idempotency_hash_begin(const char *type, const char *args);
void ss_idempotency_hash_add(ss_idempotency_hash_t *hash, const char *bytes, apr_size_t len);
void ss_idempotency_hash_end(ss_idempotency_hash_t *hash, ss_idempotency_t *repeat);
