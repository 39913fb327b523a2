/* provider_sendgrid.c: SendGrid (npm "@sendgrid/mail"):
 * https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send. Each personalization is a
 * message of its own, which shares the rest. */
#include <apr_strings.h>
#include <string.h>

#include "base/text.h"
#include "web/api/provider.h"
#include "web/shared/http.h"

#define PERSONALIZATIONS_MAX 1000

/* [{"type","value"}] */
static int take_content(ss_provider_job_t *job, const ss_provider_row_t *row, const char *name,
                        json_t *value)
{
    static const char *const types[][2] = { { "text/plain", "text" },
                                            { "text/html", "html" },
                                            { "text/calendar", "calendar" } };
    json_t *item;
    size_t i;

    (void)row;
    if (!json_is_array(value)) return ss_provider_wrong(job, name, "must be a list");
    json_array_foreach(value, i, item)
    {
        const char *type = ss_json_text(item, "type"), *ours = NULL;
        for (apr_size_t t = 0; type && t < sizeof(types) / sizeof(types[0]); t++) {
            if (!strncasecmp(type, types[t][0], strlen(types[t][0]))) ours = types[t][1];
        }
        if (!ours || json_object_get(job->document, ours))
            return ss_provider_wrong(job, apr_psprintf(job->r->pool, "%s[%d].type", name, (int)i),
                                     "must be text/plain, text/html or text/calendar, once each");
        json_object_set(job->document, ours, json_object_get(item, "value"));
    }
    return 0;
}

/* Seconds since 1970. */
static int take_time(ss_provider_job_t *job, const ss_provider_row_t *row, const char *name,
                     json_t *value)
{
    if (!json_is_integer(value))
        return ss_provider_wrong(job, name, "must be a number of seconds since 1970");
    if (json_integer_value(value) > 0)
        json_object_set_new(job->document, row->ours,
                            ss_json_time(json_integer_value(value) * APR_USEC_PER_SEC));
    return 0;
}

/* The settings of a message: only the sandbox exists here. */
static int take_settings(ss_provider_job_t *job, const ss_provider_row_t *row, const char *name,
                         json_t *value)
{
    const char *key;
    json_t *item;

    json_object_foreach(value, key, item)
    {
        int is_on = ss_json_is(item, "enable");
        if (!strcmp(key, "sandbox_mode"))
            job->s.is_dry_run = is_on;
        else if (is_on && strncmp(key, "bypass_", 7))
            return ss_provider_wrong(job, apr_pstrcat(job->r->pool, name, ".", key, NULL),
                                     row->note);
    }
    return json_is_object(value) ? 0 : ss_provider_wrong(job, name, "must be an object");
}

static int take_personalizations(ss_provider_job_t *job, const ss_provider_row_t *row,
                                 const char *name, json_t *value)
{
    size_t count = json_is_array(value) ? json_array_size(value) : 0;

    (void)row;
    if (count > PERSONALIZATIONS_MAX)
        return ss_mail_problem(&job->s.problem, SS_PROBLEM_TOO_MANY, name,
                               "%s: more than %d of them", name, PERSONALIZATIONS_MAX);
    return count ? 0 : ss_provider_wrong(job, name, "must be a list with at least one element");
}

#define NO_TEMPLATES "templates do not exist here: send the content"

static const ss_provider_row_t rows[] = {
    { "personalizations", NULL, take_personalizations, "each is a message of its own" },
    { "from", "from", ss_provider_mailbox, NULL },
    { "reply_to", "replyTo", ss_provider_mailbox, NULL },
    { "reply_to_list", "replyTo", ss_provider_mailbox, NULL },
    { "subject", "subject", ss_provider_copy, NULL },
    { "content", "text, html, calendar", take_content, "text/plain, text/html, text/calendar" },
    { "attachments", "attachments", ss_provider_attachments,
      "content>content filename>filename type>contentType content_id>cid contentId>cid "
      "disposition>" },
    { "headers", "headers", ss_provider_headers, "names and values" },
    { "categories", "metadata", ss_provider_metadata, "as the member \"categories\"" },
    { "custom_args", "metadata", ss_provider_metadata, "names and values" },
    { "send_at", "at", take_time, "seconds since 1970" },
    { "mail_settings", NULL, take_settings, "only sandbox_mode (dry run) exists here" },
    { "tracking_settings", NULL, ss_provider_off,
      "opens, clicks and subscriptions are not tracked "
      "here" },
    { "ip_pool_name", NULL, ss_provider_ignore, "the relay chooses the address" },
    { "template_id", NULL, ss_provider_off, NO_TEMPLATES },
    { "sections", NULL, ss_provider_off, NO_TEMPLATES },
    { "asm", NULL, ss_provider_off, "groups of unsubscriptions do not exist here" },
    { "batch_id", NULL, ss_provider_off,
      "batches cannot be paused or cancelled here; each message can" },
    { NULL, NULL, NULL, NULL }
};

static int take_substitutions(ss_provider_job_t *job, const ss_provider_row_t *row,
                              const char *name, json_t *value)
{
    (void)row;
    if (!json_is_object(value)) return ss_provider_wrong(job, name, "must be an object of texts");
    ss_provider_fill(job->document, value, job->r->pool);
    return 0;
}

/* In a personalization. The subject precedes the substitutions, which are in it, too. */
static const ss_provider_row_t own_rows[] = {
    { "to", "to", ss_provider_mailbox, NULL },
    { "cc", "cc", ss_provider_mailbox, NULL },
    { "bcc", "bcc", ss_provider_mailbox, NULL },
    { "from", "from", ss_provider_mailbox, NULL },
    { "subject", "subject", ss_provider_copy, NULL },
    { "headers", "headers", ss_provider_headers, "names and values" },
    { "custom_args", "metadata", ss_provider_metadata, "names and values" },
    { "send_at", "at", take_time, "seconds since 1970" },
    { "dynamic_template_data", NULL, ss_provider_off, NO_TEMPLATES },
    { "substitutions", "subject, text, html, headers", ss_provider_ignore,
      "replaced there after all other fields are read" },
    { NULL, NULL, NULL, NULL }
};
static const ss_provider_row_t substitutions = { "substitutions", NULL, take_substitutions, NULL };

static json_t *write_refusal(const ss_problem_t *problem, const char *detail, int *status)
{
    if (*status == 409 || *status == 415 || *status == 422) *status = 400;
    return json_pack("{s:[{s:o,s:s?,s:n}]}", "errors", "message", ss_json_string(detail), "field",
                     problem->field, "help");
}

/* The document of one personalization: a copy of the shared one with its own members. 0, or -1. */
static int personalize(ss_provider_job_t *job, const json_t *shared, json_t *own)
{
    json_t *headers, *metadata, *values = json_object_get(own, "substitutions");

    if (!json_is_object(own))
        return ss_provider_wrong(job, "personalizations", "must be a list of objects");
    job->document = json_copy((json_t *)(apr_uintptr_t)shared);
    json_array_append_new(job->copies, job->document);
    headers = json_object_get(job->document, "headers");
    if (headers) json_object_set_new(job->document, "headers", json_copy(headers));
    metadata = json_object_get(job->document, "metadata");
    if (metadata) json_object_set_new(job->document, "metadata", json_copy(metadata));
    if (ss_provider_read(job, own_rows, own)) return -1;
    return values && !json_is_null(values)
               ? take_substitutions(job, &substitutions, substitutions.name, values)
               : 0;
}

static int send_mail(ss_provider_job_t *job, const char *id)
{
    json_t *theirs, *shared, *own, *list;
    size_t i;

    (void)id;
    if (!ss_provider_json(job, &theirs)) return OK;
    shared = job->document;
    list = json_object_get(theirs, "personalizations");
    if (!list) ss_provider_wrong(job, "personalizations", "is missing");
    if (!list || ss_provider_read(job, rows, theirs))
        return ss_problem_mail(job->r, &job->s.problem);
    job->copies = ss_rpc_own(job->r->pool, json_array());
    json_array_foreach(list, i, own)
    {
        if (personalize(job, shared, own)) return ss_problem_mail(job->r, &job->s.problem);
    }
    if (!ss_provider_submit(job)) return OK;
    const char *first = json_string_value(json_array_get(job->ids, 0));
    if (first) apr_table_set(job->r->headers_out, "X-Message-Id", first);
    return ss_http_text(job->r, job->s.is_dry_run ? HTTP_OK : HTTP_ACCEPTED, "text/plain", "", 0);
}

static const ss_provider_route_t routes[] = { { M_POST, "v3/mail/send", send_mail },
                                              { 0, NULL, NULL } };

const ss_provider_t ss_provider_sendgrid = { "sendgrid", rows, routes, { write_refusal } };
