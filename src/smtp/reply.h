/* reply.h: cuts the server's bytes into replies (RFC 5321 4.2, enhanced codes RFC 2034). Pure. */
#ifndef SS_SMTP_REPLY_H
#define SS_SMTP_REPLY_H

#include <apr.h>
#include <apr_errno.h>

#include "smtp/cmd.h"

/* a longer line: the server is broken, the connection is dropped, its mail deferred */
#define SS_REPLY_LINE_MAX 4096
#define SS_REPLY_LINES_MAX 100 /* more lines in one reply: the same */
/* what is kept of a reply's text for log and status; the rest is cut */
#define SS_REPLY_TEXT_MAX 2048

typedef struct {
    int code; /* 200-599 */
    /* "5.7.8", or "" where none was sent or its class disagrees with code */
    char enhanced[12];
    int is_multiline;
    apr_size_t text_len;
    /* lines joined by '\n', without codes and (where told to) without the enhanced code, zero-ended
     */
    char text[SS_REPLY_TEXT_MAX];
} ss_reply_t;

#define SS_REPLY_CODES 400 /* 200 to 599 */
/* replies by what was asked and by code */
typedef struct {
    apr_uint64_t count[SS_CMDS][SS_REPLY_CODES];
} ss_reply_counts_t;

/* Takes one whole reply from the front of bytes. APR_SUCCESS: *used bytes were taken;
 * APR_EINCOMPLETE: more is needed, nothing taken; APR_EINVAL: not a reply (no digits, codes differ
 * between lines, bounds passed). enhanced: whether EHLO offered ENHANCEDSTATUSCODES (it is
 * recognised without, too, where its class agrees with the code). */
apr_status_t ss_reply_parse(ss_reply_t *reply, const char *bytes, apr_size_t len, apr_size_t *used);

#endif
