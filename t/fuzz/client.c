/* client.c: a server that says anything at any moment. The first byte of the input chooses options;
 * then each byte below 0x10 is an act (send, quit, time, a partial write ...), everything else is
 * fed up to the next act. However it goes: no message is lost, none is given back twice, CLOSED
 * comes once and last. */
#include <apr_general.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "smtp/client.h"

#define MESSAGES_MAX 40

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct {
    ss_client_t *client;
    apr_pool_t *pool;
    apr_time_t now;
    int given, back, closed, writes_little;
    char is_back[MESSAGES_MAX];
} fuzz_t;

static const char content[] = "Subject: f\r\n\r\n.dot\r\n..\r\n";

static apr_status_t read_content(void *self, apr_off_t at, const char **bytes, apr_size_t *len)
{
    (void)self;
    *bytes = content + at;
    *len = sizeof(content) - 1 - (apr_size_t)at;
    return APR_SUCCESS;
}

static void settle(fuzz_t *f)
{
    const ss_client_event_t *event;
    struct iovec pieces[4];
    int count;

    do {
        while ((event = ss_client_next(f->client))) {
            if (f->closed) abort();
            if (event->kind == SS_EVENT_CLOSED) f->closed = 1;
            if (event->kind != SS_EVENT_DONE) continue;
            size_t number = (size_t)(uintptr_t)event->message->owner;
            if (f->is_back[number]++) abort();
            f->back++;
            for (int i = 0; i < event->message->rcpt_count; i++) {
                if (event->message->rcpts[i].cmd == SS_CMD_NONE || !event->message->rcpts[i].text ||
                    !event->message->rcpts[i].advice)
                    abort();
            }
        }
        count = ss_client_output(f->client, pieces, 4, (ss_mono_t){ f->now });
        apr_size_t sum = 0;
        for (int i = 0; i < count; i++) sum += pieces[i].iov_len;
        if (f->writes_little && sum > 5) {
            ss_client_sent(f->client, 5, (ss_mono_t){ f->now });
            return;
        }
        if (count) ss_client_sent(f->client, sum, (ss_mono_t){ f->now });
    } while (count);
}

static void give(fuzz_t *f, int rcpts)
{
    if (f->given == MESSAGES_MAX) return;
    ss_client_message_t *m = apr_pcalloc(f->pool, sizeof(*m));
    m->owner = (void *)(uintptr_t)f->given;
    m->pool = f->pool;
    m->from = rcpts & 1 ? "" : "a@x";
    m->rcpt_count = rcpts;
    m->rcpts = apr_pcalloc(f->pool, sizeof(ss_client_rcpt_t) * (size_t)rcpts);
    for (int i = 0; i < rcpts; i++) m->rcpts[i].address = i == 2 ? "\xc3\xa4@y" : "b@y";
    m->size = sizeof(content) - 1;
    m->content.read = read_content;
    if (ss_client_send(f->client, m, (ss_mono_t){ f->now }) == APR_SUCCESS) f->given++;
}

static void act(fuzz_t *f, int what)
{
    switch (what) {
    case 0:
    case 1:
    case 2: give(f, what + 1); break;
    case 3: ss_client_quit(f->client, (ss_mono_t){ f->now }); break;
    case 4:
        f->now += 30 * APR_USEC_PER_SEC;
        ss_client_tick(f->client, (ss_mono_t){ f->now });
        break;
    case 5: ss_client_lost(f->client, APR_EOF, NULL, (ss_mono_t){ f->now }); break;
    case 6: f->writes_little = !f->writes_little; break;
    case 7:
        ss_client_tls_on(f->client, "tls-exporter", "0123456789abcdef0123456789abcdef", 32,
                         (ss_mono_t){ f->now });
        break;
    case 8: ss_client_secret(f->client, "secret", 6, (ss_mono_t){ f->now }); break;
    case 9: ss_client_try(f->client, "a@x", "b@y", (ss_mono_t){ f->now }); break;
    case 11: ss_client_secret(f->client, NULL, 0, (ss_mono_t){ f->now }); break;
    default: break;
    }
    settle(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int is_ready;
    fuzz_t f = { .now = APR_USEC_PER_SEC };
    uint8_t bits = size ? data[0] : 0;

    if (!is_ready) apr_initialize();
    is_ready = 1;
    apr_pool_create(&f.pool, NULL);
    ss_client_options_t options = { .helo = "me",
                                    .host = "relay",
                                    .port = 25,
                                    .tls = (ss_client_tls_t)(bits & 3),
                                    .username = bits & 4 ? "me" : NULL,
                                    .is_loopback = 1,
                                    .pipelining = !(bits & 8),
                                    .chunking = !(bits & 16),
                                    .use_helo = !!(bits & 32),
                                    .takes_several = !!(bits & 128),
                                    .max_messages = bits & 64 ? 3 : 0,
                                    .attempt_deadline = 1800 * APR_USEC_PER_SEC };
    for (int i = 0; i < SS_TIMEOUTS; i++) options.timeout[i] = 60 * APR_USEC_PER_SEC;
    f.client = ss_client_create(&options, (ss_mono_t){ f.now }, f.pool);
    for (size_t at = 1; at < size;) {
        size_t end = at;
        while (end < size && (data[end] >= 0x10 || data[end] == '\r' || data[end] == '\n')) end++;
        if (end > at) {
            apr_size_t len = end - at;
            ss_client_feed(f.client, (const char *)data + at, &len, (ss_mono_t){ f.now });
            settle(&f);
            at = end;
        } else {
            act(&f, data[at++]);
        }
    }
    ss_client_lost(f.client, ECONNRESET, NULL, (ss_mono_t){ f.now });
    settle(&f);
    if (f.given != f.back || !f.closed || ss_client_in_flight(f.client)) abort();
    ss_client_destroy(f.client);
    apr_pool_destroy(f.pool);
    return 0;
}
