/* sink.h: the sink's parts: what was received, the SMTP dialogue of one connection
 * (session), sockets and TLS (sink.c). */
#ifndef BENCH_SINK_H
#define BENCH_SINK_H

#include <openssl/ssl.h>
#include <stddef.h>
#include <stdint.h>

#define SINK_INPUT (256 * 1024) /* read at once */
/* answers that a client does not take; past it the connection is closed */
#define SINK_OUTPUT (256 * 1024)
#define SINK_HEAD 4096 /* of a message, where its id is looked for */

/* ---- received: ids seen, duplicates, times ---- */
/* From now on the ids first .. first+count-1 are expected; all counters start at zero. */
void received_expect(long first, long count);
/* A message was taken: its first octets and whole size. */
void received_message(const char *head, size_t head_len, uint64_t size);
void received_connection(int is_new);
/* How many of the expected ids have come at least once. */
long received_unique(void);
/* One line of JSON: what came and what is missing. */
void received_print(void);
/* One line: the arrival times (ns, 0: not yet) of count ids. */
void received_times(long first, long count);

/* ---- session ---- */
typedef enum { SINK_COMMAND, SINK_DATA, SINK_BDAT, SINK_DISCARD } sink_phase_t;

typedef struct {
    int pipelining, chunking, starttls, is_one_mail;
} sink_features_t;

typedef struct {
    int fd;
    SSL *tls;          /* NULL: plain text */
    int is_tls_wanted; /* STARTTLS was answered: the handshake comes next */
    int is_closing;
    sink_phase_t phase;
    int has_sender, rcpts, messages, is_last;
    /* octets of the BDAT chunk still to come; of the message so far */
    uint64_t chunk, size;
    size_t in_len, out_len, out_sent, head_len;
    char in[SINK_INPUT], out[SINK_OUTPUT], head[SINK_HEAD];
} sink_session_t;

void session_greet(sink_session_t *s);
/* Takes what is in s->in, leaves the rest of an unfinished line, adds the answers to s->out. */
void session_feed(sink_session_t *s, const sink_features_t *features);

#endif
