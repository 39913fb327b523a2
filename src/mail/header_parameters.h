/* header_parameters.h: the value of a MIME field without octets above 127 (RFC 2231). */
#pragma once

#include "mail/header_encode.h"

/* As ss_header_encode, for Content-Type and Content-Disposition in any character set. Parameters
 * that are too long to be folded are written in sections. */
ss_header_encoding_t ss_header_parameters(ss_buf_t *out, const char *value, apr_size_t len,
                                          const char *charset, apr_pool_t *pool);
