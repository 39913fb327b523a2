/* form.c: one JSON document to a message. Every error names the field by its path, "to[1].address".
 * Unknown fields are refused, so that a spelling mistake never silently drops a copy. See form.h.
 */
#include "mail/form.h"

#include <apr_strings.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "config/settings.h"
#include "mail/address.h"
#include "mail/codec.h"
#include "mail/compose.h"

#define OBJECT_MAX 2048 /* octets of its JSON */
#define ATTACHMENTS_MAX 1000
#define HEADERS_MAX 1000
#define TEXT_LINE_MAX 10000 /* a subject or header value */

typedef struct {
    ss_mail_message_t *m;
    const ss_parse_options_t *options;
    ss_mail_problem_t *problem;
    ss_compose_t model;
    apr_array_header_t *bcc;
    unsigned notify;
    int has_envelope_to;
} form_t;

typedef int (*reader_t)(form_t *f, const char *path, const json_t *value);

static const char *path_of(form_t *f, const char *format, const char *path, size_t i)
{
    return apr_psprintf(f->m->pool, format, path, (unsigned long)i);
}

static int wrong(form_t *f, const char *path, const char *what)
{
    ss_mail_problem(f->problem, 400, path, "%s: %s", path, what);
    return -1;
}

static int no_room(form_t *f, apr_status_t rv)
{
    ss_mail_problem(f->problem, 503, NULL, "%s", ss_scratch_why(rv, f->m->pool));
    return -1;
}

/* ---- kinds of values ---- */

/* 0, or -1 with the problem: a header field cannot contain it. */
static int check_line(form_t *f, const char *path, const char *s)
{
    if (strlen(s) > TEXT_LINE_MAX) return wrong(f, path, "too long");
    for (const char *p = s; *p; p++) {
        if ((unsigned char)*p < 32 && *p != '\t')
            return wrong(f, path,
                         "has a line end or control character, which a header field must not have");
        if (*p == 127) return wrong(f, path, "has a control character");
    }
    return 0;
}

/* A text without zero bytes; is_line: of one line. */
static int text(form_t *f, const char *path, const json_t *value, int is_line, const char **out)
{
    const char *s = json_string_value(value);

    if (!s) return wrong(f, path, "not a string");
    if (strlen(s) != json_string_length(value)) return wrong(f, path, "has a zero byte");
    if (ss_lift_has(f->options->lift, s, strlen(s))) return wrong(f, path, "too long");
    if (is_line && check_line(f, path, s)) return -1;
    *out = apr_pstrdup(f->m->pool, s);
    return 0;
}

/* Adds the addresses of one string or {"name","address"}. */
static int address(form_t *f, const char *path, const json_t *value, apr_array_header_t *list)
{
    apr_array_header_t *found;
    const char *s, *why, *name = NULL;
    ss_address_t a;

    if (json_is_object(value)) {
        const char *key;
        json_t *item;
        json_object_foreach((json_t *)(apr_uintptr_t)value, key, item)
        {
            if (strcmp(key, "name") && strcmp(key, "address"))
                return wrong(f, apr_pstrcat(f->m->pool, path, ".", key, NULL),
                             "unknown field; an address has name and address");
        }
        item = json_object_get(value, "name");
        if (item && !json_is_null(item) &&
            text(f, apr_pstrcat(f->m->pool, path, ".name", NULL), item, 1, &name))
            return -1;
        path = apr_pstrcat(f->m->pool, path, ".address", NULL);
        value = json_object_get(value, "address");
        if (!value) return wrong(f, path, "is missing");
    }
    if (text(f, path, value, 1, &s)) return -1;
    if (name) {
        if (ss_address_one(&a, s, &why, f->m->pool)) return wrong(f, path, why);
        a.name = name;
        found = apr_array_make(f->m->pool, 1, sizeof(a));
        *(ss_address_t *)apr_array_push(found) = a;
    } else if (ss_address_list(&found, s, strlen(s), &why, f->m->pool))
        return wrong(f, path, why);
    if (!found->nelts) return wrong(f, path, "is empty");
    for (int i = 0; i < found->nelts; i++) {
        a = ((const ss_address_t *)found->elts)[i];
        a.address = ss_address_with_domain(a.address, f->options->default_domain, f->m->pool);
        if (!ss_address_is_valid(a.address, 0, &why))
            return wrong(f, path, apr_psprintf(f->m->pool, "<%.200s>: %s", a.address, why));
        if (list->nelts >= SS_MAIL_RECIPIENTS_MAX) return wrong(f, path, "too many addresses");
        *(ss_address_t *)apr_array_push(list) = a;
    }
    return 0;
}

static int addresses(form_t *f, const char *path, const json_t *value, apr_array_header_t **list)
{
    *list = apr_array_make(f->m->pool, 4, sizeof(ss_address_t));
    if (!json_is_array(value)) return address(f, path, value, *list);
    for (size_t i = 0; i < json_array_size(value); i++) {
        if (address(f, path_of(f, "%s[%lu]", path, i), json_array_get(value, i), *list)) return -1;
    }
    return 0;
}

/* ---- fields ---- */

static int read_from(form_t *f, const char *path, const json_t *value)
{
    apr_array_header_t *list;

    if (addresses(f, path, value, &list)) return -1;
    if (list->nelts != 1) return wrong(f, path, "must be one address");
    f->model.from = *(const ss_address_t *)list->elts;
    return 0;
}

static int read_to(form_t *f, const char *path, const json_t *value)
{
    return addresses(f, path, value, &f->model.to);
}
static int read_cc(form_t *f, const char *path, const json_t *value)
{
    return addresses(f, path, value, &f->model.cc);
}
static int read_bcc(form_t *f, const char *path, const json_t *value)
{
    return addresses(f, path, value, &f->bcc);
}
static int read_reply_to(form_t *f, const char *path, const json_t *value)
{
    return addresses(f, path, value, &f->model.reply_to);
}
static int read_subject(form_t *f, const char *path, const json_t *value)
{
    return text(f, path, value, 1, &f->model.subject);
}
static int read_text(form_t *f, const char *path, const json_t *value)
{
    return text(f, path, value, 0, &f->model.text);
}
static int read_html(form_t *f, const char *path, const json_t *value)
{
    return text(f, path, value, 0, &f->model.html);
}
/* Fields that the module writes itself, or that would change the recipients. */
static int is_ours(const char *name)
{
    static const char *const names[] = { "From",
                                         "To",
                                         "Cc",
                                         "Bcc",
                                         "Reply-To",
                                         "Subject",
                                         "Date",
                                         "Message-ID",
                                         "MIME-Version",
                                         "Received",
                                         "Return-Path",
                                         "Content-Type",
                                         "Content-Transfer-Encoding",
                                         "Content-Disposition",
                                         "Content-ID",
                                         "Resent-To",
                                         "Resent-Cc",
                                         "Resent-Bcc" };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (ss_text_same(name, names[i])) return 1;
    }
    return 0;
}

static int header(form_t *f, const char *path, const char *name, const json_t *value)
{
    ss_compose_header_t *h;

    for (const char *p = name; *p; p++) {
        if (*p <= 32 || *p >= 127 || *p == ':')
            return wrong(f, path, "not a name of a header field");
    }
    if (!*name || strlen(name) > 100) return wrong(f, path, "not a name of a header field");
    if (is_ours(name))
        return wrong(f, path, "cannot be set here; use the field of the document for it");
    if (f->model.headers->nelts >= HEADERS_MAX) return wrong(f, path, "too many header fields");
    h = apr_array_push(f->model.headers);
    h->name = apr_pstrdup(f->m->pool, name);
    return text(f, path, value, 1, &h->value);
}

static int read_headers(form_t *f, const char *path, const json_t *value)
{
    const char *name;
    json_t *item;

    if (!json_is_object(value)) return wrong(f, path, "not an object of names and values");
    f->model.headers = apr_array_make(f->m->pool, 4, sizeof(ss_compose_header_t));
    json_object_foreach((json_t *)(apr_uintptr_t)value, name, item)
    {
        const char *at = apr_pstrcat(f->m->pool, path, ".", name, NULL);
        if (!json_is_array(item)) {
            if (header(f, at, name, item)) return -1;
            continue;
        }
        for (size_t i = 0; i < json_array_size(item); i++) {
            if (header(f, path_of(f, "%s[%lu]", at, i), name, json_array_get(item, i))) return -1;
        }
    }
    return 0;
}

/* Base64, in the document or lifted out of it (lift.h). */
static int content(form_t *f, const char *path, const json_t *value, ss_compose_attachment_t *a)
{
    ss_lift_item_t *lifted =
        ss_lift_find(f->options->lift, json_string_value(value), json_string_length(value));
    const char *s;
    char *bytes;

    if (!lifted) {
        if (text(f, path, value, 0, &s)) return -1;
        if (ss_codec_base64_read(f->m->pool, s, strlen(s), 1, &bytes, &a->len))
            return wrong(f, path, "not base64");
        a->bytes = bytes;
        return 0;
    }
    a->lifted = lifted;
    if (!ss_lift_decode(f->options->lift, lifted)) return 0;
    return f->options->lift->failed == APR_SUCCESS ? wrong(f, path, "not base64")
                                                   : no_room(f, f->options->lift->failed);
}

static int attachment(form_t *f, const char *path, const json_t *value)
{
    ss_compose_attachment_t *a = apr_array_push(f->model.attachments);
    const char *key, *at;
    int has_content = 0;
    json_t *item;

    memset(a, 0, sizeof(*a));
    if (!json_is_object(value))
        return wrong(f, path, "not an object with filename, contentType, content, cid");
    json_object_foreach((json_t *)(apr_uintptr_t)value, key, item)
    {
        at = apr_pstrcat(f->m->pool, path, ".", key, NULL);
        if (!strcmp(key, "content")) {
            if (content(f, at, item, a)) return -1;
            has_content = 1;
        } else if (!strcmp(key, "filename")) {
            if (text(f, at, item, 1, &a->filename)) return -1;
        } else if (!strcmp(key, "contentType")) {
            if (text(f, at, item, 1, &a->content_type)) return -1;
            if (!ss_compose_is_type(a->content_type))
                return wrong(f, at, "not a media type like image/png");
        } else if (!strcmp(key, "cid")) {
            if (text(f, at, item, 1, &a->cid)) return -1;
            if (!*a->cid || strpbrk(a->cid, "<> \t"))
                return wrong(f, at, "not a content id: it must not have blanks or brackets");
        } else
            return wrong(f, at,
                         "unknown field; an attachment has filename, contentType, content, cid");
    }
    return has_content ? 0
                       : wrong(f, apr_pstrcat(f->m->pool, path, ".content", NULL), "is missing");
}

static int read_attachments(form_t *f, const char *path, const json_t *value)
{
    if (!json_is_array(value)) return wrong(f, path, "not a list");
    if (json_array_size(value) > ATTACHMENTS_MAX) return wrong(f, path, "too many attachments");
    f->model.attachments = apr_array_make(f->m->pool, 4, sizeof(ss_compose_attachment_t));
    for (size_t i = 0; i < json_array_size(value); i++) {
        if (attachment(f, path_of(f, "%s[%lu]", path, i), json_array_get(value, i))) return -1;
    }
    return 0;
}

static int add_rcpts(form_t *f, const char *path, const apr_array_header_t *list)
{
    for (int i = 0; list && i < list->nelts; i++) {
        if (ss_mail_add_rcpt(f->m, ((const ss_address_t *)list->elts)[i].address, f->notify, path,
                             f->problem))
            return -1;
    }
    return 0;
}

static int read_envelope(form_t *f, const char *path, const json_t *value)
{
    const char *key;
    json_t *item;
    apr_array_header_t *list;

    if (!json_is_object(value)) return wrong(f, path, "not an object with from and to");
    json_object_foreach((json_t *)(apr_uintptr_t)value, key, item)
    {
        const char *at = apr_pstrcat(f->m->pool, path, ".", key, NULL);
        if (!strcmp(key, "to")) {
            if (addresses(f, at, item, &list) || add_rcpts(f, at, list)) return -1;
            f->has_envelope_to = 1;
        } else if (!strcmp(key, "from")) {
            const char *s = json_string_value(item);
            f->m->from = "";
            if (s && (!*s || !strcmp(s, "<>"))) continue;
            if (addresses(f, at, item, &list)) return -1;
            if (list->nelts != 1) return wrong(f, at, "must be one address");
            f->m->from = ((const ss_address_t *)list->elts)->address;
        } else
            return wrong(f, at, "unknown field; an envelope has from and to");
    }
    return 0;
}

static int read_message_id(form_t *f, const char *path, const json_t *value)
{
    const char *s;
    size_t n;

    if (text(f, path, value, 1, &s)) return -1;
    n = strlen(s);
    if (n && *s != '<') s = apr_pstrcat(f->m->pool, "<", s, ">", NULL);
    n = strlen(s);
    if (n < 5 || n > 900 || s[n - 1] != '>' || strcspn(s + 1, "<> \t") != n - 2 || !strchr(s, '@'))
        return wrong(f, path, "not a message id like <id@example.com>");
    f->model.message_id = s;
    return 0;
}

static int read_notify(form_t *f, const char *path, const json_t *value)
{
    const char *s;
    size_t count = json_is_array(value) ? json_array_size(value) : 1;

    for (size_t i = 0; i < count; i++) {
        const char *at = json_is_array(value) ? path_of(f, "%s[%lu]", path, i) : path;
        if (text(f, at, json_is_array(value) ? json_array_get(value, i) : value, 1, &s)) return -1;
        if (ss_dsn_notify(s, &f->notify))
            return wrong(f, f->notify & SS_NOTIFY_NEVER ? path : at,
                         "must be never, or a list of success, failure and delay");
    }
    return 0;
}

/* A flat object, as its JSON text. */
static int read_object(form_t *f, const ss_attributes_row_t *row, const json_t *value)
{
    const char *key, *copy;
    json_t *item;
    char *dump;

    if (!json_is_object(value)) return wrong(f, row->name, "not an object");
    json_object_foreach((json_t *)(apr_uintptr_t)value, key, item)
    {
        if (json_is_object(item) || json_is_array(item))
            return wrong(f, apr_pstrcat(f->m->pool, row->name, ".", key, NULL),
                         "must be a string, number, true, false or null");
    }
    dump = json_dumps(value, JSON_COMPACT);
    copy = apr_pstrdup(f->m->pool, dump);
    free(dump);
    if (!copy) return wrong(f, row->name, "out of memory");
    ss_attributes_set_text(row, &f->m->attr, copy);
    return strlen(copy) > OBJECT_MAX || ss_lift_has(f->options->lift, copy, strlen(copy))
               ? wrong(f, row->name, "longer than 2048 octets of JSON")
               : 0;
}

static int read_attribute(form_t *f, const ss_attributes_row_t *row, const json_t *value)
{
    const char *s, *why;

    if (row->kind == SS_ATTRIBUTE_OBJECT) return read_object(f, row, value);
    if (row->kind == SS_ATTRIBUTE_DURATION && json_is_integer(value))
        s = apr_psprintf(f->m->pool, "%" APR_INT64_T_FMT, (apr_int64_t)json_integer_value(value));
    else if (text(f, row->name, value, 1, &s))
        return -1;
    why = ss_attributes_read(row, &f->m->attr, s, f->m->pool);
    return why ? wrong(f, row->name, why) : 0;
}

static int read_individually(form_t *f, const char *path, const json_t *value)
{
    if (!json_is_boolean(value)) return wrong(f, path, "must be true or false");
    f->m->individually = json_is_true(value);
    return 0;
}

/* Everything that is not an attribute. notify comes first: recipients copy it. */
static const struct {
    const char *name;
    reader_t read;
} readers[] = { { "notify", read_notify },
                { "from", read_from },
                { "to", read_to },
                { "cc", read_cc },
                { "bcc", read_bcc },
                { "replyTo", read_reply_to },
                { "subject", read_subject },
                { "text", read_text },
                { "html", read_html },
                { "headers", read_headers },
                { "attachments", read_attachments },
                { "envelope", read_envelope },
                { "messageId", read_message_id },
                { "individually", read_individually } };
#define READERS (sizeof(readers) / sizeof(readers[0]))

static int is_known(const char *name)
{
    for (size_t i = 0; i < READERS; i++) {
        if (!strcmp(readers[i].name, name)) return 1;
    }
    return ss_attributes_find(name, SS_SET_DOCUMENT) != NULL;
}

static int read_fields(form_t *f, const json_t *document)
{
    const char *key;
    json_t *item;

    json_object_foreach((json_t *)(apr_uintptr_t)document, key, item)
    {
        if (!is_known(key)) return wrong(f, apr_pstrdup(f->m->pool, key), "there is no such field");
    }
    for (size_t i = 0; i < READERS; i++) {
        item = json_object_get(document, readers[i].name);
        if (item && !json_is_null(item) && readers[i].read(f, readers[i].name, item)) return -1;
    }
    for (const ss_attributes_row_t *row = ss_attributes_rows; row->name; row++) {
        item = row->set_by & SS_SET_DOCUMENT ? json_object_get(document, row->name) : NULL;
        if (item && !json_is_null(item) && read_attribute(f, row, item)) return -1;
    }
    return 0;
}

static apr_status_t close_tail(void *tail)
{
    ss_scratch_close(tail);
    return APR_SUCCESS;
}

/* Writes the lifted contents, and the message from the first of them on, to a file. */
static int lower(form_t *f)
{
    ss_lift_t *lift = f->options->lift;
    ss_mail_message_t *m = f->m;
    ss_scratch_t *tail = apr_palloc(m->pool, sizeof(*tail));
    apr_size_t head, max = f->options->max_size;

    apr_status_t rv = ss_scratch_open(tail, m->pool);
    if (rv != APR_SUCCESS) return no_room(f, rv);
    apr_pool_cleanup_register(m->pool, tail, close_tail, apr_pool_cleanup_null);
    rv = ss_lift_lower(lift, m->content, m->content_len, &head, tail);
    if (rv != APR_SUCCESS) return no_room(f, rv);
    m->content_len = head;
    m->tail = tail;
    if (!max || head + tail->len <= max) return 0;
    ss_mail_problem(f->problem, 413, "content",
                    "the message has %" APR_UINT64_T_FMT " octets, the limit is %" APR_SIZE_T_FMT,
                    head + tail->len, max);
    return -1;
}

static int finish(form_t *f)
{
    ss_parse_options_t options = *f->options;
    const char *bytes;
    apr_size_t len;

    if (!f->has_envelope_to && (add_rcpts(f, "to", f->model.to) ||
                                add_rcpts(f, "cc", f->model.cc) || add_rcpts(f, "bcc", f->bcc)))
        return -1;
    if (!f->m->rcpts->nelts)
        return wrong(f, "to", "the message has no recipient: to, cc, bcc or envelope.to");
    if (!f->model.from.address) f->model.from.address = f->options->default_from;
    if (!f->model.from.address || !*f->model.from.address) return wrong(f, "from", "is missing");
    f->model.host = f->options->host;
    f->model.now = f->options->now;
    f->model.random = f->options->random;
    f->model.lift = f->options->lift;
    if (ss_compose(&bytes, &len, &f->model, f->problem, f->m->pool)) return -1;
    options.takes_rcpts = 0;
    if (ss_parse_message(f->m, bytes, len, &options, f->problem)) return -1;
    return ss_lift_has(f->options->lift, f->m->content, f->m->content_len) ? lower(f) : 0;
}

/* Files of a form; their names and types are untrusted. */
static int add_files(form_t *f, const apr_array_header_t *files)
{
    for (int i = 0; files && i < files->nelts; i++) {
        const ss_compose_attachment_t *a = &APR_ARRAY_IDX(files, i, ss_compose_attachment_t);
        const char *path = apr_psprintf(f->m->pool, "file %d", i + 1);
        if (!f->model.attachments)
            f->model.attachments = apr_array_make(f->m->pool, 4, sizeof(ss_compose_attachment_t));
        if (f->model.attachments->nelts >= ATTACHMENTS_MAX)
            return wrong(f, path, "too many attachments");
        if (a->filename && check_line(f, path, a->filename)) return -1;
        if (a->content_type &&
            (check_line(f, path, a->content_type) || !ss_compose_is_type(a->content_type)))
            return wrong(f, path, "its Content-Type is not a media type like image/png");
        if (a->cid && (check_line(f, path, a->cid) || !*a->cid || strpbrk(a->cid, "<> \t")))
            return wrong(f, path, "its Content-ID is not a content id");
        APR_ARRAY_PUSH(f->model.attachments, ss_compose_attachment_t) = *a;
    }
    return 0;
}

int ss_form_document(ss_mail_message_t *m, const json_t *document, const apr_array_header_t *files,
                     const ss_parse_options_t *options, ss_mail_problem_t *problem)
{
    form_t f = { .m = m, .options = options, .problem = problem };

    if (!json_is_object(document)) {
        ss_mail_problem(problem, 400, NULL, "the JSON document is not an object");
        return -1;
    }
    return read_fields(&f, document) || add_files(&f, files) || finish(&f) ? -1 : 0;
}

int ss_form_json(ss_mail_message_t *m, const char *bytes, apr_size_t len,
                 const ss_parse_options_t *options, ss_mail_problem_t *problem)
{
    json_error_t error;
    json_t *document = json_loadb(bytes, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);

    if (!document) {
        ss_mail_problem(problem, 400, NULL, "the JSON cannot be read: line %d, column %d: %s",
                        error.line, error.column, error.text);
        return -1;
    }
    int failed = ss_form_document(m, document, NULL, options, problem);
    json_decref(document);
    return failed;
}
