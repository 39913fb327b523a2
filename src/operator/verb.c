#include "operator/verb.h"

#include <string.h>

typedef struct {
    const char *name;
    void (*run)(ss_operator_t *o, ss_request_t *req);
    int needs_store;
    /* what only root, the daemon's user and httpd's User may do; NULL: everybody may */
    const char *trusted;
    int is_content; /* httpd's User may not, where the daemon's user is another one */
} verb_t;

static const verb_t verbs[] = {
    { "get", ss_verb_lookup, 1, NULL, 0 },
    { "show", ss_verb_lookup, 1, NULL, 0 },
    { "queue", ss_verb_lookup_list, 1, NULL, 0 },
    { "retry", ss_verb_action, 1, NULL, 0 },
    { "hold", ss_verb_action, 1, NULL, 0 },
    { "release", ss_verb_action, 1, NULL, 0 },
    { "cancel", ss_verb_action, 1, NULL, 0 },
    { "bounce", ss_verb_bounce, 1, NULL, 0 },
    { "export", ss_verb_transfer_export, 1, "export", 1 },
    { "content", ss_verb_transfer_content, 1, "read contents", 1 },
    { "pause", ss_verb_relay, 1, "pause", 0 },
    { "resume", ss_verb_relay, 1, "resume", 0 },
    { "flush", ss_verb_relay, 1, "flush", 0 },
    { "status", ss_verb_overview, 0, NULL, 0 },
    { "metrics", ss_verb_overview, 0, NULL, 0 },
    { "activity", ss_verb_overview_activity, 0, NULL, 0 },
    { "test", ss_verb_test, 0, "run the connection test with the server's settings", 0 },
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

    return !verb || !verb->trusted ||
           is_trusted >= (int)(verb->is_content ? SS_REQUEST_ALL : SS_REQUEST_WEB);
}

void ss_verb_dispatch(void *self, ss_request_t *req)
{
    ss_operator_t *o = self;
    const verb_t *verb = find(req->verb);

    if (!verb)
        ss_request_refuse(req, 501, 0, NULL, "the running daemon does not know \"%s\"", req->verb);
    else if (!ss_verb_may(verb->name, req->is_trusted))
        ss_request_refuse(req, 403, 0, NULL, "only root and the delivery daemon's user may %s%s",
                          verb->trusted,
                          req->is_trusted ? " (SMTPSendUser; httpd's User may where "
                                            "SMTPSendStatusBody is On)"
                                          : "");
    else if (verb->needs_store && !o->queue->store)
        ss_request_refuse(req, 503, 5, NULL, "%s", o->queue->result.text);
    else
        verb->run(o, req);
}
