/* frame.h: frames of the local socket: a fixed head, a JSON header, content. Pure.
 * head (24 bytes, big endian): "SsS" and version (1) | type (1) flags (1) zero (2) | header length
 * (4) | content length (4) | instance (8). */
#pragma once

#include <apr.h>
#include <apr_errno.h>

#define SS_FRAME_HEAD 24
#define SS_FRAME_VERSION 1
/* JSON header: room for 50,000 recipients; a larger one is refused */
#define SS_FRAME_HEADER_MAX 8388608
#define SS_FRAME_CONTENT_MAX 262144 /* content of one frame; the rest follows in PART frames */

typedef enum {
    /* header {"do": verb, ...}; content: its first part */
    SS_FRAME_REQUEST = 1,
    SS_FRAME_PART = 2, /* more content of the request before */
    /* header {"status": HTTP status, "detail": ..., ...}; content: the document */
    SS_FRAME_ANSWER = 3,
    SS_FRAME_STEP = 4, /* before the answer: content is a piece of a streamed document */
    SS_FRAME_BYE = 5   /* the daemon leaves: a request without an answer before this frame was not
                          read, and may be repeated on a new connection */
} ss_frame_type_t;

enum { SS_FRAME_LAST = 1 }; /* flag: no PART follows */

typedef struct {
    int version;
    ss_frame_type_t type;
    unsigned flags;
    apr_uint32_t header_len, content_len;
    /* which server this is meant for; 0: whoever listens (command line) */
    apr_uint64_t instance;
} ss_frame_t;

/* Reads a head. APR_SUCCESS; APR_INCOMPLETE (fewer than 24 octets); APR_EINVAL (another protocol,
 * or above a bound); APR_ENOTIMPL (another version: frame->version). */
apr_status_t ss_frame_read(ss_frame_t *frame, const char *bytes, apr_size_t len);
/* Writes a head into 24 bytes. */
void ss_frame_write(const ss_frame_t *frame, char out[SS_FRAME_HEAD]);
