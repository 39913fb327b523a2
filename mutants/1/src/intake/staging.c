#include "intake/staging.h"

#include <apr_strings.h>
#include <string.h>

typedef struct {
    ss_intake_t *intake;
    ss_message_t *message;
    apr_size_t *charged;
    int open; /* parts not committed yet */
    ss_result_t failed;
    void (*done)(void *self, const ss_result_t *failed);
    void *self;
} staging_t;

typedef struct {
    staging_t *staging;
    apr_size_t len;
} part_t;

int ss_staging_is_due(const ss_message_t *m)
{
    /* An imported message keeps its id, and the queue may have it already: it is accepted whole, or
     * skipped. */
    if (m->part_count < 2 || (*m->id && !m->is_staged)) return 0;
    return m->parts[m->part_count - 1].bytes && (m->is_staged || m->size > SS_INTAKE_WHOLE_MAX);
}

static void committed(ss_store_request_t *request)
{
    const part_t *part = request->baton;
    staging_t *staging = part->staging;

    ss_intake_discharge(staging->intake, staging->charged, part->len);
    if (request->rv != APR_SUCCESS) {
        if (ss_result_is_set(&request->result))
            staging->failed = request->result;
        else
            ss_result_set(&staging->failed, "queue", "", NULL,
                          "the queue could not store the message");
    }
    apr_pool_destroy(request->pool);
    if (--staging->open) return;
    apr_pool_destroy(staging->message->rest);
    staging->message->rest = NULL;
    staging->done(staging->self, ss_result_is_set(&staging->failed) ? &staging->failed : NULL);
}

static void stage(staging_t *staging, int number)
{
    ss_message_t *m = staging->message;
    ss_store_stage_t *request = ss_store_stage_create(m->id, number, m->parts[number].bytes,
                                                      m->parts[number].len, committed, NULL);
    part_t *part = apr_palloc(request->head.pool, sizeof(*part));

    *part = (part_t){ staging, m->parts[number].len };
    request->head.baton = part;
    m->parts[number].bytes = NULL;
    staging->open++;
    ss_store_port_post(staging->intake->queue, &request->head);
}

void ss_staging_begin(ss_intake_t *intake, ss_message_t *m, apr_size_t *charged,
                      void (*done)(void *self, const ss_result_t *failed), void *self)
{
    staging_t *staging = apr_pcalloc(m->pool, sizeof(*staging));

    *staging = (staging_t){
        .intake = intake, .message = m, .charged = charged, .done = done, .self = self
    };
    ss_result_clear(&staging->failed);
    m->is_staged = 1;
    ss_intake_name(intake, m);
    for (int i = 1; i < m->part_count; i++)
        if (m->parts[i].bytes) stage(staging, i);
}

static void unstaged(ss_store_request_t *request)
{
    apr_pool_destroy(request->pool);
}

void ss_staging_forget(ss_intake_t *intake, ss_message_t *m)
{
    if (!m->is_staged) return;
    ss_store_unstage_t *request = ss_store_unstage_create(m->id, unstaged, NULL);
    ss_store_port_post(intake->queue, &request->head);
    m->is_staged = 0;
    *m->id = '\0';
}

void ss_staging_drop(ss_intake_t *intake, ss_message_t *m)
{
    ss_staging_forget(intake, m);
    apr_pool_destroy(m->pool);
}
