#include "operator/verb.h"

#include <string.h>

typedef struct {
    const char *name;
    void (*run)(ss_operator_t *o, ss_request_t *req);
    int needs_store;
    const char *trusted; /* what only root and httpd's User may do; NULL: everybody may */
} verb_t;

static const verb_t verbs[] = {
    { "get", ss_verb_lookup, 1, NULL },
    { "show", ss_verb_lookup, 1, NULL },
    { "queue", ss_verb_lookup_list, 1, NULL },
    { "retry", ss_verb_action, 1, NULL },
    { "hold", ss_verb_action, 1, NULL },
    { "release", ss_verb_action, 1, NULL },
    { "cancel", ss_verb_action, 1, NULL },
    { "bounce", ss_verb_bounce, 1, NULL },
    { "export", ss_verb_transfer_export, 1, "export" },
    { "content", ss_verb_transfer_content, 1, "read contents" },
    { "pause", ss_verb_relay, 1, "pause" },
    { "resume", ss_verb_relay, 1, "resume" },
    { "flush", ss_verb_relay, 1, "flush" },
    { "status", ss_verb_overview, 0, NULL },
    { "metrics", ss_verb_overview, 0, NULL },
    { "activity", ss_verb_overview_activity, 0, NULL },
    { "test", ss_verb_test, 0, "run the connection test with the server's settings" },
};

static const verb_t *find(const char *name)
{
    for (apr_size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (!strcmp(verbs[i].name, name)) return &verbs[i];
    }
    return NULL;
}

int ss_verb_may(const char *name, int is_trusted)
{
    const verb_t *verb = find(name);

    return !verb || !verb->trusted || is_trusted;
}

void ss_verb_dispatch(void *self, ss_request_t *req)
{
    ss_operator_t *o = self;
    const verb_t *verb = find(req->verb);

    if (!verb)
        ss_request_refuse(req, 501, 0, NULL, "the running daemon does not know \"%s\"", req->verb);
    else if (!ss_verb_may(verb->name, req->is_trusted))
        ss_request_refuse(req, 403, 0, NULL, "only root and httpd's user may %s", verb->trusted);
    else if (verb->needs_store && !o->queue->store)
        ss_request_refuse(req, 503, 5, NULL, "%s", o->queue->result.text);
    else
        verb->run(o, req);
}
