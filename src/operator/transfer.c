/* transfer.c: messages that wait, out of one queue and into another: a stored message as a document
 * ("export"), and such a document as part of a submission
 * ("restore"), which then keeps its id, its age and what became of each recipient so far. See
 * src/wire/README.md. */
#include "operator/transfer.h"

#include <apr_strings.h>
#include <string.h>

#include "base/text.h"
#include "mail/attributes_json.h"

static void put(json_t *object, const char *name, const char *value, apr_pool_t *pool)
{
    if (value)
        json_object_set_new(object, name, json_string(ss_text_utf8(pool, value, strlen(value))));
}

static json_t *recipient_of(const ss_recipient_t *rcpt, apr_pool_t *pool)
{
    json_t *row = json_pack("{s:s,s:i,s:I,s:I,s:I,s:b}", "state", ss_state_name(rcpt->state),
                            "attempts", rcpt->attempts, "next", (json_int_t)rcpt->next, "last",
                            (json_int_t)rcpt->last_attempt, "notify", (json_int_t)rcpt->notify,
                            "uncertain", rcpt->is_uncertain);

    put(row, "address", rcpt->address, pool);
    put(row, "orcpt", rcpt->orcpt, pool);
    put(row, "reply", rcpt->reply, pool);
    put(row, "dsn", rcpt->dsn, pool);
    put(row, "host", rcpt->host, pool);
    put(row, "cause", rcpt->cause, pool);
    return row;
}

static json_t *document_of(const ss_message_t *m, apr_pool_t *pool)
{
    json_t *document = json_pack("{s:s,s:I,s:i}", "id", m->id, "created", (json_int_t)m->created,
                                 "parts", m->part_count);
    json_t *rcpts = json_array();

    put(document, "relay", m->relay, pool);
    put(document, "from", m->from, pool);
    ss_attributes_json_put(document, &m->attr, pool);
    for (int i = 0; i < m->rcpt_count; i++) {
        if (!ss_state_is_final(m->rcpts[i].state))
            json_array_append_new(rcpts, recipient_of(&m->rcpts[i], pool));
    }
    json_object_set_new(document, "recipients", rcpts);
    return document;
}

static void looked_up(ss_store_request_t *request)
{
    ss_request_t *req = request->baton;
    const ss_store_lookup_t *lookup = ss_store_request_as(request, SS_STORE_LOOKUP);

    if (request->rv == APR_SUCCESS)
        ss_request_document(req, 200, document_of(lookup->message, request->pool));
    else if (APR_STATUS_IS_NOTFOUND(request->rv))
        ss_request_refuse(req, 404, 0, "id", "no message %s is known", lookup->id);
    else
        ss_request_refuse(req, 503, 5, NULL, "%s",
                          ss_result_is_set(&request->result) ? request->result.text
                                                             : "the queue cannot be read");
    apr_pool_destroy(request->pool);
}

void ss_transfer_export(ss_request_t *req, const json_t *header)
{
    const char *id = json_string_value(json_object_get(header, "id"));

    if (!ss_request_is_trusted(req)) {
        ss_request_refuse(req, 403, 0, NULL, "only root and httpd's user may export");
        return;
    }
    if (!id || !ss_ident_is_valid(id)) {
        ss_request_refuse(req, 404, 0, "id", "that is not a message's id");
        return;
    }
    ss_store_lookup_t *lookup = ss_store_lookup_create(id, looked_up, req);
    ss_store_port_post(&req->daemon->queue, &lookup->head);
}

/* ---- back ---- */

static const char *text(const json_t *row, const char *name, apr_pool_t *pool)
{
    const char *value = json_string_value(json_object_get(row, name));

    return value ? apr_pstrdup(pool, value) : NULL;
}

static int restore_recipient(ss_recipient_t *rcpt, const json_t *row, apr_pool_t *pool)
{
    const char *name = json_string_value(json_object_get(row, "state"));
    int state = name ? ss_state_find(name) : -1;

    if (state < 0 || ss_state_is_final((ss_state_t)state)) return 0;
    rcpt->state = state == SS_STATE_SENDING ? SS_STATE_QUEUED : (ss_state_t)state;
    rcpt->attempts = (int)json_integer_value(json_object_get(row, "attempts"));
    rcpt->next =
        rcpt->state == SS_STATE_HELD ? 0 : json_integer_value(json_object_get(row, "next"));
    rcpt->last_attempt = json_integer_value(json_object_get(row, "last"));
    rcpt->is_uncertain = json_is_true(json_object_get(row, "uncertain"));
    rcpt->reply = text(row, "reply", pool);
    rcpt->dsn = text(row, "dsn", pool);
    rcpt->host = text(row, "host", pool);
    rcpt->cause = rcpt->state == SS_STATE_HELD ? text(row, "cause", pool) : NULL;
    return 1;
}

const char *ss_transfer_restore(const ss_request_t *req, const json_t *restore, ss_message_t *m)
{
    const char *id = json_string_value(json_object_get(restore, "id"));
    const char *relay = json_string_value(json_object_get(restore, "relay"));
    const json_t *rows = json_object_get(restore, "recipients");
    apr_time_t now = ss_loop_wall(req->daemon->loop);

    if (!ss_request_is_trusted(req)) return "only root and httpd's user may import";
    if (!id || !ss_ident_is_valid(id)) return "\"restore\" names no message's id";
    if (json_array_size(rows) != (apr_size_t)m->rcpt_count)
        return "\"restore\" tells of other recipients than \"to\"";
    apr_cpystrn(m->id, id, sizeof(m->id));
    m->created = json_integer_value(json_object_get(restore, "created"));
    if (m->created <= 0 || m->created > now) m->created = now;
    if (ss_attributes_json_read(&m->attr, restore, SS_SET_RESTORE, m->pool))
        return "an attribute in \"restore\" is malformed";
    if (relay && ss_relay_find(req->daemon, relay)) m->relay = apr_pstrdup(m->pool, relay);
    for (int i = 0; i < m->rcpt_count; i++) {
        if (!restore_recipient(&m->rcpts[i], json_array_get(rows, (apr_size_t)i), m->pool))
            return "a recipient's state is none that waits";
        if (m->rcpts[i].state == SS_STATE_HELD) m->held_since = now;
    }
    return NULL;
}
