#include "operator/verbs.h"

#include <string.h>

#include "operator/action.h"
#include "operator/bounce_request.h"
#include "operator/connection_test.h"
#include "operator/lookup.h"
#include "operator/overview.h"
#include "operator/relay_action.h"
#include "operator/transfer.h"

typedef struct {
    const char *name;
    void (*run)(ss_operator_t *o, ss_request_t *req);
    int needs_store;
    const char *trusted; /* what only root and httpd's User may do; NULL: everybody may */
} verb_t;

static const verb_t verbs[] = {
    { "get", ss_lookup_message, 1, NULL },
    { "show", ss_lookup_message, 1, NULL },
    { "queue", ss_lookup_list, 1, NULL },
    { "retry", ss_action_run, 1, NULL },
    { "hold", ss_action_run, 1, NULL },
    { "release", ss_action_run, 1, NULL },
    { "cancel", ss_action_run, 1, NULL },
    { "bounce", ss_bounce_request_run, 1, NULL },
    { "export", ss_transfer_export, 1, "export" },
    { "content", ss_transfer_content, 1, "read contents" },
    { "pause", ss_relay_action_run, 1, "pause" },
    { "resume", ss_relay_action_run, 1, "resume" },
    { "flush", ss_relay_action_run, 1, "flush" },
    { "status", ss_overview_numbers, 0, NULL },
    { "metrics", ss_overview_numbers, 0, NULL },
    { "activity", ss_overview_activity, 0, NULL },
    { "test", ss_connection_test_run, 0, "run the connection test with the server's settings" },
};

static const verb_t *find(const char *name)
{
    for (apr_size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (!strcmp(verbs[i].name, name)) return &verbs[i];
    }
    return NULL;
}

int ss_verbs_may(const char *name, int is_trusted)
{
    const verb_t *verb = find(name);

    return !verb || !verb->trusted || is_trusted;
}

void ss_verbs_dispatch(void *self, ss_request_t *req)
{
    ss_operator_t *o = self;
    const verb_t *verb = find(req->verb);

    if (!verb)
        ss_request_refuse(req, 501, 0, NULL, "the running daemon does not know \"%s\"", req->verb);
    else if (!ss_verbs_may(verb->name, req->is_trusted))
        ss_request_refuse(req, 403, 0, NULL, "only root and httpd's user may %s", verb->trusted);
    else if (verb->needs_store && !o->queue->store)
        ss_request_refuse(req, 503, 5, NULL, "%s", o->queue->result.text);
    else
        verb->run(o, req);
}
