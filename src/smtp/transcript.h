/* transcript.h: the dialogue for people: lines "C: ..." and "S: ...", with credentials redacted;
 * kept up to a limit, or passed on line by line. */
#pragma once

#include <apr_pools.h>
#include <apr_tables.h>

/* later lines are counted, not kept */
#define SS_TRANSCRIPT_LINES_MAX 1000
#define SS_TRANSCRIPT_LINE_MAX 4096

typedef struct ss_transcript_t ss_transcript_t;

/* A transcript that keeps its lines. Its memory is wiped when pool is destroyed. */
ss_transcript_t *ss_transcript_create(apr_pool_t *pool);
/* A transcript that passes each line to `line` instead. */
ss_transcript_t *ss_transcript_stream(void (*line)(void *self, const char *text), void *self,
                                      apr_pool_t *pool);
/* The secret to redact wherever it occurs, as it is or in base64 or hex. It is copied; NULL: none.
 */
void ss_transcript_secret(ss_transcript_t *t, const char *secret, apr_size_t len);
/* Redacts the secret in a text, in place. */
void ss_transcript_blank(const ss_transcript_t *t, char *text);
/* Adds bytes as they crossed the connection, except message content; is_client: sent by us. t NULL:
 * nothing happens, here and in ss_transcript_note. */
void ss_transcript_add(ss_transcript_t *t, int is_client, const char *bytes, apr_size_t len);
/* Adds a line of our own: "(TLSv1.3, TLS_AES_256_GCM_SHA384)". */
void ss_transcript_note(ss_transcript_t *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The lines so far (const char *): "C: EHLO host", "S: 250 ok", "-- note", escaped. */
const apr_array_header_t *ss_transcript_lines(const ss_transcript_t *t);
