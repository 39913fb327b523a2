/* provider_resend.c: Resend (npm "resend"): https://resend.com/docs/api-reference/emails. */
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "web/api/provider.h"
#include "web/shared/http.h"

#define BATCH_MAX 100

/* ISO 8601, or a delay in words: "in 1 min". */
static int take_time(ss_provider_job_t *job, const ss_provider_row_t *row, const char *name,
                     json_t *value)
{
    static const struct {
        const char *words;
        apr_int64_t seconds;
    } units[] = { { "s sec secs second seconds", 1 },
                  { "m min mins minute minutes", 60 },
                  { "h hour hours", 3600 },
                  { "d day days", 86400 } };
    const char *text = json_string_value(value);
    char *end;

    if (text && strncmp(text, "in ", 3)) return ss_provider_copy(job, row, name, value);
    long count = text ? strtol(text + 3, &end, 10) : 0;
    for (apr_size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (count <= 0 || *end != ' ' || count > 10000 ||
            ss_text_word_index(units[i].words, end + 1) < 0)
            continue;
        json_object_set_new(
            job->document, row->ours,
            ss_json_time(ss_wall_now() + count * units[i].seconds * APR_USEC_PER_SEC));
        return 0;
    }
    return ss_provider_wrong(job, name, "must be a time like 2026-08-05T11:52:01Z or \"in 5 min\"");
}

static const ss_provider_row_t rows[] = {
    { "from", "from", ss_provider_copy, NULL },
    { "to", "to", ss_provider_copy, NULL },
    { "cc", "cc", ss_provider_copy, NULL },
    { "bcc", "bcc", ss_provider_copy, NULL },
    { "reply_to", "replyTo", ss_provider_copy, NULL },
    { "subject", "subject", ss_provider_copy, NULL },
    { "html", "html", ss_provider_copy, NULL },
    { "text", "text", ss_provider_copy, NULL },
    { "headers", "headers", ss_provider_headers, "names and values" },
    { "attachments", "attachments", ss_provider_attachments,
      "content>content filename>filename content_type>contentType content_id>cid "
      "inline_content_id>cid" },
    { "tags", "metadata", ss_provider_metadata, "a list of name and value" },
    { "scheduled_at", "at", take_time, "ISO 8601, or \"in 5 min\"" },
    { "template", NULL, ss_provider_off, "templates do not exist here: send html or text" },
    { "topic_id", NULL, ss_provider_off, "topics of contacts do not exist here" },
    { NULL, NULL, NULL, NULL }
};

static json_t *write_refusal(const ss_problem_t *problem, const char *detail, int *status)
{
    static const struct {
        int kind, status;
        const char *name;
    } names[] = { { SS_PROBLEM_SENDER, 422, "missing_required_field" },
                  { SS_PROBLEM_RECIPIENT, 422, "missing_required_field" },
                  { SS_PROBLEM_KEY_REUSED, 409, "invalid_idempotent_request" },
                  { SS_PROBLEM_KEY_BUSY, 409, "concurrent_idempotent_requests" },
                  { SS_PROBLEM_NOT_FOUND, 404, "not_found" },
                  { SS_PROBLEM_METHOD, 405, "method_not_allowed" },
                  { SS_PROBLEM_RATE, 429, "rate_limit_exceeded" } };
    const char *name = "validation_error";
    int kind = problem->kind < 1000 ? problem->kind * 100 : problem->kind;

    if (*status == 400) *status = 422;
    if (*status >= 500) name = "application_error";
    for (apr_size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (names[i].kind != kind) continue;
        *status = names[i].status;
        name = names[i].name;
    }
    return json_pack("{s:i,s:s,s:o}", "statusCode", *status, "name", name, "message",
                     ss_json_string(detail));
}

static int send_email(ss_provider_job_t *job, const char *id)
{
    json_t *theirs;

    (void)id;
    if (!ss_provider_json(job, &theirs)) return OK;
    if (ss_provider_read(job, rows, theirs)) return ss_problem_mail(job->r, &job->s.problem);
    if (!ss_provider_submit(job)) return OK;
    return ss_http_json(job->r, HTTP_OK, "application/json",
                        json_pack("{s:O}", "id", json_array_get(job->ids, 0)));
}

/* job->ids becomes the answer: {"data": [...], "errors": [...]}. */
static void batch_answered(ss_provider_job_t *job, int index, const char *id,
                           const ss_problem_t *problem)
{
    json_t *answer = job->ids;

    if (id)
        json_array_append_new(json_object_get(answer, "data"), json_pack("{s:s}", "id", id));
    else
        json_array_append_new(
            json_object_get(answer, "errors"),
            json_pack("{s:i,s:o}", "index", index, "message", ss_json_string(problem->detail)));
}

static int send_batch(ss_provider_job_t *job, const char *id)
{
    const char *mode = apr_table_get(job->r->headers_in, "x-batch-validation");

    (void)id;
    job->must_hold = !mode || strcmp(mode, "permissive");
    job->ids = ss_rpc_own(job->r->pool, json_pack("{s:[],s:[]}", "data", "errors"));
    if (!ss_provider_batch(job, BATCH_MAX, batch_answered)) return OK;
    json_t *errors = json_object_get(job->ids, "errors");
    if (job->must_hold && json_array_size(errors)) {
        const char *why = ss_json_text(json_array_get(errors, 0), "message");
        return ss_problem(job->r, HTTP_SERVICE_UNAVAILABLE, NULL,
                          "%d of the messages could not be accepted: %s",
                          (int)json_array_size(errors), why);
    }
    if (job->must_hold) json_object_del(job->ids, "errors");
    return ss_http_json(job->r, HTTP_OK, "application/json", json_incref(job->ids));
}

/* What Resend calls our states. */
static const char *event_of(const char *state)
{
    static const char *const events[][2] = { { "sent", "delivered" },
                                             { "failed", "bounced" },
                                             { "expired", "failed" },
                                             { "bounced", "bounced" },
                                             { "cancelled", "canceled" },
                                             { "suppressed", "suppressed" },
                                             { "deferred", "delivery_delayed" },
                                             { "sending", "sent" },
                                             { "partial", "delivered" } };

    for (apr_size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        if (state && !strcmp(events[i][0], state)) return events[i][1];
    }
    return "queued";
}

static int show(ss_provider_job_t *job, const char *id)
{
    const json_t *state = ss_provider_state(job, id);
    json_t *to = json_array(), *rcpt;
    size_t i;

    if (!state) {
        json_decref(to);
        return OK;
    }
    json_array_foreach(json_object_get(state, "recipients"), i, rcpt)
        json_array_append(to, json_object_get(rcpt, "address"));
    return ss_http_json(
        job->r, HTTP_OK, "application/json",
        json_pack("{s:s,s:s,s:O*,s:o,s:O*,s:O*,s:[],s:[],s:[],s:n,s:n,s:s}", "object", "email",
                  "id", id, "from", json_object_get(state, "from"), "to", to, "created_at",
                  json_object_get(state, "createdAt"), "subject", json_object_get(state, "subject"),
                  "cc", "bcc", "reply_to", "html", "text", "last_event",
                  event_of(ss_json_text(state, "state"))));
}

static int cancel(ss_provider_job_t *job, const char *id)
{
    return ss_provider_cancel(job, id)
               ? ss_http_json(job->r, HTTP_OK, "application/json",
                              json_pack("{s:s,s:s}", "object", "email", "id", id))
               : OK;
}

static const ss_provider_route_t routes[] = { { M_POST, "emails", send_email },
                                              { M_POST, "emails/batch", send_batch },
                                              { M_POST, "emails/*/cancel", cancel },
                                              { M_GET, "emails/*", show },
                                              { 0, NULL, NULL } };

const ss_provider_t ss_provider_resend = { "resend", rows, routes, { write_refusal } };
