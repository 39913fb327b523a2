/* server.c: a client that says anything, cut as the first byte says. However it comes: bounds hold,
 * events are in order, and the same bytes at once and in pieces give the same events and replies.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "smtp/server.h"

#define SIZE_MAX_HERE 300

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct {
    ss_server_t *server;
    ss_buf_t in, events;
    apr_size_t content;
    int in_mail;
} talk_t;

static void answer(talk_t *t, const char *word, const char *address)
{
    ss_buf_puts(&t->events, word);
    ss_buf_puts(&t->events, address);
    ss_server_answer(t->server, *address == 'n' ? 550 : 250, "2.0.0", "%s", address);
}

static void take_event(talk_t *t, ss_server_kind_t kind, const ss_server_event_t *event)
{
    if ((kind == SS_SERVER_RCPT || kind == SS_SERVER_CONTENT || kind == SS_SERVER_END ||
         kind == SS_SERVER_RESET) &&
        !t->in_mail)
        abort();
    if (kind == SS_SERVER_MAIL) {
        if (t->in_mail) abort();
        answer(t, "\nF ", event->envelope.address);
        t->in_mail = *event->envelope.address != 'n';
        t->content = 0;
    } else if (kind == SS_SERVER_RCPT) {
        answer(t, "\nT ", event->envelope.address);
    } else if (kind == SS_SERVER_CONTENT) {
        t->content += event->len;
        if (!event->len || t->content > SIZE_MAX_HERE) abort();
        ss_buf_append(&t->events, event->bytes, event->len);
    } else if (kind == SS_SERVER_END) {
        answer(t, "\nE ", "");
    }
    if (kind == SS_SERVER_RESET) ss_buf_puts(&t->events, "\nR ");
    if (kind == SS_SERVER_END || kind == SS_SERVER_RESET) t->in_mail = 0;
    if (kind != SS_SERVER_CLOSE && t->in_mail != ss_server_is_in_mail(t->server)) abort();
}

static void collect(talk_t *t)
{
    ss_buf_t *out = ss_server_output(t->server);

    ss_buf_append(&t->events, out->data, out->len);
    ss_buf_clear(out);
}

static void feed(talk_t *t, const char *bytes, apr_size_t len)
{
    ss_server_event_t event;
    ss_server_kind_t kind;
    apr_size_t used;

    if (ss_buf_append(&t->in, bytes, len) != APR_SUCCESS) abort();
    do {
        kind = ss_server_next(t->server, t->in.data, t->in.len, &used, &event);
        if (used > t->in.len) abort();
        /* What was said on the way to the event comes before it. */
        collect(t);
        take_event(t, kind, &event);
        collect(t);
        ss_buf_take(&t->in, used);
    } while (kind != SS_SERVER_MORE && kind != SS_SERVER_CLOSE);
    if (kind == SS_SERVER_MORE && t->in.len >= SS_SERVER_LINE_MAX) abort();
    if (kind == SS_SERVER_CLOSE) ss_buf_clear(&t->in);
}

static void start(talk_t *t)
{
    static const ss_server_options_t options = { .host = "h",
                                                 .max_size = SIZE_MAX_HERE,
                                                 .max_rcpts = 3 };

    memset(t, 0, sizeof(*t));
    t->server = ss_server_create(&options);
    ss_buf_init(&t->in, 1 << 24);
    ss_buf_init(&t->events, 1 << 26);
}

static void end(talk_t *t)
{
    ss_server_destroy(t->server);
    ss_buf_free(&t->in);
    ss_buf_free(&t->events);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    talk_t whole, pieces;
    const char *bytes = (const char *)data + 1;
    size_t len = size ? size - 1 : 0, step = size ? data[0] % 61 + 1u : 1;

    if (!size || size > 1 << 20) return 0;
    start(&whole);
    feed(&whole, bytes, len);
    start(&pieces);
    for (size_t at = 0; at < len; at += step)
        feed(&pieces, bytes + at, at + step > len ? len - at : step);
    if (!len) feed(&pieces, bytes, 0);
    if (whole.events.len != pieces.events.len ||
        (whole.events.len && memcmp(whole.events.data, pieces.events.data, whole.events.len)))
        abort();
    end(&whole);
    end(&pieces);
    return 0;
}
