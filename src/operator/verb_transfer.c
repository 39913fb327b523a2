#include "operator/verb.h"

#include <apr_strings.h>

#include "mail/attributes_json.h"

/* NULL: refused. */
static const char *id_of(ss_request_t *req)
{
    const char *id = ss_json_text(req->header, "id");

    if (id && ss_ident_is_valid(id)) return id;
    ss_request_refuse(req, 404, 0, "id", "that is not a message's id");
    return NULL;
}

static json_t *recipient_of(const ss_recipient_t *rcpt)
{
    json_t *row = json_pack("{s:s,s:i,s:I,s:I,s:I,s:b}", "state", ss_state_name(rcpt->state),
                            "attempts", rcpt->attempts, "next", (json_int_t)rcpt->next, "last",
                            (json_int_t)rcpt->last_attempt, "notify", (json_int_t)rcpt->notify,
                            "uncertain", rcpt->is_uncertain);

    ss_json_put(row, "address", rcpt->address);
    ss_json_put(row, "orcpt", rcpt->orcpt);
    ss_json_put(row, "reply", rcpt->reply);
    ss_json_put(row, "dsn", rcpt->dsn);
    ss_json_put(row, "host", rcpt->host);
    ss_json_put(row, "cause", rcpt->cause);
    return row;
}

static json_t *document_of(const ss_message_t *m)
{
    json_t *document = json_pack("{s:s,s:I,s:i}", "id", m->id, "created", (json_int_t)m->created,
                                 "parts", m->part_count);
    json_t *rcpts = json_array();

    ss_json_put(document, "relay", m->relay);
    ss_json_put(document, "from", m->from);
    ss_attributes_json_put(document, &m->attr);
    for (int i = 0; i < m->rcpt_count; i++) {
        if (!ss_state_is_final(m->rcpts[i].state))
            json_array_append_new(rcpts, recipient_of(&m->rcpts[i]));
    }
    json_object_set_new(document, "recipients", rcpts);
    return document;
}

typedef struct { /* in the store's request */
    ss_operator_t *context;
    ss_request_t *req;
} export_t;

static void fill(json_t *document, ss_store_request_t *request)
{
    const ss_store_lookup_t *lookup = ss_store_request_as(request, SS_STORE_LOOKUP);

    json_object_update_new(document, document_of(lookup->message));
}

static void looked_up(ss_store_request_t *request)
{
    const export_t *e = request->baton;
    ss_request_t *req = e->req;
    const ss_store_lookup_t *lookup = ss_store_request_as(request, SS_STORE_LOOKUP);

    if (request->rv == APR_SUCCESS) {
        ss_operator_answer(e->context, req, request, lookup->message->rcpt_count, json_object(),
                           fill, NULL, NULL);
        return;
    }
    if (APR_STATUS_IS_NOTFOUND(request->rv))
        ss_request_refuse(req, 404, 0, "id", "no message %s is known", lookup->id);
    else
        ss_operator_refuse_store(req, request);
    apr_pool_destroy(request->pool);
}

void ss_verb_transfer_export(ss_operator_t *o, ss_request_t *req)
{
    const char *id = id_of(req);
    const export_t export = { o, req };

    if (!id) return;
    ss_store_lookup_t *request = ss_store_lookup_create(id, looked_up, NULL);
    request->head.baton = apr_pmemdup(request->head.pool, &export, sizeof(export));
    ss_store_port_post(o->queue, &request->head);
}

static void part_read(ss_store_request_t *request)
{
    ss_request_t *req = request->baton;
    const ss_store_part_t *part = ss_store_request_as(request, SS_STORE_PART);

    if (APR_STATUS_IS_NOTFOUND(request->rv) ||
        (request->rv == APR_SUCCESS && (!part->len || !part->size))) {
        ss_request_refuse(
            req, 404, 0, NULL,
            "the queue has no such content: it is deleted when a message is finished");
    } else if (request->rv != APR_SUCCESS) {
        ss_operator_refuse_store(req, request);
    } else {
        ss_request_answer(req, 200, json_pack("{s:I}", "size", (json_int_t)part->size), part->bytes,
                          part->len);
    }
    apr_pool_destroy(request->pool);
}

void ss_verb_transfer_content(ss_operator_t *o, ss_request_t *req)
{
    const char *id = id_of(req);

    if (!id) return;
    ss_store_part_t *request =
        ss_store_part_create(id, (int)ss_json_number(req->header, "part"), part_read, req);
    ss_store_port_post(o->queue, &request->head);
}
