/* request_rig.c: see request_rig.h. */
#include "request_rig.h"

#include <apr_strings.h>
#include <string.h>

static void answer(ss_request_t *req, const char *header, const char *content, apr_size_t len)
{
    request_rig_t *rig = (request_rig_t *)req;

    rig->answers++;
    json_decref(rig->header);
    rig->header = header ? json_loads(header, 0, NULL) : NULL;
    if (len >= sizeof(rig->content)) len = sizeof(rig->content) - 1;
    if (len) memcpy(rig->content, content, len);
    rig->content[len] = '\0';
}

static void step(ss_request_t *req, const char *bytes, apr_size_t len)
{
    request_rig_t *rig = (request_rig_t *)req;
    size_t used = strlen(rig->steps);

    if (len < sizeof(rig->steps) - used) memcpy(rig->steps + used, bytes, len);
}

void request_rig_init(request_rig_t *rig, int uid, int is_trusted)
{
    static const ss_request_ops_t ops = { answer, step };

    memset(rig, 0, sizeof(*rig));
    rig->request = (ss_request_t){ .ops = &ops, .uid = uid, .is_trusted = is_trusted };
}

int request_rig_status(const request_rig_t *rig)
{
    return (int)json_integer_value(json_object_get(rig->header, "status"));
}

const char *request_rig_text(const request_rig_t *rig, const char *name)
{
    const char *text = json_string_value(json_object_get(rig->header, name));

    return text ? text : "";
}

void request_rig_free(request_rig_t *rig)
{
    json_decref(rig->header);
}
