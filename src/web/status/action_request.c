#include "web/status/action_request.h"

#include <string.h>

#include "base/ident.h"
#include "base/text.h"

#define IDS_MAX 1000
#define REASON_MAX 500 /* bytes */

static const ss_action_request_t actions[] = { { "pause", "Pause sending", "Pause", 0, 1 },
                                               { "resume", "Resume sending", "Resume", 0, 1 },
                                               { "flush", "Flush", "Flush", 0, 1 },
                                               { "retry", "Retry", "Retry", 0, 0 },
                                               { "hold", "Hold", "Held", 0, 0 },
                                               { "release", "Release", "Released", 0, 0 },
                                               { "cancel", "Cancel", "Cancelled", 1, 0 },
                                               { "bounce", "Bounce", "Bounced", 1, 0 } };

const ss_action_request_t *ss_action_request_find(const ss_params_t *form)
{
    const char *name = ss_params_get(form, "action");

    for (apr_size_t i = 0; name && i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (!strcmp(actions[i].name, name)) return &actions[i];
    }
    return NULL;
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

static int put_filter(json_t *header, const ss_params_t *form, ss_mail_problem_t *problem)
{
    static const char *const names[] = { "state", "relay", "from", "to" };
    json_t *filter = json_object();
    const char *confirm = ss_params_get(form, "confirm");
    apr_int64_t count = 0;
    int is_named = 0;

    json_object_set_new(header, "filter", filter);
    for (apr_size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        put_text(filter, form, names[i]);
        is_named |= ss_params_get(form, names[i]) != NULL;
    }
    if (!is_named)
        return ss_mail_problem(problem, 400, "id",
                               "give message ids, or a filter: state, relay, from, to");
    if (confirm && ss_text_number(confirm, 0, APR_INT64_MAX, &count))
        return ss_mail_problem(problem, 400, "confirm",
                               "confirm must repeat the number of matches that the request without "
                               "confirm returned, not \"%s\"",
                               confirm);
    if (confirm) json_object_set_new(header, "confirm", json_integer(count));
    return 0;
}

json_t *ss_action_request_create(const ss_action_request_t *action, const ss_params_t *form,
                                 ss_mail_problem_t *problem)
{
    json_t *header = json_pack("{s:s}", "do", action->name);
    int failed = action->is_of_relay         ? put_relay(header, form, problem)
                 : ss_params_get(form, "id") ? put_ids(header, form, problem)
                                             : put_filter(header, form, problem);

    if (!failed) return header;
    json_decref(header);
    return NULL;
}
