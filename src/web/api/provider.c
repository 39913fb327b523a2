/* provider.c: a request of a provider's API: its route, its document, the daemon's answer. */
#include "web/api/provider.h"

#include <apr_strings.h>
#include <string.h>

#include "base/ident.h"
#include "base/random.h"
#include "config/module.h"
#include "mail/ndjson.h"
#include "web/shared/http.h"
#include "web/shared/key.h"
#include "web/submit/bulk.h"
#include "web/submit/limit.h"
#include "web/submit/spool.h"
#include "web/submit/submitter.h"

const ss_provider_t *ss_provider_of(int api)
{
    static const ss_provider_t *const providers[] = { NULL, &ss_provider_resend,
                                                      &ss_provider_postmark, &ss_provider_sendgrid,
                                                      &ss_provider_mailgun };

    return api > SS_API_NATIVE && api <= SS_API_MAILGUN ? providers[api] : NULL;
}

void ss_provider_begin(request_rec *r, const ss_provider_t *provider)
{
    ss_problem_use(r, &provider->refusals);
}

/* ---- routes ---- */

/* The start of the last segment before end; *len: its length. NULL: the path is at its start. */
static const char *last_segment(const char *start, const char *end, apr_size_t *len)
{
    const char *at = end;

    while (at > start && at[-1] != '/') at--;
    *len = (apr_size_t)(end - at);
    return at > start ? at : NULL;
}

/* Whether the path ends with that of the route; *id: what matches its last "*". */
static int matches(const char *route, const char *path, const char **id, apr_pool_t *pool)
{
    const char *route_end = route + strlen(route), *end = path + strlen(path);

    while (end > path && end[-1] == '/') end--;
    *id = NULL;
    while (route_end > route) {
        const char *want = route_end, *at;
        apr_size_t len;
        while (want > route && want[-1] != '/') want--;
        at = last_segment(path, end, &len);
        if (!at || !len) return 0;
        if (*want == '*') {
            if (!*id) *id = apr_pstrmemdup(pool, at, len);
        } else if (len != (apr_size_t)(route_end - want) || strncmp(at, want, len)) {
            return 0;
        }
        end = at - 1;
        route_end = want > route ? want - 1 : want;
    }
    return 1;
}

int ss_provider_handler(request_rec *r, const ss_provider_t *provider)
{
    ss_provider_job_t job = { .provider = provider,
                              .r = r,
                              .s = { .r = r,
                                     .relay = ss_module_relay(r->server),
                                     .policy = ss_key_policy(r),
                                     .via = "http",
                                     .pool = r->pool,
                                     .kind = SS_SUBMISSION_JSON,
                                     .type = apr_table_get(r->headers_in, "Content-Type") } };
    const ss_provider_route_t *other = NULL;
    const char *id;

    for (const ss_provider_route_t *route = provider->routes; route->path; route++) {
        if (!matches(route->path, r->uri, &id, r->pool)) continue;
        if (route->method == r->method_number) return route->call(&job, id);
        other = route;
    }
    if (other)
        return ss_problem(r, HTTP_METHOD_NOT_ALLOWED, NULL, "%s is not supported here", r->method);
    return ss_problem(r, HTTP_NOT_FOUND, NULL,
                      "this server implements the sending part of the API only, and \"%s\" is no "
                      "part of it",
                      r->uri);
}

int ss_provider_no_templates(ss_provider_job_t *job, const char *id)
{
    (void)id;
    return ss_problem(job->r, SS_PROBLEM_CONTENT, NULL,
                      "templates are kept by the provider and do not exist here: send the subject "
                      "and the text or html itself");
}

/* ---- reading ---- */

static int begin(ss_provider_job_t *job)
{
    ss_submission_t *s = &job->s;

    if (!s->relay->engine) {
        ss_problem_t off = { .kind = SS_PROBLEM_ENGINE_OFF,
                             .retry_after = 60,
                             .detail = "SMTPSendEngine is Off here: mail is not accepted" };
        ss_problem_send(job->r, &off);
        return 0;
    }
    s->submitter = ss_submitter_of(job->r, "web");
    return ss_idempotency_read(job->r, &s->idempotency);
}

/* The body, as for our own API. NULL: the refusal was sent. */
static ss_spool_t *read_body(ss_provider_job_t *job)
{
    ss_submission_t *s = &job->s;
    ss_spool_t *spool = apr_palloc(job->r->pool, sizeof(*spool));
    apr_int64_t most = ss_limit_message(s->policy, s->relay);
    apr_int64_t max =
        s->kind == SS_SUBMISSION_MULTIPART ? ss_limit_multipart(most) : ss_limit_document(most);
    GChecksum *hash =
        s->idempotency.key ? ss_idempotency_hash_begin(s->type, job->provider->name) : NULL;
    int is_read = ss_spool_read(s, max, "SMTPSendMaxMessageSize", hash, spool);

    if (hash) ss_idempotency_hash_end(hash, &s->idempotency);
    s->lift = is_read ? spool->lift : NULL;
    return is_read ? spool : NULL;
}

static json_t *parse(ss_provider_job_t *job, const char *bytes, apr_size_t len)
{
    json_error_t error;
    json_t *document = ss_json_read(bytes, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);

    if (json_is_object(document)) return document;
    json_decref(document);
    ss_mail_problem(&job->s.problem, SS_PROBLEM_BODY, NULL,
                    document ? "the JSON document is not an object"
                             : "the JSON cannot be read: line %d, column %d: %s",
                    error.line, error.column, error.text);
    return NULL;
}

ss_buf_t *ss_provider_body(ss_provider_job_t *job)
{
    ss_spool_t *spool = begin(job) ? read_body(job) : NULL;

    if (spool && spool->is_array) {
        ss_problem(job->r, SS_PROBLEM_BODY, NULL, "the JSON document is not an object");
        return NULL;
    }
    return !spool ? NULL : spool->lift ? &spool->lift->doc : &spool->head;
}

int ss_provider_json(ss_provider_job_t *job, json_t **theirs)
{
    ss_buf_t *bytes = ss_provider_body(job);

    if (!bytes) return 0;
    *theirs = parse(job, ss_buf_text(bytes), bytes->len);
    if (!*theirs) return ss_problem_mail(job->r, &job->s.problem);
    ss_rpc_own(job->r->pool, *theirs);
    job->document = ss_rpc_own(job->r->pool, json_object());
    return 1;
}

/* ---- handing over ---- */

/* The name that the provider has for a field of ours: "to[1].address" is "personalizations" there.
 * A refusal names what the client has sent. */
static void rename_field(ss_provider_job_t *job)
{
    ss_mail_problem_t *problem = &job->s.problem;
    apr_size_t len = problem->field ? strcspn(problem->field, ".[") : 0;

    for (const ss_provider_row_t *row = job->provider->rows; len && row->name; row++) {
        if (!row->ours || strlen(row->ours) != len || strncmp(row->ours, problem->field, len))
            continue;
        const char *theirs = apr_pstrcat(job->r->pool, row->name, problem->field + len, NULL);
        const char *detail = apr_pstrdup(job->r->pool, problem->detail);
        apr_size_t old = strlen(problem->field);
        if (!strncmp(detail, problem->field, old))
            apr_snprintf(problem->detail, sizeof(problem->detail), "%s%s", theirs, detail + old);
        problem->field = theirs;
        return;
    }
}

/* Composes one document, whose reference is taken over. 0, or -1 with the problem. */
static int compose(ss_provider_job_t *job, json_t *document, apr_pool_t *pool)
{
    ss_submission_t *s = &job->s;

    s->pool = pool;
    s->kind = SS_SUBMISSION_DOCUMENT;
    s->document = document;
    if (!ss_submission_compose(s, NULL, 0)) return 0;
    rename_field(job);
    return -1;
}

static int refuse(ss_provider_job_t *job)
{
    return ss_problem_mail(job->r, &job->s.problem);
}

/* Hands over the message that was composed. 1, or 0: the refusal was sent. */
static int hand_over(ss_provider_job_t *job)
{
    ss_submission_t *s = &job->s;
    ss_rpc_answer_t answer;

    if (!ss_rpc_submit(job->r, ss_rpc_message(ss_submission_request(s), s->m), &answer)) return 0;
    job->ids = ss_rpc_own(job->r->pool, json_pack("[s*]", ss_json_text(answer.fields, "id")));
    job->first_message_id = s->m->attr.message_id;
    return 1;
}

static int submit_one(ss_provider_job_t *job)
{
    return compose(job, json_incref(job->document), job->r->pool) ? refuse(job) : hand_over(job);
}

int ss_provider_submit_message(ss_provider_job_t *job, const char *bytes, apr_size_t len)
{
    job->s.pool = job->r->pool;
    job->s.kind = SS_SUBMISSION_MESSAGE;
    return ss_submission_compose(&job->s, bytes, len) ? refuse(job) : hand_over(job);
}

typedef struct {
    ss_provider_job_t *job;
    json_t *refusal; /* the first */
} many_t;

static void copy_answered(void *self, const json_t *fields)
{
    many_t *many = self;
    json_t *id = json_object_get(fields, "id");

    if (id && ss_json_number(fields, "status") < 300)
        json_array_append(many->job->ids, id);
    else if (!many->refusal)
        many->refusal = json_deep_copy(fields);
}

/* Copies: all of them are checked before the first one is handed over. */
static int submit_copies(ss_provider_job_t *job)
{
    ss_submission_t *s = &job->s;
    many_t many = { .job = job };
    ss_bulk_t *bulk = ss_bulk_create(job->r, copy_answered, &many);
    const char *key = s->idempotency.key;
    apr_pool_t *pool;
    json_t *copy;
    size_t i;

    job->ids = ss_rpc_own(job->r->pool, json_array());
    apr_pool_create(&pool, job->r->pool);
    json_array_foreach(job->copies, i, copy)
    {
        apr_pool_clear(pool);
        if (compose(job, json_copy(copy), pool)) return refuse(job);
        if (!job->first_message_id && s->m->attr.message_id)
            job->first_message_id = apr_pstrdup(job->r->pool, s->m->attr.message_id);
    }
    json_array_foreach(job->copies, i, copy)
    {
        apr_pool_clear(pool);
        if (compose(job, json_copy(copy), pool)) return refuse(job);
        if (key) s->idempotency.key = apr_psprintf(pool, "%s %d", key, (int)i);
        ss_bulk_add(bulk, ss_submission_request(s), s->m);
    }
    ss_bulk_flush(bulk);
    ss_rpc_own(job->r->pool, many.refusal);
    return many.refusal ? ss_rpc_refuse(job->r, many.refusal) : 1;
}

int ss_provider_submit(ss_provider_job_t *job)
{
    if (json_array_size(job->copies) > 1) return submit_copies(job);
    if (job->copies) job->document = json_array_get(job->copies, 0);
    return submit_one(job);
}

/* ---- a list of messages ---- */

typedef struct {
    ss_provider_job_t *job;
    ss_bulk_t *bulk;
    void (*answer)(ss_provider_job_t *job, int index, const char *id, const ss_problem_t *problem);
    apr_pool_t *pool;
    const char *key;
    int is_check; /* nothing is handed over */
    int count, answered, most;
    int failed; /* elements */
} batch_t;

static void batch_answered(void *self, const json_t *fields)
{
    batch_t *batch = self;
    int status = (int)ss_json_number(fields, "status");
    ss_problem_t problem = { .kind = ss_problem_kind_find(ss_json_text(fields, "code"), status),
                             .detail = ss_json_text(fields, "detail"),
                             .field = ss_json_text(fields, "field") };

    batch->answer(batch->job, batch->answered++, status < 300 ? ss_json_text(fields, "id") : NULL,
                  &problem);
}

static void put_problem(batch_t *batch)
{
    const ss_mail_problem_t *problem = &batch->job->s.problem;

    batch->failed++;
    if (batch->is_check) return;
    ss_bulk_put(batch->bulk,
                json_pack("{s:i,s:s,s:o,s:s*}", "status",
                          ss_problem_kind_status(ss_mail_problem_kind(problem)), "code",
                          ss_problem_kind_code(ss_mail_problem_kind(problem)), "detail",
                          ss_json_string(problem->detail), "field", problem->field));
}

static int compose_element(batch_t *batch, const char *bytes, apr_size_t len)
{
    ss_provider_job_t *job = batch->job;
    json_t *theirs = parse(job, bytes, len);
    int failed = !theirs;

    job->document = json_object();
    failed = failed || ss_provider_read(job, job->provider->rows, theirs);
    json_decref(theirs);
    if (!failed) return compose(job, job->document, batch->pool);
    json_decref(job->document);
    return -1;
}

static int take_element(void *self, const char *bytes, apr_size_t len, ss_lift_t *lift,
                        apr_status_t failed)
{
    batch_t *batch = self;
    ss_submission_t *s = &batch->job->s;

    if (batch->count++ >= batch->most) return 0;
    apr_pool_clear(batch->pool);
    s->pool = batch->pool;
    s->problem = (ss_mail_problem_t){ .status = 0 };
    s->lift = lift;
    if (failed != APR_SUCCESS)
        ss_mail_problem(&s->problem, failed == SS_NDJSON_TOO_LONG ? 413 : SS_PROBLEM_NO_ROOM, NULL,
                        "the message is too long for SMTPSendMaxMessageSize");
    if (failed != APR_SUCCESS || compose_element(batch, bytes, len)) {
        put_problem(batch);
        return !batch->is_check; /* the first problem is enough */
    }
    if (batch->is_check) return 1;
    if (batch->key)
        s->idempotency.key = apr_psprintf(batch->pool, "%s %d", batch->key, batch->count - 1);
    ss_bulk_add(batch->bulk, ss_submission_request(s), s->m);
    return 1;
}

static apr_status_t add_piece(void *self, const char *bytes, apr_size_t len)
{
    ss_ndjson_add(self, bytes, len);
    return APR_SUCCESS;
}

/* Passes through the list once. 0, or -1: it cannot be read. */
static int pass(batch_t *batch, const ss_spool_t *spool)
{
    ss_submission_t *s = &batch->job->s;
    apr_pool_t *pool = batch->job->r->pool;
    ss_json_array_t *array = apr_pcalloc(pool, sizeof(*array));
    ss_ndjson_t *body = apr_pcalloc(pool, sizeof(*body));
    unsigned char token[SS_LIFT_TOKEN];

    if (!ss_random_bytes(token, sizeof(token))) return -1;
    ss_ndjson_begin(body, (apr_size_t)ss_limit_document(ss_limit_message(s->policy, s->relay)),
                    SS_SPOOL_FROM, token, pool);
    body->self = batch;
    body->line = take_element;
    body->array = array;
    batch->count = 0;
    if (ss_spool_each(spool, add_piece, body, pool) != APR_SUCCESS) return -1;
    ss_ndjson_end(body);
    return body->is_over || ss_json_array_is_whole(array) ? 0 : -1;
}

int ss_provider_batch(ss_provider_job_t *job, int most,
                      void (*answer)(ss_provider_job_t *job, int index, const char *id,
                                     const ss_problem_t *problem))
{
    ss_spool_t *spool = begin(job) ? read_body(job) : NULL;
    batch_t batch = { .job = job, .answer = answer, .most = most, .is_check = 1 };

    if (!spool) return 0;
    if (!spool->is_array)
        return ss_problem(job->r, SS_PROBLEM_BODY, NULL, "the JSON document is not a list");
    batch.key = job->s.idempotency.key;
    batch.bulk = ss_bulk_create(job->r, batch_answered, &batch);
    apr_pool_create(&batch.pool, job->r->pool);
    int failed = pass(&batch, spool);
    if (batch.count > most)
        return ss_problem(job->r, SS_PROBLEM_TOO_MANY, NULL, "more than %d messages", most);
    if (failed || !batch.count)
        return ss_problem(job->r, SS_PROBLEM_BODY, NULL,
                          "the list is empty or not complete: no message was accepted");
    if (batch.failed && job->must_hold) return refuse(job);
    batch.is_check = 0;
    if (pass(&batch, spool))
        return ss_problem(job->r, SS_PROBLEM_NO_ROOM, NULL, "the list could not be read back");
    ss_bulk_flush(batch.bulk);
    return 1;
}

/* ---- one message ---- */

const json_t *ss_provider_state(ss_provider_job_t *job, const char *id)
{
    ss_rpc_answer_t answer;

    if (!ss_ident_is_valid(id)) {
        ss_problem(job->r, HTTP_NOT_FOUND, NULL, "there is no message \"%s\"", id);
        return NULL;
    }
    json_t *header = ss_submitter_limit(job->r, ss_rpc_state_request(id));
    if (!ss_rpc_call(job->r, header, SS_RPC_TIMEOUT, &answer)) return NULL;
    return ss_rpc_document(job->r->pool, &answer);
}

int ss_provider_cancel(ss_provider_job_t *job, const char *id)
{
    ss_rpc_answer_t answer;

    if (!ss_ident_is_valid(id))
        return ss_problem(job->r, HTTP_NOT_FOUND, NULL, "there is no message \"%s\"", id);
    json_t *header = json_pack("{s:s,s:s,s:o}", "do", "cancel", "id", id, "who",
                               ss_json_string(ss_http_user(job->r)));
    return ss_rpc_call(job->r, ss_submitter_limit(job->r, header), SS_RPC_TIMEOUT, &answer);
}
