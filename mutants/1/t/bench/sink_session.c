/* sink_session.c: the server's side of SMTP, as much as counting needs. Every message is taken; a
 * command out of order gets its 503, so that a client's mistake shows as a missing message. */
#include "bench.h"
#include "sink.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static void say(sink_session_t *s, const char *text)
{
    size_t len = strlen(text);

    if (s->out_len + len > sizeof(s->out)) {
        s->is_closing = 1;
        return;
    }
    memcpy(s->out + s->out_len, text, len);
    s->out_len += len;
}

void session_greet(sink_session_t *s)
{
    say(s, "220 sink.example ESMTP\r\n");
}

static void forget(sink_session_t *s)
{
    s->has_sender = s->rcpts = s->is_last = 0;
    s->head_len = 0;
    s->size = 0;
}

static void keep(sink_session_t *s, const char *bytes, size_t len)
{
    size_t room = sizeof(s->head) - s->head_len, n = len < room ? len : room;

    memcpy(s->head + s->head_len, bytes, n);
    s->head_len += n;
    s->size += len;
}

static void finish(sink_session_t *s)
{
    received_message(s->head, s->head_len, s->size);
    s->messages++;
    forget(s);
    s->phase = SINK_COMMAND;
    say(s, "250 2.0.0 Ok: queued as S\r\n");
}

/* Content after DATA. Returns octets taken; the last four wait, since the end may begin there. */
static size_t take_data(sink_session_t *s, const char *at, size_t len)
{
    if (!s->size && len >= 3 && !memcmp(at, ".\r\n", 3)) {
        finish(s);
        return 3;
    }
    const char *end = memmem(at, len, "\r\n.\r\n", 5);
    if (end) {
        keep(s, at, (size_t)(end - at) + 2);
        finish(s);
        return (size_t)(end - at) + 5;
    }
    if (len <= 4) return 0;
    keep(s, at, len - 4);
    return len - 4;
}

static size_t take_chunk(sink_session_t *s, const char *at, size_t len)
{
    size_t n = len < s->chunk ? len : (size_t)s->chunk;

    if (s->phase == SINK_BDAT) keep(s, at, n);
    s->chunk -= n;
    if (s->chunk) return n;
    if (s->phase == SINK_DISCARD) {
        s->phase = SINK_COMMAND;
        say(s, "503 5.5.1 no recipient\r\n");
    } else if (s->is_last) {
        finish(s);
    } else {
        s->phase = SINK_COMMAND;
        say(s, "250 2.0.0 more\r\n");
    }
    return n;
}

static void answer_hello(sink_session_t *s, const sink_features_t *features)
{
    forget(s);
    say(s, "250-sink.example\r\n");
    if (features->pipelining) say(s, "250-PIPELINING\r\n");
    if (features->chunking) say(s, "250-CHUNKING\r\n");
    if (features->starttls && !s->tls) say(s, "250-STARTTLS\r\n");
    say(s, "250-8BITMIME\r\n250-SMTPUTF8\r\n250-ENHANCEDSTATUSCODES\r\n250 SIZE 104857600\r\n");
}

static void answer_bdat(sink_session_t *s, const char *line, size_t len)
{
    uint64_t chunk = 0;
    size_t i = 5;

    while (i < len && line[i] >= '0' && line[i] <= '9')
        chunk = chunk * 10 + (uint64_t)(line[i++] - '0');
    s->is_last = memmem(line + i, len - i, "LAST", 4) != NULL;
    s->chunk = chunk;
    s->phase = s->rcpts ? SINK_BDAT : SINK_DISCARD;
    if (!chunk) take_chunk(s, line, 0);
}

static int is(const char *line, size_t len, const char *word)
{
    size_t n = strlen(word);

    return len >= n && !strncasecmp(line, word, n);
}

static void answer(sink_session_t *s, const char *line, size_t len, const sink_features_t *features)
{
    if (is(line, len, "MAIL FROM:")) {
        if (features->is_one_mail && s->messages) {
            say(s, "503 5.5.1 only one MAIL per message\r\n");
        } else if (s->has_sender) {
            say(s, "503 5.5.1 nested MAIL\r\n");
        } else {
            s->has_sender = 1;
            say(s, "250 2.1.0 Ok\r\n");
        }
    } else if (is(line, len, "RCPT TO:")) {
        if (s->has_sender) s->rcpts++;
        say(s, s->has_sender ? "250 2.1.5 Ok\r\n" : "503 5.5.1 MAIL first\r\n");
    } else if (is(line, len, "DATA")) {
        if (s->rcpts) s->phase = SINK_DATA;
        say(s, s->rcpts ? "354 go ahead\r\n" : "503 5.5.1 RCPT first\r\n");
    } else if (is(line, len, "BDAT ")) {
        answer_bdat(s, line, len);
    } else if (is(line, len, "EHLO") || is(line, len, "HELO")) {
        answer_hello(s, features);
    } else if (is(line, len, "STARTTLS") && features->starttls && !s->tls) {
        say(s, "220 2.0.0 go ahead\r\n");
        s->is_tls_wanted = 1;
    } else if (is(line, len, "QUIT")) {
        say(s, "221 2.0.0 bye\r\n");
        s->is_closing = 1;
    } else if (is(line, len, "RSET") || is(line, len, "NOOP")) {
        if (is(line, len, "RSET")) forget(s);
        say(s, "250 2.0.0 Ok\r\n");
    } else {
        say(s, "502 5.5.2 not here\r\n");
    }
}

/* Octets consumed of the input; 0: incomplete. */
static size_t take(sink_session_t *s, const char *at, size_t len, const sink_features_t *features)
{
    if (s->phase == SINK_DATA) return take_data(s, at, len);
    if (s->phase != SINK_COMMAND) return take_chunk(s, at, len);
    const char *end = memchr(at, '\n', len);
    if (!end) {
        if (len > 4096) s->is_closing = 1;
        return 0;
    }
    answer(s, at, (size_t)(end - at), features);
    return (size_t)(end - at) + 1;
}

void session_feed(sink_session_t *s, const sink_features_t *features)
{
    size_t done = 0;

    while (done < s->in_len && !s->is_closing && !s->is_tls_wanted) {
        size_t n = take(s, s->in + done, s->in_len - done, features);
        if (!n) break;
        done += n;
    }
    /* What came before the handshake in plain text is no part of the dialogue after it (RFC 3207,
     * 6). */
    if (s->is_tls_wanted) done = s->in_len;
    memmove(s->in, s->in + done, s->in_len - done);
    s->in_len -= done;
}
