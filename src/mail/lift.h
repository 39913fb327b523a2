/* lift.h: keeps large files out of memory. While a document (JSON, a form) arrives, the contents of
 * files are moved ("lifted") to an unnamed file and replaced by markers, which contain a random
 * number. At the end the composed message's body is written to another unnamed file with the
 * contents in place of the markers. Not thread-safe. */
#pragma once

#include <apr_tables.h>

#include "base/buf.h"
#include "base/scratch.h"

#define SS_LIFT_FROM 65536
#define SS_LIFT_TOKEN 16 /* octets of the random number */

typedef enum { SS_LIFT_JSON, SS_LIFT_MULTIPART } ss_lift_kind_t;

/* where the file holds a content */
typedef struct {
    apr_uint64_t at, len;
    int is_decoded; /* once, for all messages that it is part of */
} ss_lift_item_t;

typedef struct ss_lift_t {
    ss_buf_t doc; /* the document, with markers */
    ss_scratch_t file;
    apr_status_t failed; /* the first error: out of memory, no space for the file, doc is full */
    apr_size_t from;  /* smaller contents stay in the document; may be set before the first piece */
    apr_pool_t *pool; /* private */
    ss_lift_kind_t kind;
    const char *boundary;
    char token[48];
    apr_array_header_t *lifted; /* of ss_lift_item_t */
    enum { SS_LIFT_OUTSIDE, SS_LIFT_HEADER, SS_LIFT_CONTENT, SS_LIFT_ESCAPE, SS_LIFT_DONE } state;
    int is_file; /* the content is of a file: it may be lifted */
    int is_lifting;
    apr_size_t start;   /* of the header or content in doc */
    apr_size_t scanned; /* MULTIPART: octets of doc already examined */
} ss_lift_t;

/* boundary: MULTIPART only. doc_max: limit of doc in octets. The pool's cleanup closes the file. */
void ss_lift_begin(ss_lift_t *lift, ss_lift_kind_t kind, const char *boundary, apr_size_t doc_max,
                   const unsigned char token[SS_LIFT_TOKEN], apr_pool_t *pool);
/* A piece of the document, and its end. */
void ss_lift_add(ss_lift_t *lift, const char *bytes, apr_size_t len);
void ss_lift_end(ss_lift_t *lift);
/* The content whose marker is exactly these octets, or NULL. lift may be NULL. */
ss_lift_item_t *ss_lift_find(const ss_lift_t *lift, const char *bytes, apr_size_t len);
/* Whether these octets contain a marker. lift may be NULL. */
int ss_lift_has(const ss_lift_t *lift, const char *bytes, apr_size_t len);
const char *ss_lift_marker(const ss_lift_t *lift, const ss_lift_item_t *content, apr_pool_t *pool);
/* Decodes a content in the file from base64, in JSON within a string. 0, or -1: not base64, or the
 * file failed (lift->failed). */
int ss_lift_decode(ss_lift_t *lift, ss_lift_item_t *content);
/* Reads a content back into memory, which is freed with the pool; a zero byte follows it. */
apr_status_t ss_lift_take_back(const ss_lift_t *lift, const ss_lift_item_t *content, char **bytes,
                               apr_pool_t *pool);
/* Writes len octets to out and replaces each marker, a line of its own, by its content in base64
 * (lines of 76). The octets before the first marker are not written: *head_len of them; len if
 * there is no marker. Errors: reading, or out->failed. */
apr_status_t ss_lift_lower(ss_lift_t *lift, const char *bytes, apr_size_t len, apr_size_t *head_len,
                           ss_scratch_t *out);
