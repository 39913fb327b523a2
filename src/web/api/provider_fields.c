/* provider_fields.c: from a provider's fields to those of our document. */
#include <apr_strings.h>
#include <string.h>

#include "base/suggest.h"
#include "base/text.h"
#include "web/api/provider.h"

int ss_provider_wrong(ss_provider_job_t *job, const char *name, const char *what)
{
    const char *field = apr_pstrdup(job->r->pool, name);

    return ss_mail_problem(&job->s.problem, SS_PROBLEM_MEMBER, field, "%s: %s", field, what);
}

int ss_provider_copy(ss_provider_job_t *job, const ss_provider_row_t *row, const char *name,
                     json_t *value)
{
    (void)name;
    json_object_set(job->document, row->ours, value);
    return 0;
}

/* A mailbox in our form; NULL: it has no address. */
static json_t *mailbox(json_t *value)
{
    const char *email = ss_json_text(value, "email");
    json_t *name = json_object_get(value, "name");

    if (json_is_string(value)) return json_incref(value);
    if (!email) return NULL;
    return json_pack("{s:O,s:O*}", "address", json_object_get(value, "email"), "name",
                     name && !json_is_null(name) ? name : NULL);
}

int ss_provider_mailbox(ss_provider_job_t *job, const ss_provider_row_t *row, const char *name,
                        json_t *value)
{
    json_t *list = json_object_get(job->document, row->ours);
    size_t count = json_is_array(value) ? json_array_size(value) : 1;

    if (!json_is_array(value)) {
        json_t *one = mailbox(value);
        if (!one) return ss_provider_wrong(job, name, "must be an object with an email");
        json_object_set_new(job->document, row->ours, one);
        return 0;
    }
    if (!json_is_array(list)) {
        list = json_array();
        json_object_set_new(job->document, row->ours, list);
    }
    for (size_t i = 0; i < count; i++) {
        json_t *one = mailbox(json_array_get(value, i));
        if (!one)
            return ss_provider_wrong(job, apr_psprintf(job->r->pool, "%s[%d]", name, (int)i),
                                     "must be an object with an email");
        json_array_append_new(list, one);
    }
    return 0;
}

/* The object of that name in the document, made where it is missing. */
static json_t *object_of(json_t *document, const char *name)
{
    json_t *object = json_object_get(document, name);

    if (!json_is_object(object)) {
        object = json_object();
        json_object_set_new(document, name, object);
    }
    return object;
}

int ss_provider_header(ss_provider_job_t *job, const char *name, const char *field, json_t *value)
{
    json_t *headers = object_of(job->document, "headers"), *there;

    if (!json_is_string(value)) return ss_provider_wrong(job, name, "must be a string");
    if (ss_text_same(field, "Message-ID"))
        return json_object_set(job->document, "messageId", value);
    if (ss_text_same(field, "Reply-To")) return json_object_set(job->document, "replyTo", value);
    there = json_object_get(headers, field);
    if (!there) return json_object_set(headers, field, value);
    if (json_is_array(there)) return json_array_append(there, value);
    return json_object_set_new(headers, field, json_pack("[O,O]", there, value));
}

int ss_provider_headers(ss_provider_job_t *job, const ss_provider_row_t *row, const char *name,
                        json_t *value)
{
    const char *key;
    json_t *item;
    size_t i;

    (void)row;
    if (!json_is_array(value) && !json_is_object(value))
        return ss_provider_wrong(job, name, "must be names and values of header fields");
    json_array_foreach(value, i, item)
    {
        const char *field = ss_json_text(item, "Name");
        const char *at = apr_psprintf(job->r->pool, "%s[%d]", name, (int)i);
        if (!field) return ss_provider_wrong(job, at, "must have a Name and a Value");
        if (ss_provider_header(job, at, field, json_object_get(item, "Value"))) return -1;
    }
    json_object_foreach(value, key, item)
    {
        const char *at = apr_pstrcat(job->r->pool, name, ".", key, NULL);
        if (ss_provider_header(job, at, key, item)) return -1;
    }
    return 0;
}

void ss_provider_note(ss_provider_job_t *job, const char *name, const char *text)
{
    ss_json_put(object_of(job->document, "metadata"), name, text);
}

int ss_provider_metadata(ss_provider_job_t *job, const ss_provider_row_t *row, const char *name,
                         json_t *value)
{
    json_t *metadata = object_of(job->document, "metadata"), *item;
    const char *key, *words = NULL;
    size_t i;

    (void)row;
    if (json_is_string(value)) words = json_string_value(value);
    json_array_foreach(value, i, item)
    {
        key = ss_json_text(item, "name");
        if (json_is_string(item)) {
            words = apr_pstrcat(job->r->pool, words ? words : "", words ? "," : "",
                                json_string_value(item), NULL);
        } else if (key && json_is_string(json_object_get(item, "value"))) {
            json_object_set(metadata, key, json_object_get(item, "value"));
        } else {
            return ss_provider_wrong(job, apr_psprintf(job->r->pool, "%s[%d]", name, (int)i),
                                     "must be a word, or a name and a value");
        }
    }
    json_object_foreach(value, key, item)
    {
        if (!json_is_string(item) && !json_is_number(item) && !json_is_boolean(item))
            return ss_provider_wrong(job, apr_pstrcat(job->r->pool, name, ".", key, NULL),
                                     "must be a text, a number, true or false");
        json_object_set(metadata, key, item);
    }
    if (words) ss_provider_note(job, name, words);
    if (words || json_is_array(value) || json_is_object(value)) return 0;
    return ss_provider_wrong(job, name, "must be names and values");
}

/* What a map "theirs>ours ..." makes of a name: our name in buf; "": it is ignored; NULL: there is
 * no such name. */
static const char *mapped(const char *map, const char *name, char *buf, apr_size_t size)
{
    apr_size_t len = strlen(name);

    for (const char *at = map; *at; at += strspn(at, " ")) {
        apr_size_t word = strcspn(at, " ");
        if (word > len && at[len] == '>' && !strncmp(at, name, len)) {
            apr_cpystrn(buf, at + len + 1, word - len < size ? word - len : size);
            return buf;
        }
        at += word;
    }
    return NULL;
}

static int attachment(ss_provider_job_t *job, const char *map, const char *at, json_t *theirs,
                      json_t *list)
{
    json_t *ours = json_object(), *item;
    const char *key;
    char name[32];

    json_array_append_new(list, ours);
    if (!json_is_object(theirs)) return ss_provider_wrong(job, at, "must be an object");
    json_object_foreach(theirs, key, item)
    {
        const char *path = apr_pstrcat(job->r->pool, at, ".", key, NULL);
        if (json_is_null(item)) continue;
        if (!mapped(map, key, name, sizeof(name)))
            return ss_provider_wrong(job, path, "is not supported: send the content in base64");
        if (!*name) continue;
        const char *cid = !strcmp(name, "cid") ? json_string_value(item) : NULL;
        if (cid && !strncmp(cid, "cid:", 4))
            json_object_set_new(ours, name, json_string(cid + 4));
        else
            json_object_set(ours, name, item);
    }
    return 0;
}

int ss_provider_attachments(ss_provider_job_t *job, const ss_provider_row_t *row, const char *name,
                            json_t *value)
{
    json_t *list = json_array(), *item;
    size_t i;

    json_object_set_new(job->document, row->ours, list);
    if (!json_is_array(value)) return ss_provider_wrong(job, name, "must be a list");
    json_array_foreach(value, i, item)
    {
        if (attachment(job, row->note, apr_psprintf(job->r->pool, "%s[%d]", name, (int)i), item,
                       list))
            return -1;
    }
    return 0;
}

int ss_provider_ignore(ss_provider_job_t *job, const ss_provider_row_t *row, const char *name,
                       json_t *value)
{
    (void)job, (void)row, (void)name, (void)value;
    return 0;
}

/* Whether a value means "off". */
static int is_off(const json_t *value)
{
    const char *text = json_string_value(value), *key;
    json_t *item;

    if (text) return !*text || ss_text_word_index("no off false none 0", text) >= 0;
    if (json_is_integer(value)) return !json_integer_value(value);
    if (json_is_array(value)) return !json_array_size(value);
    json_object_foreach((json_t *)(apr_uintptr_t)value, key, item)
    {
        /* A setting is an object with "enable"; what else it has matters only then. */
        json_t *enable = json_is_object(item) ? json_object_get(item, "enable") : NULL;
        if (!enable || !is_off(enable)) return 0;
    }
    return json_is_object(value) || json_is_null(value) || json_is_false(value);
}

int ss_provider_off(ss_provider_job_t *job, const ss_provider_row_t *row, const char *name,
                    json_t *value)
{
    return is_off(value) ? 0 : ss_provider_wrong(job, name, row->note);
}

static const ss_provider_row_t *row_of(const ss_provider_row_t *rows, const char *name)
{
    for (; rows->name; rows++) {
        apr_size_t len = strlen(rows->name);
        int is_prefix = rows->name[len - 1] == ':';
        if (is_prefix ? !strncmp(rows->name, name, len) && name[len] : !strcmp(rows->name, name))
            return rows;
    }
    return NULL;
}

int ss_provider_read(ss_provider_job_t *job, const ss_provider_row_t *rows, const json_t *object)
{
    const char *name, *names = "";
    json_t *value;

    json_object_foreach((json_t *)(apr_uintptr_t)object, name, value)
    {
        const ss_provider_row_t *row = row_of(rows, name);
        if (row && json_is_null(value)) continue;
        if (row) {
            if (row->take(job, row, name, value)) return -1;
            continue;
        }
        for (row = rows; row->name; row++)
            names = apr_pstrcat(job->r->pool, names, " ", row->name, NULL);
        const char *meant = ss_suggest(name, names, job->r->pool);
        const char *field = apr_pstrdup(job->r->pool, name);
        return ss_mail_problem(
            &job->s.problem, SS_PROBLEM_UNKNOWN, field, "%s: there is no such field%s", field,
            meant ? apr_psprintf(job->r->pool, "; did you mean \"%s\"?", meant) : "");
    }
    return 0;
}

/* ---- substitutions ---- */

const char *ss_provider_replace(const char *text, const json_t *values, apr_pool_t *pool)
{
    const char *key;
    json_t *item;

    json_object_foreach((json_t *)(apr_uintptr_t)values, key, item)
    {
        const char *value = json_string_value(item), *found = *key ? strstr(text, key) : NULL;
        apr_array_header_t *pieces;
        if (!found || !value) continue;
        pieces = apr_array_make(pool, 8, sizeof(const char *));
        for (; found; found = strstr(text, key)) {
            APR_ARRAY_PUSH(pieces, const char *) =
                apr_pstrmemdup(pool, text, (apr_size_t)(found - text));
            APR_ARRAY_PUSH(pieces, const char *) = value;
            text = found + strlen(key);
        }
        APR_ARRAY_PUSH(pieces, const char *) = text;
        text = apr_array_pstrcat(pool, pieces, 0);
    }
    return text;
}

static void fill_member(json_t *object, const char *name, const json_t *values, apr_pool_t *pool)
{
    const char *text = ss_json_text(object, name);

    if (text) ss_json_put(object, name, ss_provider_replace(text, values, pool));
}

void ss_provider_fill(json_t *document, const json_t *values, apr_pool_t *pool)
{
    json_t *headers = json_copy(json_object_get(document, "headers")), *item;
    const char *key;
    void *next;

    fill_member(document, "subject", values, pool);
    fill_member(document, "text", values, pool);
    fill_member(document, "html", values, pool);
    if (!headers) return;
    json_object_set_new(document, "headers", headers);
    json_object_foreach_safe(headers, next, key, item) fill_member(headers, key, values, pool);
}
