/* lift.h: files in a document that is too large to be held in memory (JSON with base64, a form with
 * files). While it comes, their contents are lifted out of it into a file without a name, and a
 * marker stands in the document in their place; the message that is composed of it has the markers,
 * too; at the end its body is written to another such file, with the contents in their places.
 * Markers have a random number that nobody outside knows. Not thread-safe. */
#ifndef SS_MAIL_LIFT_H
#define SS_MAIL_LIFT_H

#include <apr_tables.h>

#include "base/buf.h"
#include "base/scratch.h"

#define SS_LIFT_FROM 65536
#define SS_LIFT_TOKEN 16 /* octets of the random number */

typedef enum { SS_LIFT_JSON, SS_LIFT_MULTIPART } ss_lift_kind_t;

/* where a content stands in the file */
typedef struct {
    apr_uint64_t at, len;
} ss_lift_item_t;

typedef struct ss_lift_t {
    ss_buf_t doc; /* the document with markers */
    ss_scratch_t file;
    /* the first error: no memory, no room for the file, doc's bound */
    apr_status_t failed;
    /* contents up to this stay where they are: SS_LIFT_FROM, unless it is changed before the first
     * piece */
    apr_size_t from;
    /* its own */
    apr_pool_t *pool;
    ss_lift_kind_t kind;
    const char *boundary;
    char token[48];
    apr_array_header_t *lifted; /* of ss_lift_item_t */
    enum { SS_LIFT_OUTSIDE, SS_LIFT_HEADER, SS_LIFT_CONTENT, SS_LIFT_ESCAPE, SS_LIFT_DONE } state;
    int is_file; /* the content is a file's: it may be lifted */
    int is_lifting;
    apr_size_t start;   /* of the header or content in doc */
    apr_size_t scanned; /* MULTIPART: octets of doc that were looked at */
} ss_lift_t;

/* boundary: MULTIPART only. doc_max: its bound in octets. Everything ends with the pool. */
void ss_lift_begin(ss_lift_t *lift, ss_lift_kind_t kind, const char *boundary, apr_size_t doc_max,
                   const unsigned char token[SS_LIFT_TOKEN], apr_pool_t *pool);
/* Takes a piece of the document; errors are kept in lift->failed. */
void ss_lift_add(ss_lift_t *lift, const char *bytes, apr_size_t len);
/* All has come. */
void ss_lift_end(ss_lift_t *lift);
/* The content whose marker these octets are, all of them; NULL: they are none. lift may be NULL. */
ss_lift_item_t *ss_lift_find(const ss_lift_t *lift, const char *bytes, apr_size_t len);
/* Whether a marker stands anywhere in them. */
int ss_lift_has(const ss_lift_t *lift, const char *bytes, apr_size_t len);
/* The marker of a content. */
const char *ss_lift_marker(const ss_lift_t *lift, const ss_lift_item_t *content, apr_pool_t *pool);
/* JSON: what stands in the file as a JSON string becomes what it says in base64. 0; -1: it is no
 * base64. Errors of the file are kept in lift->failed. */
int ss_lift_decode(ss_lift_t *lift, ss_lift_item_t *content);
/* Puts len octets with markers, each a line of its own, into out, with the contents in base64
 * (lines of 76) in their places. *head_len: octets in front of the first marker, which are left
 * out; len where there is none. Errors: reading, or out->failed. */
apr_status_t ss_lift_lower(ss_lift_t *lift, const char *bytes, apr_size_t len, apr_size_t *head_len,
                           ss_scratch_t *out);

#endif
