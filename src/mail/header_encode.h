/* header_encode.h: the value of a field without octets above 127. */
#pragma once

#include <apr_pools.h>

#include "base/buf.h"

/* Where a field may have encoded words, and where it may be folded. */
typedef enum {
    SS_HEADER_TEXT,      /* anywhere between blanks: Subject, and all that are unknown */
    SS_HEADER_TRACE,     /* the same, and comments are known: Received, Date */
    SS_HEADER_SENDERS,   /* in names and comments: From, Sender */
    SS_HEADER_ADDRESSES, /* the same: To, Cc */
    SS_HEADER_HIDDEN,    /* the same, and an address that needs SMTPUTF8 becomes text (RFC 6857) */
    SS_HEADER_IDS,       /* not within <>: References */
    SS_HEADER_URIS,      /* within <> octets are percent-encoded (RFC 3987 3.1): List-Unsubscribe */
    SS_HEADER_PARAMETERS, /* as parameters (RFC 2231): Content-Type, Content-Disposition */
} ss_header_kind_t;

#define SS_HEADER_HAS_ADDRESSES(kind) ((kind) >= SS_HEADER_SENDERS && (kind) <= SS_HEADER_HIDDEN)

typedef enum { SS_HEADER_ENCODED, SS_HEADER_HAS_ADDRESS, SS_HEADER_HAS_ID } ss_header_encoding_t;

/* Appends the value, which is UTF-8 and not that of parameters, with its line ends. What cannot be
 * encoded is appended as it is, and the result tells. */
ss_header_encoding_t ss_header_encode(ss_buf_t *out, ss_header_kind_t kind, const char *value,
                                      apr_size_t len, apr_pool_t *pool);
