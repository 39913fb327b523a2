/* pause.c: a relay's pause: by directive and made while running, kept over restarts, repeated in
 * the log, and its time counted so that it never makes mail expire. The row "pause/<relay>" of the
 * setting table holds all of it. */
#include "daemon/daemon.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "delivery/node.h"

#define SAY_EVERY (600 * APR_USEC_PER_SEC)

static void set_timer(ss_relay_t *relay)
{
    const ss_loop_t *loop = relay->daemon->loop;
    ss_mono_t now = ss_loop_now(loop), when = ss_mono_add(relay->pause.said, SAY_EVERY);

    if (!ss_relay_is_paused(relay)) {
        ss_loop_untimer(relay->daemon->loop, &relay->pause_timer);
        return;
    }
    if (relay->pause.stored && relay->pause.until)
        when = ss_mono_min(when, ss_mono_of_wall(relay->pause.until, now, ss_loop_wall(loop)));
    ss_loop_timer(relay->daemon->loop, &relay->pause_timer, ss_mono_max(when, now));
}

static void persist(ss_relay_t *relay)
{
    const ss_pause_t *p = &relay->pause;
    json_t *row = json_pack("{s:I,s:I}", "total", (json_int_t)p->total, "effectiveSince",
                            (json_int_t)p->effective_since);
    char *text;

    relay->pause.number = ss_node_number(relay->daemon);
    if (p->stored) {
        json_object_set_new(row, "stored",
                            json_pack("{s:s,s:s,s:I,s:I}", "reason", p->reason ? p->reason : "",
                                      "who", p->who ? p->who : "", "since", (json_int_t)p->since,
                                      "until", (json_int_t)p->until));
    }
    text = json_dumps(row, JSON_COMPACT);
    json_decref(row);
    if (text)
        ss_daemon_remember(relay->daemon, apr_pstrcat(relay->pool, "pause/", relay->name, NULL),
                           text);
    free(text);
}

static void say(ss_relay_t *relay)
{
    const ss_pause_t *p = &relay->pause;
    apr_pool_t *pool;

    if (!relay->settings->engine) return;
    apr_pool_create(&pool, relay->pool);
    relay->pause.said = ss_loop_now(relay->daemon->loop);
    ss_log(relay->daemon->log, SS_LOG_WARN, 260,
           "relay \"%s\": sending is paused (%s%s%s%s%s%s) since %s%s%s: %" APR_INT64_T_FMT
           " messages wait%s%s",
           relay->name, p->directive ? "SMTPSendPause On" : "",
           p->directive && p->stored ? ", and " : "", p->stored ? "by " : "",
           p->stored ? (p->who && *p->who ? p->who : "unknown") : "",
           p->stored && p->reason && *p->reason ? ": " : "",
           p->stored && p->reason ? p->reason : "", ss_text_time(pool, p->effective_since),
           p->stored && p->until ? ", until " : "",
           p->stored && p->until ? ss_text_time(pool, p->until) : "", relay->waiting_messages,
           relay->waiting_messages && relay->oldest ? ", the oldest since " : "",
           relay->waiting_messages && relay->oldest ? ss_text_time(pool, relay->oldest) : "");
    apr_pool_destroy(pool);
}

static void took_effect(ss_relay_t *relay, apr_time_t now)
{
    ss_pause_t *p = &relay->pause;

    if (ss_relay_is_paused(relay)) {
        if (!p->effective_since) p->effective_since = now;
        say(relay);
    } else if (p->effective_since) {
        p->total += now > p->effective_since ? now - p->effective_since : 0;
        p->effective_since = 0;
        ss_log(relay->daemon->log, SS_LOG_NOTICE, 261,
               "relay \"%s\": sending is resumed; %" APR_INT64_T_FMT " messages wait", relay->name,
               relay->waiting_messages);
        ss_relay_wake(relay);
    }
    set_timer(relay);
}

static void replace(const char **text, const char *by)
{
    free((void *)*text);
    *text = by ? strdup(by) : NULL;
}

static void aged(ss_store_request_t *request)
{
    ss_relay_t *relay = request->baton;

    ss_queue_counts_take_oldest(relay->daemon, ss_store_request_as(request, SS_STORE_OLDEST));
    apr_pool_destroy(request->pool);
    if (ss_relay_is_paused(relay)) say(relay);
}

static void pause_timer(ss_timer_t *timer, ss_mono_t now)
{
    ss_relay_t *relay = timer->self;
    apr_time_t wall = ss_loop_wall(relay->daemon->loop);

    if (relay->pause.stored && relay->pause.until && relay->pause.until <= wall) {
        ss_log(relay->daemon->log, SS_LOG_NOTICE, 262,
               "relay \"%s\": the pause by %s is over by its own time", relay->name,
               relay->pause.who ? relay->pause.who : "unknown");
        ss_pause_clear(relay, NULL, wall);
        return;
    }
    /* The age of what waits is the store's to tell. */
    ss_store_oldest_t *request = ss_store_oldest_create(aged, relay);
    ss_queue_counts_ask_oldest(relay, request);
    relay->pause.said = now;
    set_timer(relay);
    ss_store_port_post(&relay->daemon->queue, &request->head);
}

void ss_pause_restore(ss_relay_t *relay, const char *json, apr_time_t now)
{
    json_t *row = json_loads(json, 0, NULL);
    const json_t *stored = json_object_get(row, "stored");
    ss_pause_t *p = &relay->pause;

    p->total = json_integer_value(json_object_get(row, "total"));
    p->effective_since = json_integer_value(json_object_get(row, "effectiveSince"));
    if (stored) {
        p->stored = 1;
        p->since = json_integer_value(json_object_get(stored, "since"));
        p->until = json_integer_value(json_object_get(stored, "until"));
        replace(&p->reason, json_string_value(json_object_get(stored, "reason")));
        replace(&p->who, json_string_value(json_object_get(stored, "who")));
        if (p->until && p->until <= now) p->stored = 0;
    }
    json_decref(row);
}

void ss_pause_share(ss_relay_t *relay, const char *json, apr_uint64_t number, apr_time_t now)
{
    json_t *row = json_loads(json, 0, NULL);
    const json_t *stored = json_object_get(row, "stored");
    ss_pause_t *p = &relay->pause;
    apr_time_t since = json_integer_value(json_object_get(stored, "since")),
               until = json_integer_value(json_object_get(stored, "until"));
    int is_stored = stored && (!until || until > now);

    if (number > p->number &&
        (is_stored != p->stored || (is_stored && (since != p->since || until != p->until)))) {
        if (!is_stored)
            ss_log(relay->daemon->log, SS_LOG_NOTICE, 264,
                   "relay \"%s\": the pause by %s was ended at another node", relay->name,
                   p->who ? p->who : "unknown");
        p->stored = is_stored;
        p->since = since;
        p->until = until;
        replace(&p->reason, json_string_value(json_object_get(stored, "reason")));
        replace(&p->who, json_string_value(json_object_get(stored, "who")));
        took_effect(relay, now);
    }
    json_decref(row);
}

void ss_pause_begin(ss_relay_t *relay, apr_time_t now)
{
    apr_time_t since = relay->pause.effective_since;

    relay->pause_timer = (ss_timer_t){ .fired = pause_timer, .self = relay };
    took_effect(relay, now);
    if (since != relay->pause.effective_since) persist(relay);
}

apr_status_t ss_pause_set(ss_relay_t *relay, const char *reason, const char *who, apr_time_t until,
                          apr_time_t now)
{
    ss_pause_t *p = &relay->pause;

    p->stored = 1;
    p->since = now;
    p->until = until;
    replace(&p->reason, reason);
    replace(&p->who, who);
    took_effect(relay, now);
    persist(relay);
    return APR_SUCCESS;
}

apr_status_t ss_pause_clear(ss_relay_t *relay, const char *who, apr_time_t now)
{
    ss_pause_t *p = &relay->pause;

    if (who && p->stored)
        ss_log(relay->daemon->log, SS_LOG_NOTICE, 263,
               "relay \"%s\": the pause by %s is ended by %s", relay->name,
               p->who ? p->who : "unknown", who);
    p->stored = 0;
    took_effect(relay, now);
    persist(relay);
    return APR_SUCCESS;
}

apr_interval_time_t ss_pause_total(const ss_relay_t *relay, apr_time_t now)
{
    const ss_pause_t *p = &relay->pause;

    return p->total +
           (p->effective_since && now > p->effective_since ? now - p->effective_since : 0);
}

json_t *ss_pause_json(const ss_relay_t *relay)
{
    const ss_pause_t *p = &relay->pause;
    json_t *object = json_object();
    apr_pool_t *pool;

    if (!p->directive && !p->stored) {
        json_decref(object);
        return json_null();
    }
    apr_pool_create(&pool, relay->pool);
    json_object_set_new(object, "directive", json_boolean(p->directive));
    json_object_set_new(object, "stored", json_boolean(p->stored));
    json_object_set_new(object, "since",
                        p->effective_since ? json_string(ss_text_time(pool, p->effective_since))
                                           : json_null());
    json_object_set_new(object, "until",
                        p->stored && p->until ? json_string(ss_text_time(pool, p->until))
                                              : json_null());
    json_object_set_new(object, "reason",
                        p->stored && p->reason
                            ? json_string(ss_text_utf8(pool, p->reason, strlen(p->reason)))
                            : json_null());
    json_object_set_new(object, "who",
                        p->stored && p->who
                            ? json_string(ss_text_utf8(pool, p->who, strlen(p->who)))
                            : json_null());
    apr_pool_destroy(pool);
    return object;
}
