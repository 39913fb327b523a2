#include "web/status/action_request.h"

#include <apr_strings.h>
#include <string.h>

#include "base/ident.h"
#include "base/text.h"

#define IDS_MAX 1000
#define REASON_MAX 500 /* bytes */

const char *const ss_action_request_filters[] = { "text",  "state",   "from", "to",
                                                  "relay", "waiting", NULL };

static const ss_action_request_t actions[] = {
    { "pause", "Pause sending", "Pause", 1, NULL },
    { "resume", "Resume sending", "Resume", 1, NULL },
    { "flush", "Flush", "Flush", 1, NULL },
    { "retry", "Retry", "Retry", 0, NULL },
    { "hold", "Hold", "Held", 0, NULL },
    { "release", "Release", "Released", 0, NULL },
    { "cancel", "Cancel", "Cancelled", 0,
      "Cancelled mail is not sent, and its sender is not notified. This cannot be undone." },
    { "bounce", "Bounce", "Bounced", 0,
      "Bounced mail is not tried again, and its sender gets a bounce. This cannot be undone." },
};

const ss_action_request_t *ss_action_request_named(const char *name)
{
    for (apr_size_t i = 0; name && i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (!strcmp(actions[i].name, name)) return &actions[i];
    }
    return NULL;
}

const ss_action_request_t *ss_action_request_find(const ss_params_t *form)
{
    return ss_action_request_named(ss_params_get(form, "action"));
}

static void put_text(json_t *object, const ss_params_t *form, const char *name)
{
    const char *value = ss_params_get(form, name);

    if (value && *value) ss_json_put(object, name, value);
}

static int put_relay(json_t *header, const ss_params_t *form, ss_mail_problem_t *problem)
{
    const char *lasts = ss_params_get(form, "for"), *reason = ss_params_get(form, "reason");
    apr_interval_time_t time = 0;

    if (lasts && *lasts && (ss_text_duration(lasts, &time) || time <= 0))
        return ss_mail_problem(problem, 400, "for", "\"%s\" is not a duration such as 30min",
                               lasts);
    if (reason && strlen(reason) > REASON_MAX)
        return ss_mail_problem(problem, 400, "reason",
                               "a reason has at most " APR_STRINGIFY(REASON_MAX) " bytes");
    put_text(header, form, "relay");
    put_text(header, form, "reason");
    if (time) json_object_set_new(header, "for", json_integer(time));
    return 0;
}

static int put_ids(json_t *header, const ss_params_t *form, ss_mail_problem_t *problem)
{
    json_t *ids = json_array();

    json_object_set_new(header, "id", ids);
    for (int i = 0; i < form->pairs->nelts; i++) {
        const ss_params_pair_t *pair = &APR_ARRAY_IDX(form->pairs, i, ss_params_pair_t);
        if (strcmp(pair->name, "id")) continue;
        if (!ss_ident_is_valid(pair->value))
            return ss_mail_problem(problem, 400, "id", "\"%s\" is not a message id", pair->value);
        json_array_append_new(ids, json_string(pair->value));
    }
    if (json_array_size(ids) <= IDS_MAX) return 0;
    return ss_mail_problem(problem, 422, "id",
                           "more than " APR_STRINGIFY(IDS_MAX) " message ids: use a filter");
}

int ss_action_request_is_named(const ss_params_t *form)
{
    const char *which = ss_params_get(form, "which");

    return which ? !strcmp(which, "selected") : ss_params_get(form, "id") != NULL;
}

const char *ss_action_request_filter(const ss_params_t *form, apr_pool_t *pool)
{
    const char *words = NULL;

    for (int i = 0; ss_action_request_filters[i]; i++) {
        const char *name = ss_action_request_filters[i], *value = ss_params_get(form, name), *word;
        if (!value || !*value) continue;
        word = strcmp(name, "waiting") ? apr_pstrcat(pool, name, " ", value, NULL)
                                       : "only waiting messages";
        words = words ? apr_pstrcat(pool, words, ", ", word, NULL) : word;
    }
    return words ? words : "none, so all messages";
}

static int put_filter(json_t *header, const ss_params_t *form, ss_mail_problem_t *problem)
{
    json_t *filter = json_object();
    const char *confirm = ss_params_get(form, "confirm");
    apr_int64_t count = 0;
    int is_named = ss_params_get(form, "which") != NULL;

    json_object_set_new(header, "filter", filter);
    for (int i = 0; ss_action_request_filters[i]; i++) {
        const char *name = ss_action_request_filters[i], *value = ss_params_get(form, name);
        is_named |= value && *value;
        if (strcmp(name, "waiting"))
            put_text(filter, form, name);
        else if (ss_params_flag(form, name, 0))
            json_object_set_new(filter, name, json_true());
    }
    if (!is_named)
        return ss_mail_problem(problem, 400, "id",
                               "give message ids, or a filter: text, state, relay, from, to");
    if (confirm && ss_text_number(confirm, 0, APR_INT64_MAX, &count))
        return ss_mail_problem(problem, 400, "confirm",
                               "confirm must repeat the number of matches that the request without "
                               "confirm returned, not \"%s\"",
                               confirm);
    if (confirm) json_object_set_new(header, "confirm", json_integer(count));
    return 0;
}

static int put_messages(json_t *header, const ss_params_t *form, ss_mail_problem_t *problem)
{
    const char *which = ss_params_get(form, "which");

    if (which && strcmp(which, "selected") && strcmp(which, "matching"))
        return ss_mail_problem(problem, 400, "which",
                               "which must be selected or matching, not \"%s\"", which);
    if (!ss_action_request_is_named(form)) return put_filter(header, form, problem);
    if (!ss_params_get(form, "id"))
        return ss_mail_problem(problem, 400, "id", "no message is selected: tick some first");
    return put_ids(header, form, problem);
}

json_t *ss_action_request_create(const ss_action_request_t *action, const ss_params_t *form,
                                 ss_mail_problem_t *problem)
{
    json_t *header = json_pack("{s:s}", "do", action->name);
    int failed = action->is_of_relay ? put_relay(header, form, problem)
                                     : put_messages(header, form, problem);

    if (!failed) return header;
    json_decref(header);
    return NULL;
}
