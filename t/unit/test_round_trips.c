/* test_round_trips.c: counts what sending costs. A round trip is a moment at which both sides wait:
 * everything the client has to say is written, every answer to it comes back at once. */
#include <CUnit/CUnit.h>
#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "smtp/client.h"

void ss_suite_round_trips(void);

#define MESSAGES 400
#define WARM_UP 40 /* messages until the window is full */

typedef struct {
    ss_client_t *client;
    apr_pool_t *pool;
    apr_time_t now;
    ss_buf_t in, out;
    int is_content, given, sent, trips;
    const char *ehlo;
} count_t;

static const char content[] = "Subject: count\r\n\r\n.dot\r\nbody\r\n";

static apr_status_t read_content(void *self, apr_off_t at, const char **bytes, apr_size_t *len)
{
    (void)self;
    *bytes = content + at;
    *len = sizeof(content) - 1 - (apr_size_t)at;
    return APR_SUCCESS;
}

static void give(count_t *t)
{
    while (t->given < MESSAGES && ss_client_can_send(t->client)) {
        ss_client_message_t *m = apr_pcalloc(t->pool, sizeof(*m));
        m->pool = t->pool;
        m->from = "a@x";
        m->rcpts = apr_pcalloc(t->pool, sizeof(ss_client_rcpt_t));
        m->rcpts[0].address = "b@y";
        m->rcpt_count = 1;
        m->size = sizeof(content) - 1;
        m->content.read = read_content;
        if (ss_client_send(t->client, m, (ss_mono_t){ t->now }) != APR_SUCCESS) return;
        t->given++;
    }
}

static void events(count_t *t)
{
    const ss_client_event_t *event;

    while ((event = ss_client_next(t->client))) {
        if (event->kind == SS_EVENT_DONE && event->message->rcpts[0].fate == SS_FATE_SENT)
            t->sent++;
    }
}

/* Everything the client has to say, until it waits. */
static void client_speaks(count_t *t)
{
    struct iovec pieces[16];

    for (;;) {
        events(t);
        give(t);
        int count = ss_client_output(t->client, pieces, 16, (ss_mono_t){ t->now });
        if (!count) return;
        apr_size_t sum = 0;
        for (int i = 0; i < count; i++) {
            ss_buf_append(&t->in, pieces[i].iov_base, pieces[i].iov_len);
            sum += pieces[i].iov_len;
        }
        ss_client_sent(t->client, sum, (ss_mono_t){ t->now });
    }
}

/* One command or content. */
static int serve(count_t *t)
{
    const char *text = ss_buf_text(&t->in),
               *end = strstr(text, t->is_content ? "\r\n.\r\n" : "\r\n");

    if (!end) return 0;
    apr_size_t len = (apr_size_t)(end - text) + (t->is_content ? 5 : 2);
    const char *answer = "250 ok\r\n";
    if (t->is_content)
        t->is_content = 0;
    else if (!strncmp(text, "EHLO", 4))
        answer = t->ehlo;
    else if (!strncmp(text, "DATA", 4)) {
        answer = "354 go\r\n";
        t->is_content = 1;
    } else if (!strncmp(text, "BDAT", 4))
        len += strtoul(text + 5, NULL, 10);
    if (t->in.len < len) return 0;
    ss_buf_take(&t->in, len);
    ss_buf_puts(&t->out, answer);
    return 1;
}

static void open_session(count_t *t, const char *ehlo)
{
    ss_client_options_t options = { .helo = "me",
                                    .host = "relay",
                                    .port = 25,
                                    .pipelining = 1,
                                    .chunking = 1,
                                    .window_max = 16,
                                    .takes_several = 1 };

    memset(t, 0, sizeof(*t));
    apr_pool_create(&t->pool, NULL);
    t->now = APR_USEC_PER_SEC;
    t->ehlo = ehlo;
    ss_buf_init(&t->in, 4000000);
    ss_buf_init(&t->out, 4000000);
    t->client = ss_client_create(&options, (ss_mono_t){ t->now }, t->pool);
    ss_buf_puts(&t->out, "220 hi\r\n");
}

static void close_session(count_t *t)
{
    ss_client_lost(t->client, APR_EOF, NULL, (ss_mono_t){ t->now });
    events(t);
    ss_client_destroy(t->client);
    ss_buf_free(&t->in);
    ss_buf_free(&t->out);
    apr_pool_destroy(t->pool);
}

/* Round trips for the messages behind the first WARM_UP, and how many messages those were. */
static void count(const char *ehlo, int *trips, int *messages)
{
    count_t t;
    int trips_before = 0, sent_before = 0;

    open_session(&t, ehlo);
    for (int turns = 0; t.sent < MESSAGES && turns < 10 * MESSAGES; turns++) {
        apr_size_t len = t.out.len;
        t.trips++;
        ss_client_feed(t.client, t.out.data, &len, (ss_mono_t){ t.now });
        ss_buf_clear(&t.out);
        events(&t);
        if (t.sent >= WARM_UP && !sent_before) {
            sent_before = t.sent;
            trips_before = t.trips;
        }
        client_speaks(&t);
        while (serve(&t)) continue;
    }
    CU_ASSERT_EQUAL(t.sent, MESSAGES);
    *trips = t.trips - trips_before;
    *messages = t.sent - sent_before;
    close_session(&t);
}

static void pipelining_costs_exactly_one(void)
{
    int trips, messages;

    count("250-relay\r\n250 PIPELINING\r\n", &trips, &messages);
    if (trips != messages) fprintf(stderr, "\n  %d round trips for %d messages\n", trips, messages);
    CU_ASSERT_EQUAL(trips, messages);
}

static void chunking_costs_less_than_a_tenth(void)
{
    int trips, messages;

    count("250-relay\r\n250-PIPELINING\r\n250 CHUNKING\r\n", &trips, &messages);
    if (trips * 10 >= messages)
        fprintf(stderr, "\n  %d round trips for %d messages\n", trips, messages);
    CU_ASSERT(trips * 10 < messages);
}

/* MAIL, RCPT, DATA and the content each wait for their answer. */
static void lock_step_costs_four(void)
{
    int trips, messages;

    count("250 relay\r\n", &trips, &messages);
    CU_ASSERT_EQUAL(trips, 4 * messages);
}

void ss_suite_round_trips(void)
{
    CU_pSuite suite = CU_add_suite("round_trips", NULL, NULL);

    CU_add_test(suite, "pipelining: exactly 1.0 a message", pipelining_costs_exactly_one);
    CU_add_test(suite, "chunking at a full window: less than 0.1",
                chunking_costs_less_than_a_tenth);
    CU_add_test(suite, "lock-step: 4", lock_step_costs_four);
}
