#include "record/event_log.h"

#include <apr_escape.h>
#include <apr_strings.h>
#include <string.h>

#include "base/random.h"
#include "delivery/delivery_ports.h"
#include "record/event_writer.h"

/* for the last lines; httpd waits for the daemon at least 10 s */
#define LAST_WAIT (3 * APR_USEC_PER_SEC)

struct ss_event_log_t {
    ss_event_privacy_t privacy;
    int has_key;
    ss_event_writer_t *writer; /* NULL: no event log */
    apr_pool_t *pool;          /* of one line */
};

void ss_event_log_create(ss_record_t *r, int fd, const char *path)
{
    const ss_settings_globals_t *globals = &r->config->globals;
    ss_event_writer_options_t options = { .log = r->log,
                                          .fd = fd,
                                          .name = globals->event_log,
                                          .path = path,
                                          .most = SS_EVENT_WRITER_MAX };

    r->events = apr_pcalloc(r->pool, sizeof(*r->events));
    if (!globals->event_log) return;
    r->events->privacy.mode = globals->event_addresses;
    apr_pool_create(&r->events->pool, r->pool);
    r->events->writer = ss_event_writer_start(&options);
    if (!r->events->writer)
        ss_log(r->log, SS_LOG_ERROR, 242,
               "SMTPSendEventLog %s is not written: the system has no thread for it; a graceful "
               "restart tries again",
               globals->event_log);
}

void ss_event_log_destroy(ss_record_t *r)
{
    if (r->events->writer) ss_event_writer_stop(r->events->writer, LAST_WAIT);
    r->events->writer = NULL;
}

int ss_event_log_is_on(const ss_record_t *r)
{
    return r->events->writer != NULL;
}

apr_uint64_t ss_event_log_dropped(const ss_record_t *r)
{
    return r->events->writer ? ss_event_writer_dropped(r->events->writer) : 0;
}

/* ---- the key ---- */

void ss_event_log_restore(ss_record_t *r, const char *value)
{
    ss_event_privacy_t *p = &r->events->privacy;
    unsigned char key[SS_EVENT_PRIVACY_KEY];
    apr_size_t len = 0;

    if (strlen(value) != 2 * sizeof(key) ||
        apr_unescape_hex(key, value, APR_ESCAPE_STRING, 0, &len) != APR_SUCCESS ||
        len != sizeof(key))
        return;
    memcpy(p->key, key, sizeof(key));
    r->events->has_key = 1;
}

void ss_event_log_ready(ss_record_t *r)
{
    ss_event_log_t *events = r->events;
    char hex[2 * SS_EVENT_PRIVACY_KEY + 1];

    if (events->has_key || !events->writer || events->privacy.mode != SS_EVENT_HASHED) return;
    ss_random_bytes(events->privacy.key, sizeof(events->privacy.key));
    apr_escape_hex(hex, events->privacy.key, sizeof(events->privacy.key), 0, NULL);
    ss_delivery_remember(r->delivery, SS_EVENT_LOG_KEY, "", hex);
    events->has_key = 1;
}

/* ---- lines ---- */

static void put(ss_event_log_t *events, const char *line)
{
    if (line) ss_event_writer_put(events->writer, line, strlen(line));
    apr_pool_clear(events->pool);
}

void ss_event_log_accepted(ss_record_t *r, const ss_message_t *m)
{
    ss_event_log_t *e = r->events;

    if (e->writer) put(e, ss_event_line_accepted(&e->privacy, m, ss_loop_wall(r->loop), e->pool));
}

void ss_event_log_attempt(ss_record_t *r, const ss_message_t *m, const ss_recipient_t *rcpt,
                          const ss_ports_attempt_t *attempt)
{
    ss_event_log_t *e = r->events;

    if (e->writer)
        put(e,
            ss_event_line_attempt(&e->privacy, m, rcpt, attempt, ss_loop_wall(r->loop), e->pool));
}

void ss_event_log_final(ss_record_t *r, const ss_message_t *m, const ss_recipient_t *rcpt)
{
    ss_event_log_t *e = r->events;

    if (e->writer)
        put(e, ss_event_line_final(&e->privacy, m, rcpt, ss_loop_wall(r->loop), e->pool));
}

void ss_event_log_action(ss_record_t *r, const ss_event_line_action_t *action)
{
    ss_event_log_t *e = r->events;

    if (e->writer)
        put(e, ss_event_line_action(&e->privacy, action, ss_loop_wall(r->loop), e->pool));
}
