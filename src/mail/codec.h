/* codec.h: the two encodings of MIME (RFC 2045 6.7, 6.8), and UTF-8. */
#pragma once

#include <apr_pools.h>

/* Whether the bytes are well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates). */
int ss_codec_is_utf8(const char *bytes, apr_size_t len);
/* How much of len octets of UTF-8 fits into max, cut between characters. */
apr_size_t ss_codec_cut(const char *text, apr_size_t len, apr_size_t max);
/* Base64 in lines of line_len, CRLF after each; 0: one line without a line end. Zero-terminated. To
 * a place with room for as many octets as ss_codec_base64_room says: returns how many it wrote. */
apr_size_t ss_codec_base64_room(apr_size_t len, apr_size_t line_len);
apr_size_t ss_codec_base64_to(char *place, const char *bytes, apr_size_t len, apr_size_t line_len);
/* The same into the pool. */
char *ss_codec_base64(apr_pool_t *pool, const char *bytes, apr_size_t len, apr_size_t line_len,
                      apr_size_t *out_len);
/* Decodes base64. 0, or -1: strict, and the text has anything but the alphabet, padding at the end,
 * and white space. Not strict: anything else is skipped, and another piece may follow padding. */
int ss_codec_base64_read(apr_pool_t *pool, const char *text, apr_size_t len, int strict, char **out,
                         apr_size_t *out_len);
/* The same in pieces. state begins as zeros; out must have room for len / 4 * 3 + 3 octets, at the
 * end for 2. */
typedef struct {
    unsigned value;
    int count, padding;
} ss_codec_base64_t;
int ss_codec_base64_more(ss_codec_base64_t *state, const char *text, apr_size_t len, int strict,
                         char *out, apr_size_t *out_len);
int ss_codec_base64_end(const ss_codec_base64_t *state, int strict, char *out, apr_size_t *out_len);
/* Quoted-printable of text with CRLF line ends, lines of at most 76. Zero-terminated. To a place
 * with room for as many octets as ss_codec_qp_room says: returns how many it wrote. */
apr_size_t ss_codec_qp_room(apr_size_t len);
apr_size_t ss_codec_qp_to(char *place, const char *bytes, apr_size_t len);
/* The same into the pool. */
char *ss_codec_qp(apr_pool_t *pool, const char *bytes, apr_size_t len, apr_size_t *out_len);
/* Decodes a uuencoded file. 0, or -1: there is no file, or it is damaged. */
int ss_codec_uu_read(apr_pool_t *pool, const char *text, apr_size_t len, char **out,
                     apr_size_t *out_len);
/* Decodes quoted-printable; invalid escapes stay as they are. */
char *ss_codec_qp_read(apr_pool_t *pool, const char *text, apr_size_t len, apr_size_t *out_len);
