/* provider_postmark.c: Postmark (npm "postmark"): https://postmarkapp.com/developer/api. */
#include <apr_strings.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "web/api/provider.h"
#include "web/shared/http.h"

#define BATCH_MAX 500

static int take_tag(ss_provider_job_t *job, const ss_provider_row_t *row, const char *name,
                    json_t *value)
{
    (void)row;
    if (!json_is_string(value)) return ss_provider_wrong(job, name, "must be a string");
    ss_provider_note(job, "tag", json_string_value(value));
    return 0;
}

static const ss_provider_row_t rows[] = {
    { "From", "from", ss_provider_copy, NULL },
    { "To", "to", ss_provider_copy, NULL },
    { "Cc", "cc", ss_provider_copy, NULL },
    { "Bcc", "bcc", ss_provider_copy, NULL },
    { "ReplyTo", "replyTo", ss_provider_copy, NULL },
    { "Subject", "subject", ss_provider_copy, NULL },
    { "HtmlBody", "html", ss_provider_copy, NULL },
    { "TextBody", "text", ss_provider_copy, NULL },
    { "Headers", "headers", ss_provider_headers, "a list of Name and Value" },
    { "Attachments", "attachments", ss_provider_attachments,
      "Content>content Name>filename ContentType>contentType ContentID>cid ContentLength> "
      "Disposition>" },
    { "Metadata", "metadata", ss_provider_metadata, "names and values" },
    { "Tag", "metadata", take_tag, "as the member \"tag\"" },
    { "MessageStream", NULL, ss_provider_ignore,
      "all mail goes by the relay; SMTPSendRelayFor chooses one" },
    { "TrackOpens", NULL, ss_provider_off, "opens are not tracked here" },
    { "TrackLinks", NULL, ss_provider_off, "links are not tracked here" },
    { "InlineCss", NULL, ss_provider_off, "CSS is not inlined here" },
    { "TemplateId", NULL, ss_provider_off, "templates do not exist here" },
    { "TemplateAlias", NULL, ss_provider_off, "templates do not exist here" },
    { "TemplateModel", NULL, ss_provider_off, "templates do not exist here" },
    { NULL, NULL, NULL, NULL }
};

/* Postmark's number for a refusal. */
static int code_of(int kind)
{
    static const int codes[][2] = { { SS_PROBLEM_BODY, 402 },
                                    { SS_PROBLEM_UNKNOWN, 403 },
                                    { SS_PROBLEM_SENDER_FORBIDDEN, 400 },
                                    { SS_PROBLEM_FORBIDDEN, 10 },
                                    { SS_PROBLEM_TOO_MANY, 410 },
                                    { SS_PROBLEM_NOT_FOUND, 701 },
                                    { SS_PROBLEM_MEDIA_TYPE, 409 },
                                    { SS_PROBLEM_UNAVAILABLE, 100 } };

    for (apr_size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (codes[i][0] == kind || codes[i][0] == kind * 100) return codes[i][1];
    }
    return kind >= 50000 || (kind >= 500 && kind < 1000) ? 100 : 300;
}

static json_t *problem_of(const ss_problem_t *problem, const char *detail)
{
    return json_pack("{s:i,s:o}", "ErrorCode", code_of(problem->kind), "Message",
                     ss_json_string(detail));
}

/* Its clients tell errors apart by 401, 404, 422, 429, 500 and 503 alone. */
static json_t *write_refusal(const ss_problem_t *problem, const char *detail, int *status)
{
    if (*status < 500 && *status != 401 && *status != 404 && *status != 429 && *status != 413)
        *status = 422;
    return problem_of(problem, detail);
}

static json_t *accepted(const json_t *theirs, json_t *id)
{
    char now[SS_TEXT_TIME];

    return json_pack("{s:O*,s:O*,s:O*,s:s,s:O,s:i,s:s}", "To", json_object_get(theirs, "To"), "Cc",
                     json_object_get(theirs, "Cc"), "Bcc", json_object_get(theirs, "Bcc"),
                     "SubmittedAt", ss_text_time_write(now, ss_wall_now()), "MessageID", id,
                     "ErrorCode", 0, "Message", "OK");
}

static int send_email(ss_provider_job_t *job, const char *id)
{
    json_t *theirs;

    (void)id;
    if (!ss_provider_json(job, &theirs)) return OK;
    if (ss_provider_read(job, rows, theirs)) return ss_problem_mail(job->r, &job->s.problem);
    if (!ss_provider_submit(job)) return OK;
    return ss_http_json(job->r, HTTP_OK, "application/json",
                        accepted(theirs, json_array_get(job->ids, 0)));
}

static void batch_answered(ss_provider_job_t *job, int index, const char *id,
                           const ss_problem_t *problem)
{
    json_t *text = id ? json_string(id) : NULL;

    (void)index;
    json_array_append_new(job->ids,
                          id ? accepted(NULL, text)
                             : problem_of(problem, problem->detail ? problem->detail : ""));
    json_decref(text);
}

static int send_batch(ss_provider_job_t *job, const char *id)
{
    (void)id;
    job->ids = ss_rpc_own(job->r->pool, json_array());
    return ss_provider_batch(job, BATCH_MAX, batch_answered)
               ? ss_http_json(job->r, HTTP_OK, "application/json", json_incref(job->ids))
               : OK;
}

static json_t *event_of(const json_t *rcpt)
{
    const char *state = ss_json_text(rcpt, "state");
    const char *type = !state                       ? "Processed"
                       : !strcmp(state, "sent")     ? "Delivered"
                       : !strcmp(state, "failed")   ? "Bounced"
                       : !strcmp(state, "deferred") ? "Transient"
                                                    : "Processed";
    json_t *reply = json_object_get(rcpt, "reply"), *at = json_object_get(rcpt, "deliveredAt");

    return json_pack("{s:O*,s:s,s:O*,s:{s:O*}}", "Recipient", json_object_get(rcpt, "address"),
                     "Type", type, "ReceivedAt", at && !json_is_null(at) ? at : NULL, "Details",
                     "DeliveryMessage", reply && !json_is_null(reply) ? reply : NULL);
}

static int show(ss_provider_job_t *job, const char *id)
{
    const json_t *state = ss_provider_state(job, id);
    json_t *rcpts, *events, *to, *rcpt, *metadata;
    size_t i;

    if (!state) return OK;
    rcpts = json_array();
    events = json_array();
    to = json_array();
    json_array_foreach(json_object_get(state, "recipients"), i, rcpt)
    {
        json_array_append(rcpts, json_object_get(rcpt, "address"));
        json_array_append_new(
            to, json_pack("{s:O*,s:n}", "Email", json_object_get(rcpt, "address"), "Name"));
        json_array_append_new(events, event_of(rcpt));
    }
    metadata = json_object_get(state, "metadata");
    const char *word = ss_json_text(state, "state");
    return ss_http_json(
        job->r, HTTP_OK, "application/json",
        json_pack("{s:s,s:s,s:O*,s:O*,s:o,s:o,s:[],s:[],s:O*,s:s,s:o,s:O*,s:[],s:b,s:s}",
                  "MessageID", id, "MessageStream", "outbound", "From",
                  json_object_get(state, "from"), "Subject", json_object_get(state, "subject"),
                  "Recipients", rcpts, "To", to, "Cc", "Bcc", "ReceivedAt",
                  json_object_get(state, "createdAt"), "Status",
                  word && !strcmp(word, "sent") ? "Sent" : "Queued", "MessageEvents", events,
                  "Metadata", json_is_object(metadata) ? metadata : NULL, "Attachments",
                  "TrackOpens", 0, "TrackLinks", "None"));
}

static const ss_provider_route_t routes[] = {
    { M_POST, "email", send_email },
    { M_POST, "email/batch", send_batch },
    { M_POST, "email/withTemplate", ss_provider_no_templates },
    { M_POST, "email/batchWithTemplates", ss_provider_no_templates },
    { M_GET, "messages/outbound/*/details", show },
    { 0, NULL, NULL }
};

const ss_provider_t ss_provider_postmark = { "postmark", rows, routes, { write_refusal } };
