#include "operator/selection.h"

#include <apr_strings.h>

#include "record/activity.h"
#include "record/event_log.h"

void *ss_selection_create(ss_operator_t *o, ss_request_t *req, const char *verb, apr_size_t size)
{
    apr_pool_t *pool;

    apr_pool_create(&pool, o->pool);
    ss_selection_t *s = apr_pcalloc(pool, size);
    s->context = o;
    s->req = req;
    s->pool = pool;
    s->verb = verb;
    s->ids = apr_array_make(pool, 1, sizeof(const char *));
    return s;
}

void ss_selection_end(ss_selection_t *s)
{
    apr_pool_destroy(s->pool);
}

int ss_selection_is_one(const ss_selection_t *s)
{
    return !s->is_filtered && s->ids->nelts == 1;
}

/* 1: some; 0: none are named; -1: one is no id. */
static int read_ids(ss_selection_t *s, const json_t *ids)
{
    apr_size_t count = json_is_array(ids) ? json_array_size(ids) : ids ? 1 : 0;

    for (apr_size_t i = 0; i < count && i < SS_SELECTION_IDS_MAX; i++) {
        const char *id = json_string_value(json_is_array(ids) ? json_array_get(ids, i) : ids);
        if (!id || !ss_ident_is_valid(id)) return -1;
        APR_ARRAY_PUSH(s->ids, const char *) = apr_pstrdup(s->pool, id);
    }
    return count > 0;
}

int ss_selection_read(ss_selection_t *s, const json_t *header)
{
    const json_t *filter = json_object_get(header, "filter");
    int named = read_ids(s, json_object_get(header, "id"));

    s->who = ss_operator_who(s->req, header, s->pool);
    s->filter = (ss_store_filter_t){ .state = -1,
                                     .uid = ss_operator_filter_uid(s->req),
                                     .submitters = ss_operator_submitters(header, s->pool) };
    if (named < 0) {
        ss_request_refuse(s->req, 404, 0, "id", "that is not a message's id");
    } else if (!named && !json_is_object(filter)) {
        ss_request_refuse(s->req, 400, 0, "id",
                          "name a message by id, or a filter: state, relay, from, to");
    } else if (named || ss_operator_filter(s->req, filter, &s->filter, s->pool)) {
        s->is_filtered = !named;
        s->confirm = ss_json_number(header, "confirm");
        return 1;
    }
    ss_selection_end(s);
    return 0;
}

static void counted(ss_store_request_t *request)
{
    ss_selection_t *s = request->baton;
    const ss_store_matches_t *matches = ss_store_request_as(request, SS_STORE_MATCHES);

    if (request->rv != APR_SUCCESS) {
        ss_selection_fail(s, request);
    } else {
        s->matched = matches->messages;
        if (s->matched && s->confirm == s->matched)
            s->go(s);
        else
            ss_selection_finish(s, NULL);
    }
    apr_pool_destroy(request->pool);
}

void ss_selection_confirm(ss_selection_t *s, ss_store_action_t control,
                          void (*go)(ss_selection_t *s))
{
    ss_store_matches_t *request =
        ss_store_matches_create(control, &s->filter, ss_loop_wall(s->context->loop), counted, s);

    s->go = go;
    ss_store_port_post(s->context->queue, &request->head);
}

/* Of one message its own line has said it (ss_selection_took). */
static void tell(const ss_selection_t *s)
{
    const json_t *header = s->req->header;
    const ss_event_line_action_t action = { .action = s->verb,
                                            .who = s->who,
                                            .reason = ss_json_text(header, "reason"),
                                            .filter = s->is_filtered
                                                          ? json_object_get(header, "filter")
                                                          : NULL,
                                            .count = s->done };

    if (!ss_selection_is_one(s)) ss_event_log_action(s->context->record, &action);
}

void ss_selection_took(ss_operator_t *o, const char *id, const char *verb, const char *who)
{
    ss_event_log_action(
        o->record, &(ss_event_line_action_t){ .action = verb, .who = who, .id = id, .count = -1 });
}

static void note(const ss_selection_t *s)
{
    const char *what =
        ss_selection_is_one(s)
            ? apr_psprintf(s->pool, "%s of message %s", s->verb,
                           APR_ARRAY_IDX(s->ids, 0, const char *))
            : apr_psprintf(s->pool, "%s of %" APR_INT64_T_FMT " messages", s->verb, s->done);

    ss_activity_note(s->context->record, s->who, what, ss_loop_wall(s->context->loop));
}

void ss_selection_finish(ss_selection_t *s, const char *state)
{
    if (s->req && s->done) note(s), tell(s);
    if (s->req) {
        json_t *document = json_pack("{s:I,s:I}", "matched",
                                     (json_int_t)(s->is_filtered ? s->matched : s->ids->nelts),
                                     "done", (json_int_t)s->done);
        if (ss_selection_is_one(s)) {
            ss_json_put(document, "id", APR_ARRAY_IDX(s->ids, 0, const char *));
            ss_json_put(document, "state", state);
        }
        ss_request_document(s->req, 200, document);
    }
    ss_selection_end(s);
}

void ss_selection_conflict(ss_selection_t *s, const char *state, const char *detail)
{
    if (!detail)
        detail = apr_psprintf(s->pool, "message %s is %s: %s is not possible",
                              APR_ARRAY_IDX(s->ids, 0, const char *), state, s->verb);
    if (s->req)
        ss_request_answer(s->req, 409, json_pack("{s:s,s:s}", "state", state, "detail", detail),
                          NULL, 0);
    ss_selection_end(s);
}

void ss_selection_unknown(ss_selection_t *s)
{
    if (s->req)
        ss_request_refuse(s->req, 404, 0, NULL, "no message %s is known",
                          APR_ARRAY_IDX(s->ids, 0, const char *));
    ss_selection_end(s);
}

void ss_selection_fail(ss_selection_t *s, const ss_store_request_t *request)
{
    if (s->req) ss_operator_refuse_store(s->req, request);
    ss_selection_end(s);
}
