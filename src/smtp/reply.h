/* reply.h: splits the server's bytes into replies (RFC 5321 4.2; enhanced codes RFC 2034). */
#pragma once

#include <apr.h>
#include <apr_errno.h>

#include "smtp/cmd.h"

/* longer lines are a protocol error: the connection is closed, its mail deferred */
#define SS_REPLY_LINE_MAX 4096
#define SS_REPLY_LINES_MAX 100 /* more lines: likewise */
/* of the text that is kept for log and status; the rest is cut off */
#define SS_REPLY_TEXT_MAX 2048

typedef struct {
    int code; /* 200-599 */
    /* "5.7.8"; "" if none was sent or its class contradicts code */
    char enhanced[12];
    int is_multiline;
    apr_size_t text_len;
    char text[SS_REPLY_TEXT_MAX]; /* lines joined by '\n', without codes */
} ss_reply_t;

#define SS_REPLY_CODES 400 /* 200 to 599 */
typedef struct {           /* replies by command and code */
    apr_uint64_t count[SS_CMDS][SS_REPLY_CODES];
} ss_reply_counts_t;

/* Parses one reply at the start of bytes. APR_SUCCESS: *used is its length. APR_EINCOMPLETE: more
 * bytes are needed. APR_EINVAL: not a reply (no digits, codes differ between lines, limits
 * exceeded). The last line of a greeting may refuse although the lines before it have 220, and then
 * decides. */
apr_status_t ss_reply_parse(ss_reply_t *reply, const char *bytes, apr_size_t len, apr_size_t *used);
