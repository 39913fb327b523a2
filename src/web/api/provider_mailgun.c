/* provider_mailgun.c: Mailgun (npm "mailgun.js"; Ghost's newsletters):
 * https://documentation.mailgun.com/docs/mailgun/api-reference. Requests are forms. With
 * recipient-variables each recipient gets a message of its own, in which %recipient.NAME% is
 * replaced. */
#include <apr_date.h>
#include <apr_strings.h>
#include <string.h>

#include "base/text.h"
#include "mail/compose.h"
#include "mail/form.h"
#include "web/api/provider.h"
#include "web/shared/body.h"
#include "web/shared/http.h"
#include "web/submit/form_body.h"

#define COPIES_MAX 1000

/* "h:X-Name": the field X-Name */
static int take_header(ss_provider_job_t *job, const ss_provider_row_t *row, const char *name,
                       json_t *value)
{
    json_t *item;
    size_t i;

    if (!json_is_array(value))
        return ss_provider_header(job, name, name + strlen(row->name), value);
    json_array_foreach(value, i, item)
    {
        if (ss_provider_header(job, name, name + strlen(row->name), item)) return -1;
    }
    return 0;
}

/* "v:name", and tags */
static int take_variable(ss_provider_job_t *job, const ss_provider_row_t *row, const char *name,
                         json_t *value)
{
    const char *text = json_string_value(json_is_array(value) ? json_array_get(value, 0) : value);

    ss_provider_note(job, name + strlen(row->name), text);
    return 0;
}

static int take_tags(ss_provider_job_t *job, const ss_provider_row_t *row, const char *name,
                     json_t *value)
{
    (void)name;
    return ss_provider_metadata(job, row, "tags", value);
}

/* A date of RFC 2822 with any zone. */
static int take_time(ss_provider_job_t *job, const ss_provider_row_t *row, const char *name,
                     json_t *value)
{
    apr_time_t time = json_is_string(value) ? apr_date_parse_rfc(json_string_value(value)) : 0;

    if (!time) return ss_provider_wrong(job, name, "must be a date like that of a message");
    json_object_set_new(job->document, row->ours, ss_json_time(time));
    return 0;
}

static int take_test(ss_provider_job_t *job, const ss_provider_row_t *row, const char *name,
                     json_t *value)
{
    job->s.is_dry_run = ss_provider_off(job, row, name, value) != 0;
    job->s.problem = (ss_mail_problem_t){ .status = 0 };
    return 0;
}

#define NO_TEMPLATES "templates do not exist here: send text or html"
#define NO_TRACKING "nothing is tracked here"

static const ss_provider_row_t rows[] = {
    { "from", "from", ss_provider_copy, NULL },
    { "to", "to", ss_provider_copy, NULL },
    { "cc", "cc", ss_provider_copy, NULL },
    { "bcc", "bcc", ss_provider_copy, NULL },
    { "subject", "subject", ss_provider_copy, NULL },
    { "text", "text", ss_provider_copy, NULL },
    { "html", "html", ss_provider_copy, NULL },
    { "h:", "headers", take_header, "h:Reply-To is replyTo, h:Message-Id is messageId" },
    { "v:", "metadata", take_variable, NULL },
    { "o:tag", "metadata", take_tags, "as the member \"tags\"" },
    { "o:deliverytime", "at", take_time, "a date of RFC 2822" },
    { "o:testmode", NULL, take_test, "a dry run" },
    { "recipient-variables", NULL, ss_provider_ignore,
      "a message for each recipient, with %recipient.NAME%" },
    { "o:dkim", NULL, ss_provider_ignore, "signing is the relay's" },
    { "o:require-tls", NULL, ss_provider_ignore, "SMTPSendTLS decides" },
    { "o:skip-verification", NULL, ss_provider_ignore, "SMTPSendTLSVerify decides" },
    { "o:sending-ip", NULL, ss_provider_ignore, "the relay chooses the address" },
    { "o:sending-ip-pool", NULL, ss_provider_ignore, "the relay chooses the address" },
    { "o:tracking", NULL, ss_provider_off, NO_TRACKING },
    { "o:tracking-opens", NULL, ss_provider_off, NO_TRACKING },
    { "o:tracking-clicks", NULL, ss_provider_off, NO_TRACKING },
    { "o:tracking-pixel-location-top", NULL, ss_provider_off, NO_TRACKING },
    { "o:deliverytime-optimize-period", NULL, ss_provider_off, NO_TRACKING },
    { "o:time-zone-localize", NULL, ss_provider_off, "times of recipients are not known here" },
    { "amp-html", NULL, ss_provider_off, "AMP is not supported" },
    { "template", NULL, ss_provider_off, NO_TEMPLATES },
    { "t:", NULL, ss_provider_off, NO_TEMPLATES },
    { NULL, NULL, NULL, NULL }
};

static json_t *write_refusal(const ss_problem_t *problem, const char *detail, int *status)
{
    (void)problem;
    if (*status == 409 || *status == 415 || *status == 422) *status = 400;
    return json_pack("{s:o}", "message", ss_json_string(detail));
}

/* ---- the form ---- */

/* Fields as an object; a name that is there twice has a list. */
static json_t *object_of(ss_provider_job_t *job, const apr_array_header_t *fields)
{
    json_t *object = ss_rpc_own(job->r->pool, json_object());

    for (int i = 0; i < fields->nelts; i++) {
        const ss_form_field_t *field = &APR_ARRAY_IDX(fields, i, ss_form_field_t);
        json_t *there = json_object_get(object, field->name);
        if (!*field->value) continue;
        if (!there)
            json_object_set_new(object, field->name, ss_json_string(field->value));
        else if (json_is_array(there))
            json_array_append_new(there, ss_json_string(field->value));
        else
            json_object_set_new(object, field->name,
                                json_pack("[O,o]", there, ss_json_string(field->value)));
    }
    return object;
}

/* Reads the form. 1, or 0: the refusal was sent. */
static int read_form(ss_provider_job_t *job, json_t **theirs, apr_array_header_t **files)
{
    ss_submission_t *s = &job->s;
    apr_array_header_t *fields;
    ss_buf_t *bytes;

    if (!s->type || strncasecmp(s->type, "multipart/form-data", 19))
        s->kind = SS_SUBMISSION_FORM;
    else
        s->kind = SS_SUBMISSION_MULTIPART;
    if (!s->type || (s->kind == SS_SUBMISSION_FORM &&
                     strncasecmp(s->type, "application/x-www-form-urlencoded", 33)))
        return ss_problem(job->r, HTTP_UNSUPPORTED_MEDIA_TYPE, NULL,
                          "send multipart/form-data or application/x-www-form-urlencoded");
    bytes = ss_provider_body(job);
    if (!bytes) return 0;
    if (ss_form_body_fields(&fields, files, s->type, ss_buf_text(bytes), bytes->len, s->lift,
                            &s->problem, job->r->pool))
        return ss_problem_mail(job->r, &s->problem);
    *theirs = object_of(job, fields);
    job->document = ss_rpc_own(job->r->pool, json_object());
    return 1;
}

static int check_files(ss_provider_job_t *job, apr_array_header_t *files)
{
    for (int i = 0; i < files->nelts; i++) {
        ss_compose_attachment_t *file = &APR_ARRAY_IDX(files, i, ss_compose_attachment_t);
        if (file->field && !strcmp(file->field, "inline"))
            file->cid = file->filename;
        else if (!file->field || strcmp(file->field, "attachment"))
            return ss_provider_wrong(job, file->field ? file->field : "file",
                                     "files are \"attachment\" or \"inline\"");
    }
    job->s.files = files;
    return 0;
}

/* ---- recipient-variables ---- */

/* "<%tag_unsubscribe_email%>, <https://...>": what Mailgun would fill in is left out. */
static void drop_addresses_of_theirs(json_t *document, apr_pool_t *pool)
{
    json_t *headers = json_object_get(document, "headers");
    const char *text = ss_json_text(headers, "List-Unsubscribe"), *kept = "";
    char *copy = text ? apr_pstrdup(pool, text) : NULL, *rest;

    if (!text || !strstr(text, "unsubscribe_")) return;
    for (char *item = apr_strtok(copy, ",", &rest); item; item = apr_strtok(NULL, ",", &rest)) {
        item += strspn(item, " ");
        if (strncmp(item, "<%tag_unsubscribe", 17) && strncmp(item, "<%unsubscribe", 13) &&
            strncmp(item, "<%mailing_list_unsubscribe", 26))
            kept = apr_pstrcat(pool, kept, *kept ? ", " : "", item, NULL);
    }
    if (*kept)
        ss_json_put(headers, "List-Unsubscribe", kept);
    else
        json_object_del(headers, "List-Unsubscribe");
}

/* The words that are replaced for one recipient. */
static json_t *values_of(const char *address, const json_t *variables)
{
    json_t *values = json_pack("{s:s,s:s}", "%recipient%", address, "%recipient_email%", address),
           *item;
    const char *key;

    json_object_foreach((json_t *)(apr_uintptr_t)variables, key, item)
    {
        json_t *name = json_sprintf("%%recipient.%s%%", key);
        char *text = json_is_string(item) ? NULL : json_dumps(item, JSON_ENCODE_ANY);
        if (name)
            json_object_set_new(values, json_string_value(name),
                                text ? json_string(text) : json_incref(item));
        json_decref(name);
        free(text);
    }
    return values;
}

static void add_copy(ss_provider_job_t *job, json_t *to, const json_t *all)
{
    apr_pool_t *pool = job->r->pool;
    const char *text = json_string_value(to), *open = strrchr(text, '<');
    const char *address = open ? apr_pstrmemdup(pool, open + 1, strcspn(open + 1, ">")) : text;
    json_t *copy = json_copy(job->document),
           *values = values_of(address, json_object_get(all, address));

    json_object_set(copy, "to", to);
    ss_provider_fill(copy, values, pool);
    json_decref(values);
    json_array_append_new(job->copies, copy);
}

/* One copy for each recipient, if there are variables. 0, or -1 with the problem. */
static int make_copies(ss_provider_job_t *job, const json_t *theirs)
{
    const char *text = ss_json_text(theirs, "recipient-variables");
    json_t *to = json_object_get(job->document, "to"), *all, *item;
    size_t i;

    if (!text) return 0;
    all = ss_rpc_own(job->r->pool, ss_json_read(text, strlen(text), JSON_REJECT_DUPLICATES, NULL));
    if (!json_is_object(all))
        return ss_provider_wrong(job, "recipient-variables", "must be an object of objects");
    if (json_is_string(to)) {
        to = ss_rpc_own(job->r->pool, json_pack("[O]", to));
    } else if (json_array_size(to) > COPIES_MAX) {
        return ss_mail_problem(&job->s.problem, SS_PROBLEM_TOO_MANY, "to",
                               "to: more than %d recipients", COPIES_MAX);
    }
    job->copies = ss_rpc_own(job->r->pool, json_array());
    json_array_foreach(to, i, item)
    {
        if (!json_is_string(item)) return ss_provider_wrong(job, "to", "must be addresses");
        add_copy(job, item, all);
    }
    return 0;
}

/* A message without a Message-ID is known by our id. */
static int answer(ss_provider_job_t *job)
{
    const char *own = json_string_value(json_array_get(job->ids, 0)), *id = job->first_message_id;

    if (!id && own) id = apr_pstrcat(job->r->pool, "<", own, ">", NULL);
    return ss_http_json(job->r, HTTP_OK, "application/json",
                        json_pack("{s:s?,s:s}", "id", id, "message", "Queued. Thank you."));
}

static int send_message(ss_provider_job_t *job, const char *id)
{
    apr_array_header_t *files;
    json_t *theirs;

    (void)id;
    if (!read_form(job, &theirs, &files)) return OK;
    if (ss_provider_read(job, rows, theirs) || check_files(job, files))
        return ss_problem_mail(job->r, &job->s.problem);
    drop_addresses_of_theirs(job->document, job->r->pool);
    if (make_copies(job, theirs)) return ss_problem_mail(job->r, &job->s.problem);
    return ss_provider_submit(job) ? answer(job) : OK;
}

/* ---- a whole message ---- */

/* The bytes of the field or file "message"; NULL without one. */
static const char *find_message(ss_provider_job_t *job, const json_t *theirs,
                                const apr_array_header_t *files, apr_size_t *len)
{
    const char *text = apr_pstrdup(job->r->pool, ss_json_text(theirs, "message"));

    if (text) *len = strlen(text);
    for (int i = 0; i < files->nelts && !text; i++) {
        const ss_compose_attachment_t *file = &APR_ARRAY_IDX(files, i, ss_compose_attachment_t);
        char *bytes;
        if (!file->field || strcmp(file->field, "message")) continue;
        *len = file->lifted ? (apr_size_t)file->lifted->len : file->len;
        if (!file->lifted) return apr_pstrmemdup(job->r->pool, file->bytes, file->len);
        return ss_lift_take_back(job->s.lift, file->lifted, &bytes, job->r->pool) == APR_SUCCESS
                   ? bytes
                   : NULL;
    }
    return text;
}

/* The envelope, as our own parameters have it. */
static void add_recipients(ss_provider_job_t *job, json_t *to)
{
    apr_array_header_t *pairs =
        apr_array_make(job->r->pool, (int)json_array_size(to) + 1, sizeof(ss_params_pair_t));
    json_t *item;
    size_t i;

    job->s.query.pairs = pairs;
    if (json_is_string(to))
        APR_ARRAY_PUSH(pairs, ss_params_pair_t) = (ss_params_pair_t){ "to", json_string_value(to) };
    json_array_foreach(to, i, item) APR_ARRAY_PUSH(pairs, ss_params_pair_t) =
        (ss_params_pair_t){ "to", json_string_value(item) };
}

static int send_mime(ss_provider_job_t *job, const char *id)
{
    apr_array_header_t *files;
    json_t *theirs, *to;
    apr_size_t len = 0;
    const char *bytes;

    (void)id;
    if (!read_form(job, &theirs, &files)) return OK;
    bytes = find_message(job, theirs, files, &len);
    to = json_object_get(theirs, "to");
    if (!bytes || !to)
        return ss_problem(job->r, SS_PROBLEM_MEMBER, bytes ? "to" : "message", "%s: is missing",
                          bytes ? "to" : "message");
    json_object_del(theirs, "message");
    if (ss_provider_read(job, rows, theirs)) return ss_problem_mail(job->r, &job->s.problem);
    add_recipients(job, to);
    return ss_provider_submit_message(job, bytes, len) ? answer(job) : OK;
}

static const ss_provider_route_t routes[] = { { M_POST, "v3/*/messages", send_message },
                                              { M_POST, "v3/*/messages.mime", send_mime },
                                              { 0, NULL, NULL } };

const ss_provider_t ss_provider_mailgun = { "mailgun", rows, routes, { write_refusal } };
