/* content_request.c: see content_request.h. */
#include "operator/content_request.h"

#include <jansson.h>
#include <apr_strings.h>

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

/* One part: a client that wants the whole asks for one after the other, until 404. */
void ss_content_request_run(ss_operator_t *o, ss_request_t *req, const char *verb,
                            const json_t *header)
{
    const char *id = json_string_value(json_object_get(header, "id"));

    (void)verb;
    if (!id || !ss_ident_is_valid(id)) {
        ss_request_refuse(req, 404, 0, "id", "that is not a message's id");
        return;
    }
    ss_store_part_t *request = ss_store_part_create(
        id, (int)json_integer_value(json_object_get(header, "part")), part_read, req);
    ss_store_port_post(o->queue, &request->head);
}
