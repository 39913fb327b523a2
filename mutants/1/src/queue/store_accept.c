#include "queue/store_accept.h"

#include <apr_strings.h>
#include <string.h>

static apr_status_t find_key(ss_db_t *db, ss_store_accept_t *request, int *is_known)
{
    const ss_message_t *m = request->message;

    *is_known = 0;
    if (!m->attr.idempotency_key) return APR_SUCCESS;
    apr_status_t rv =
        ss_db_select(db, SS_SQL_FIND_KEY, SS_ARGS{ m->attr.submitter, m->attr.idempotency_key });
    while (ss_db_next(db)) {
        const char *hash = ss_db_text(db, 1);
        *is_known = 1;
        apr_cpystrn(request->existing_id, ss_db_text(db, 0), sizeof(request->existing_id));
        request->existing_same =
            hash && m->attr.content_hash && !strcmp(hash, m->attr.content_hash);
    }
    return rv;
}

static apr_status_t put_parts(ss_db_t *db, const ss_message_t *m)
{
    apr_status_t rv = APR_SUCCESS;

    if (m->part_count <= SS_MESSAGE_ROW_PARTS) return APR_SUCCESS;
    for (int i = 0; i < m->part_count && rv == APR_SUCCESS; i++) {
        apr_int64_t number = i;
        if (i && m->is_staged) continue;
        rv = ss_db_run(db, SS_SQL_PUT_BODY,
                       SS_ARGS{ m->id, &number,
                                SS_BLOB(m->parts[i].bytes, &m->parts[i].len, "body", "bytes") },
                       NULL);
    }
    return rv;
}

apr_status_t ss_store_accept_insert(ss_db_t *db, const ss_message_t *m)
{
    apr_status_t rv = ss_message_row_put(db, m);

    for (int i = 0; i < m->rcpt_count && rv == APR_SUCCESS; i++)
        rv = ss_message_row_put_recipient(db, m, &m->rcpts[i]);
    return rv == APR_SUCCESS ? put_parts(db, m) : rv;
}

/* Staged parts may have been purged while a message was received very slowly: it must not be
 * accepted without them. */
static apr_status_t check_staged(ss_db_t *db, ss_store_accept_t *request)
{
    const ss_message_t *m = request->message;
    apr_int64_t found = 0;

    if (!m->is_staged) return APR_SUCCESS;
    apr_status_t rv = ss_db_select(db, SS_SQL_COUNT_STAGED, SS_ARGS{ m->id });
    while (ss_db_next(db)) found = ss_db_number(db, 0);
    if (rv != APR_SUCCESS || found == m->part_count - 1) return rv;
    request->head.rv = APR_EINCOMPLETE;
    ss_result_set(
        &request->head.result, "queue", "", NULL,
        "the message was received so slowly that its first parts were discarded: send it again");
    return APR_SUCCESS;
}

apr_status_t ss_store_accept_write(ss_db_t *db, ss_store_accept_t *request)
{
    int is_known;

    *request->existing_id = '\0';
    apr_status_t rv = find_key(db, request, &is_known);
    if (rv != APR_SUCCESS || is_known) return rv;
    rv = check_staged(db, request);
    return rv == APR_SUCCESS && request->head.rv == APR_SUCCESS
               ? ss_store_accept_insert(db, request->message)
               : rv;
}

apr_status_t ss_store_accept_stage(ss_db_t *db, ss_store_stage_t *request)
{
    apr_int64_t number = request->number;

    return ss_db_run(
        db, SS_SQL_PUT_BODY,
        SS_ARGS{ request->id, &number, SS_BLOB(request->bytes, &request->len, "body", "bytes") },
        NULL);
}

apr_status_t ss_store_accept_unstage(ss_db_t *db, ss_store_unstage_t *request)
{
    return ss_db_run(db, SS_SQL_UNSTAGE, SS_ARGS{ request->id, request->id }, NULL);
}

/* An id that only this transaction inserts: if it exists, the transaction was committed. */
static const char *proof_of(ss_store_request_t *request)
{
    if (request->verb == SS_STORE_ACCEPT)
        return ((ss_store_accept_t *)ss_store_request_as(request, SS_STORE_ACCEPT))->message->id;
    if (request->verb != SS_STORE_OUTCOME) return NULL;
    const ss_store_outcome_t *outcome = ss_store_request_as(request, SS_STORE_OUTCOME);
    if (!outcome->reports || !outcome->reports->nelts) return NULL;
    return APR_ARRAY_IDX(outcome->reports, 0, ss_message_t *)->id;
}

apr_status_t ss_store_accept_is_done(ss_db_t *db, ss_store_request_t *request, int *is_done)
{
    apr_status_t rv = APR_SUCCESS;
    const char *id = proof_of(request);

    *is_done = 0;
    if (request->verb == SS_STORE_STAGE) {
        const ss_store_stage_t *stage = ss_store_request_as(request, SS_STORE_STAGE);
        apr_int64_t number = stage->number;
        rv = ss_db_select(db, SS_SQL_GET_PART, SS_ARGS{ stage->id, &number });
    } else if (id) {
        rv = ss_db_select(db, SS_SQL_GET_MESSAGE, SS_ARGS{ id });
    } else {
        return APR_SUCCESS;
    }
    while (ss_db_next(db)) *is_done = 1;
    return rv;
}
