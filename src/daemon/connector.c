#include "daemon/connector.h"

#include <apr_hash.h>
#include <apr_strings.h>
#include <stdlib.h>

#include "base/descriptors.h"
#include "net/link.h"

#define SECRET_TIME (30 * APR_USEC_PER_SEC) /* an exec: program's deadline */

struct ss_connector_t {
    ss_loop_t *loop;
    const ss_log_t *log;
    apr_pool_t *pool;
    apr_hash_t *contexts; /* settings' address -> ss_tls_t */
    ss_address_health_t *health;
    void (*is_short)(void *self);
    void *self;
};

struct ss_transport_t {
    const ss_connector_t *connector;
    ss_link_t *link;
    void (*event)(void *owner, const ss_client_event_t *event);
    void *owner;
    /* LogLevel debug: of the transcript that goes to the log; else NULL */
    apr_pool_t *dialogue;
    char name[300]; /* until the link has one */
};

ss_connector_t *ss_connector_create(ss_loop_t *loop, const ss_log_t *log, apr_pool_t *pool)
{
    ss_connector_t *connector = apr_pcalloc(pool, sizeof(*connector));

    connector->loop = loop;
    connector->log = log;
    connector->pool = pool;
    connector->contexts = apr_hash_make(pool);
    connector->health = apr_pcalloc(pool, sizeof(*connector->health));
    return connector;
}

void ss_connector_watch(ss_connector_t *connector, void (*is_short)(void *self), void *self)
{
    connector->is_short = is_short;
    connector->self = self;
}

static apr_status_t prepare(void *self, const ss_settings_t *settings, ss_result_t *result)
{
    ss_connector_t *connector = self;
    ss_tls_t *tls;

    if (settings->tls == SS_TLS_NONE) return APR_SUCCESS;
    apr_status_t rv = ss_tls_create(&tls, settings, result, connector->pool);
    if (rv != APR_SUCCESS) return rv;
    const ss_settings_t **key = apr_pmemdup(connector->pool, &settings, sizeof(settings));
    apr_hash_set(connector->contexts, key, sizeof(*key), tls);
    return APR_SUCCESS;
}

/* ---- one connection ---- */

static void say_line(void *self, const char *text)
{
    const ss_transport_t *t = self;

    ss_log(t->connector->log, SS_LOG_DEBUG, 298, "%s: %s",
           t->link ? ss_link_name(t->link) : t->name, text);
}

static void on_event(void *self, ss_link_t *link, const ss_client_event_t *event)
{
    const ss_transport_t *t = self;

    (void)link;
    if (event->kind == SS_EVENT_CLOSED && ss_descriptors_is_shortage(&event->result))
        t->connector->is_short(t->connector->self);
    t->event(t->owner, event);
}

static void free_transport(ss_transport_t *t)
{
    if (t->dialogue) apr_pool_destroy(t->dialogue);
    free(t);
}

static apr_status_t open_link(void *self, ss_transport_t **out,
                              const ss_transport_options_t *options)
{
    const ss_connector_t *connector = self;
    ss_transport_t *t = calloc(1, sizeof(*t));

    if (!t) return APR_ENOMEM;
    t->connector = connector;
    t->event = options->event;
    t->owner = options->owner;
    apr_cpystrn(t->name, options->name, sizeof(t->name));
    ss_link_options_t how = { .settings = options->settings,
                              .host = options->host,
                              .tls = apr_hash_get(connector->contexts, &options->settings,
                                                  sizeof(options->settings)),
                              .counts = options->counts,
                              .learned = options->learned,
                              .mechanism = options->mechanism,
                              .mechanism_lost = options->mechanism_lost,
                              .logins = options->logins,
                              .max_messages = options->max_messages,
                              .health = connector->health,
                              .haste = options->haste,
                              .proof = options->proof };
    /* LogLevel debug: the whole dialogue, without contents and credentials. */
    if (ss_log_is(connector->log, SS_LOG_DEBUG)) {
        apr_pool_create(&t->dialogue, connector->pool);
        how.transcript = ss_transcript_stream(say_line, t, t->dialogue);
    }
    ss_link_owner_t owner = { on_event, t };
    apr_status_t rv = ss_link_open(&t->link, connector->loop, &how, &owner);
    if (rv != APR_SUCCESS) {
        free_transport(t);
        return rv;
    }
    *out = t;
    return APR_SUCCESS;
}

static void close_link(ss_transport_t *t)
{
    ss_link_destroy(t->link);
    free_transport(t);
}

static const ss_client_t *client(const ss_transport_t *t)
{
    return ss_link_client(t->link);
}

static apr_status_t send_message(ss_transport_t *t, ss_client_message_t *message)
{
    return ss_link_send(t->link, message);
}

static void more(ss_transport_t *t)
{
    ss_link_more(t->link);
}

static void secret(ss_transport_t *t, const char *bytes, apr_size_t len)
{
    ss_link_secret(t->link, bytes, len);
}

static void quit(ss_transport_t *t)
{
    ss_link_quit(t->link);
}

static void abort_link(ss_transport_t *t, const char *why)
{
    ss_link_abort(t->link, why);
}

static const char *name(const ss_transport_t *t)
{
    return ss_link_name(t->link);
}

const ss_transport_ops_t ss_connector_ops = { .prepare = prepare,
                                              .open = open_link,
                                              .close = close_link,
                                              .client = client,
                                              .send = send_message,
                                              .more = more,
                                              .secret = secret,
                                              .quit = quit,
                                              .abort = abort_link,
                                              .name = name };

/* ---- the secret ---- */

typedef struct {
    ss_secret_t *secret;
    void (*done)(void *baton, apr_status_t rv, const ss_result_t *result);
    void *baton;
    ss_result_t result;
    apr_status_t rv;
} load_t;

static void load_work(void *baton)
{
    load_t *load = baton;

    load->rv = ss_secret_reload(load->secret, SECRET_TIME, &load->result);
}

static void load_done(void *baton)
{
    load_t *load = baton;

    load->done(load->baton, load->rv, &load->result);
    free(load);
}

apr_status_t ss_connector_load_secret(ss_connector_t *connector, ss_secret_t *secret_of_relay,
                                      void (*done)(void *baton, apr_status_t rv,
                                                   const ss_result_t *result),
                                      void *baton)
{
    load_t *load = calloc(1, sizeof(*load));

    if (!load) return APR_ENOMEM;
    load->secret = secret_of_relay;
    load->done = done;
    load->baton = baton;
    apr_status_t rv = ss_loop_help(connector->loop, load_work, load_done, load);
    if (rv != APR_SUCCESS) free(load);
    return rv;
}
