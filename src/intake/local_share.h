/* local_share.h: how much of the local socket one uid may have: connections, octets of requests
 * that have begun to come, octets of answers that nobody reads. Root and httpd's User are trusted;
 * all other uids together leave them their part, whatever they do. Also how the uids share the
 * places of the SMTP listener, where none is trusted. Pure. */
#pragma once

#include <apr.h>

/* connections of one uid that is not trusted, and of all of them; a further one takes the place of
 * an idle one of the same uid, or is refused with 503 */
#define SS_LOCAL_SHARE_CLIENTS 128
#define SS_LOCAL_SHARE_CLIENTS_ALL 512
/* frames of one uid that are larger than a usual one (SS_LOCAL_SHARE_FRAME) and not complete; above
 * it further ones wait in their clients. A trusted uid has four times as much. */
#define SS_LOCAL_SHARE_FRAME 65536
#define SS_LOCAL_SHARE_IN (16 * 1024 * 1024)
/* answers of one uid that its clients have not read; above it the answer is 503. A trusted uid has
 * four times as much. */
#define SS_LOCAL_SHARE_OUT (32 * 1024 * 1024)
/* content of one uid's submissions on its way to the store, and of all uids that are not trusted;
 * above it their clients wait, above twice this those that have begun, too */
#define SS_LOCAL_SHARE_CONTENT (16 * 1024 * 1024)
#define SS_LOCAL_SHARE_CONTENT_ALL (48 * 1024 * 1024)
/* octets of a request's header from a uid that is not trusted: 50,000 recipients of usual length;
 * a larger one is refused with 413 */
#define SS_LOCAL_SHARE_HEADER (4 * 1024 * 1024)

typedef struct ss_local_share_t { /* of one uid */
    int uid, is_trusted;
    int clients;
    apr_size_t in, out;
    struct ss_local_share_t *next;
} ss_local_share_t;

typedef struct { /* all zero: nobody is there */
    ss_local_share_t *first;
    int others; /* clients of all uids that are not trusted */
} ss_local_shares_t;

/* The share of a uid, which is kept while it has clients; NULL without memory. */
ss_local_share_t *ss_local_share_of(ss_local_shares_t *shares, int uid, int is_trusted);
/* Whether the uid may have another client while the process may have so many files open. */
int ss_local_share_may_come(const ss_local_shares_t *shares, const ss_local_share_t *share,
                            apr_uint64_t descriptors);
/* A client comes, or leaves; the share is freed with its last one. */
void ss_local_share_enter(ss_local_shares_t *shares, ss_local_share_t *share);
void ss_local_share_leave(ss_local_shares_t *shares, ss_local_share_t *share);
/* The uid with the most clients; NULL: nobody is there. */
const ss_local_share_t *ss_local_share_most(const ss_local_shares_t *shares);
/* Where all places are taken: whether another client of this uid takes one of that uid, which has
 * more even then. */
int ss_local_share_displaces(const ss_local_share_t *share, const ss_local_share_t *most);
/* Whether a frame of so many octets may be read, or an answer of so many octets be kept. */
int ss_local_share_may_read(const ss_local_share_t *share, apr_size_t len);
int ss_local_share_may_answer(const ss_local_share_t *share, apr_size_t len);
int ss_local_share_may_head(const ss_local_share_t *share, apr_size_t len);
/* Whether more content may be read from a client of a uid that is not trusted while so much of the
 * uid, and of all such uids, is in memory. is_charged: some of it is the client's. */
int ss_local_share_may_content(apr_size_t own, apr_size_t all, int is_charged);
