/* transcript.h: the dialogue for people: lines "C: ..." and "S: ...", credentials blanked; kept up
 * to a bound, or handed on line by line. */
#ifndef SS_SMTP_TRANSCRIPT_H
#define SS_SMTP_TRANSCRIPT_H

#include <apr_pools.h>
#include <apr_tables.h>

/* the dialogue of a test; later lines are counted, not kept */
#define SS_TRANSCRIPT_LINES_MAX 1000
#define SS_TRANSCRIPT_LINE_MAX 4096

typedef struct ss_transcript_t ss_transcript_t;

/* secret: bytes that must never show, in plain, base64 or hex, nor any credential made with them
 * (may be NULL; copied nowhere but into the transcript's own memory, wiped with pool). */
ss_transcript_t *ss_transcript_create(apr_pool_t *pool);
/* The same, but each line is handed to `line` and forgotten: for a log, of connections that live
 * long. */
ss_transcript_t *ss_transcript_stream(void (*line)(void *self, const char *text), void *self,
                                      apr_pool_t *pool);
void ss_transcript_secret(ss_transcript_t *t, const char *secret, apr_size_t len);
/* Blanks the secret, in all its forms, in a text of a server's, in place. */
void ss_transcript_blank(const ss_transcript_t *t, char *text);
/* Bytes as they crossed the connection, in any pieces; is_client: ours. Content of a message is not
 * to be given here (the caller says so with ss_transcript_note). */
void ss_transcript_add(ss_transcript_t *t, int is_client, const char *bytes, apr_size_t len);
/* A line of our own: "(TLSv1.3, TLS_AES_256_GCM_SHA384)". */
void ss_transcript_note(ss_transcript_t *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The lines so far: of const char *, "C: EHLO host" / "S: 250 ok" / "-- note"; control bytes
 * escaped. */
const apr_array_header_t *ss_transcript_lines(const ss_transcript_t *t);

#endif
