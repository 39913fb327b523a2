/* form.c: unknown fields are refused, so that a spelling mistake never silently drops a copy. A
 * form becomes a JSON document, so that both have the same names, checks and refusals. */
#include "mail/form.h"

#include <apr_strings.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/suggest.h"
#include "base/text.h"
#include "mail/address.h"
#include "mail/canonical.h"
#include "mail/codec.h"
#include "mail/header.h"

#define OBJECT_MAX 2048 /* octets of its JSON */
#define ATTACHMENTS_MAX 1000
#define HEADERS_MAX 1000
#define TEXT_LINE_MAX 10000 /* a subject or header value */
#define FILE_LINE_MAX 1000  /* name, type or id of a file; MIME makes a name six times as long */

typedef struct {
    ss_mail_message_t *m;
    const ss_parse_options_t *options;
    ss_mail_problem_t *problem;
    ss_compose_t model;
    apr_array_header_t *bcc;
    unsigned notify;
    int has_envelope_to;
    json_t *document;      /* has the texts of the model */
    const char *bare_path; /* of the first address without a domain in a list, or NULL */
    apr_pool_t *scratch;   /* for one address of many */
    apr_pool_t *paths;     /* the message's, or scratch */
} form_t;

static const char *item_path(form_t *f, const char *path, size_t i)
{
    return apr_psprintf(f->paths, "%s[%lu]", path, (unsigned long)i);
}

static const char *member_path(form_t *f, const char *path, const char *member)
{
    return apr_pstrcat(f->paths, path, ".", member, NULL);
}

static int refuse(form_t *f, int kind, const char *path, const char *what)
{
    path = apr_pstrdup(f->m->pool, path);
    return ss_mail_problem(f->problem, kind, path, "%s: %s", path, what);
}

static int wrong(form_t *f, const char *path, const char *what)
{
    return refuse(f, SS_PROBLEM_MEMBER, path, what);
}

static int wrong_address(form_t *f, const char *path, const char *why)
{
    return refuse(f, SS_PROBLEM_ADDRESS, path, why);
}

/* There is no member like the last one of path; names: those that there are (suggest.h). */
static int unknown(form_t *f, const char *path, const char *name, const char *what,
                   const char *names)
{
    apr_pool_t *pool = f->m->pool;
    const char *meant = ss_suggest(name, names, pool);

    if (meant) what = apr_psprintf(pool, "%s; did you mean \"%s\"?", what, meant);
    return refuse(f, SS_PROBLEM_UNKNOWN, path, what);
}

static int no_room(form_t *f, apr_status_t rv)
{
    return ss_mail_problem(f->problem, SS_PROBLEM_NO_ROOM, NULL, "%s",
                           ss_scratch_why(rv, f->m->pool));
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

/* The same for a name, type or id of a file. */
static int check_file_line(form_t *f, const char *path, const char *s)
{
    return strlen(s) > FILE_LINE_MAX ? wrong(f, path, "too long") : check_line(f, path, s);
}

/* A text without zero bytes; is_line: of one line. It stays in the document. */
static int text(form_t *f, const char *path, json_t *value, int is_line, const char **out)
{
    const char *s = json_string_value(value);

    if (!s) return wrong(f, path, "not a string");
    if (strlen(s) != json_string_length(value)) return wrong(f, path, "has a zero byte");
    if (ss_lift_has(f->options->lift, s, strlen(s))) return wrong(f, path, "too long");
    if (is_line && check_line(f, path, s)) return -1;
    *out = s;
    return 0;
}

static int file_line(form_t *f, const char *path, json_t *value, const char **out)
{
    return text(f, path, value, 0, out) ? -1 : check_file_line(f, path, *out);
}

/* Adds an address that is in scratch, or its name in the document. */
static int add_address(form_t *f, const char *path, ss_address_t a, apr_array_header_t *list)
{
    if (!f->bare_path && ss_address_is_bare(a.address))
        f->bare_path = apr_pstrdup(f->m->pool, path);
    if (list->nelts >= SS_MAIL_RECIPIENTS_MAX) return wrong(f, path, "too many addresses");
    APR_ARRAY_PUSH(list, ss_address_t) =
        (ss_address_t){ .name = apr_pstrdup(f->m->pool, a.name),
                        .address = apr_pstrdup(f->m->pool, a.address) };
    return 0;
}

/* Adds the addresses of one string or {"name","address"}. */
static int address(form_t *f, const char *path, json_t *value, apr_array_header_t *list)
{
    apr_array_header_t *found;
    const char *s, *why, *name = NULL;
    ss_address_t a;

    if (json_is_object(value)) {
        const char *key;
        json_t *item;
        json_object_foreach(value, key, item)
        {
            if (strcmp(key, "name") && strcmp(key, "address"))
                return unknown(f, member_path(f, path, key), key,
                               "unknown field; an address has name and address",
                               "name address email>address mail>address displayName>name");
        }
        item = json_object_get(value, "name");
        if (item && !json_is_null(item) && text(f, member_path(f, path, "name"), item, 1, &name))
            return -1;
        path = member_path(f, path, "address");
        value = json_object_get(value, "address");
        if (!value) return wrong(f, path, "is missing");
    }
    if (text(f, path, value, 1, &s)) return -1;
    if (name) {
        if (ss_address_one(&a, s, &why, f->scratch)) return wrong_address(f, path, why);
        a.name = name;
        return add_address(f, path, a, list);
    }
    if (ss_address_list(&found, s, strlen(s), &why, f->scratch)) return wrong_address(f, path, why);
    for (int i = 0; i < found->nelts; i++) {
        if (add_address(f, path, APR_ARRAY_IDX(found, i, ss_address_t), list)) return -1;
    }
    return found->nelts ? 0 : wrong(f, path, "is empty");
}

/* A name without a domain gets one if it is the only address. */
static int add_domain(form_t *f, apr_array_header_t *list)
{
    const char *stray = ss_address_stray(list, 0);
    ss_address_t *first = (ss_address_t *)(void *)list->elts;
    const char *why;

    if (!f->bare_path) return 0;
    if (stray) return wrong_address(f, f->bare_path, ss_address_stray_why(stray, f->m->pool));
    first->address = ss_address_with_domain(first->address, f->options->default_domain, f->m->pool);
    first->address = ss_address_normal(first->address, 0, &why, f->m->pool);
    return first->address ? 0 : wrong_address(f, f->bare_path, why);
}

static int addresses(form_t *f, const char *path, json_t *value, apr_array_header_t **list)
{
    size_t count = json_is_array(value) ? json_array_size(value) : 1, i = 0;
    int failed = 0;

    *list = apr_array_make(f->m->pool, count < SS_MAIL_RECIPIENTS_MAX ? (int)count : 1,
                           sizeof(ss_address_t));
    f->paths = f->scratch;
    f->bare_path = NULL;
    for (; i < count && !failed; i++) {
        failed = json_is_array(value)
                     ? address(f, item_path(f, path, i), json_array_get(value, i), *list)
                     : address(f, path, value, *list);
        apr_pool_clear(f->scratch);
    }
    f->paths = f->m->pool;
    return failed || add_domain(f, *list);
}

/* ---- fields ---- */

static int read_from(form_t *f, const char *path, json_t *value)
{
    apr_array_header_t *list;

    if (addresses(f, path, value, &list)) return -1;
    if (list->nelts != 1) return wrong(f, path, "must be one address");
    f->model.from = *(const ss_address_t *)list->elts;
    return 0;
}

/* Fields that the module writes itself, or that would change the recipients. */
static const char ours[] = "From To Cc Bcc Reply-To Subject Date Message-ID MIME-Version Received "
                           "Return-Path Content-Type Content-Transfer-Encoding Content-Disposition "
                           "Content-ID Resent-To Resent-Cc Resent-Bcc";

static int header(form_t *f, const char *path, const char *name, json_t *value)
{
    ss_compose_header_t *h;

    for (const char *p = name; *p; p++) {
        if (*p <= 32 || *p >= 127 || *p == ':')
            return wrong(f, path, "not a name of a header field");
    }
    if (!*name || strlen(name) > 100) return wrong(f, path, "not a name of a header field");
    if (ss_text_word_index(ours, name) >= 0)
        return wrong(f, path, "cannot be set here; use the field of the document for it");
    if (f->model.headers->nelts >= HEADERS_MAX) return wrong(f, path, "too many header fields");
    h = apr_array_push(f->model.headers);
    h->name = apr_pstrdup(f->m->pool, name);
    return text(f, path, value, 1, &h->value);
}

static int read_headers(form_t *f, const char *path, json_t *value)
{
    const char *name;
    json_t *item;

    if (!json_is_object(value)) return wrong(f, path, "not an object of names and values");
    f->model.headers = apr_array_make(f->m->pool, 4, sizeof(ss_compose_header_t));
    json_object_foreach(value, name, item)
    {
        const char *at = member_path(f, path, name);
        if (!json_is_array(item)) {
            if (header(f, at, name, item)) return -1;
            continue;
        }
        for (size_t i = 0; i < json_array_size(item); i++) {
            if (header(f, item_path(f, at, i), name, json_array_get(item, i))) return -1;
        }
    }
    return 0;
}

/* Base64, in the document or lifted out of it (lift.h). */
static int content(form_t *f, const char *path, json_t *value, ss_compose_attachment_t *a)
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

static int is_cid(const char *cid)
{
    return *cid && !strpbrk(cid, "<> \t");
}

/* Reads a lifted content back into memory. */
static int take_back(form_t *f, ss_compose_attachment_t *a)
{
    char *bytes;
    apr_status_t rv = ss_lift_take_back(f->options->lift, a->lifted, &bytes, f->m->pool);

    if (rv != APR_SUCCESS) return no_room(f, rv);
    a->bytes = bytes;
    a->len = (apr_size_t)a->lifted->len;
    a->lifted = NULL;
    return 0;
}

/* NULL, or why these octets cannot be a part of this type. */
static const char *why_no_message(const char *type, const char *bytes, apr_size_t len)
{
    const char *at = bytes, *end = bytes + len;
    ss_canonical_facts_t facts;
    ss_header_field_t field;
    int got, fields = 0;

    if (strncasecmp(type, "message/rfc822", 14) && strncasecmp(type, "message/global", 14)) {
        ss_canonical_scan(bytes, len, &facts);
        return facts.has_8bit_header || facts.has_8bit_body || facts.has_nul ||
                       facts.longest_line > SS_MAIL_LINE_MAX
                   ? "a content of this type must be ASCII, in lines of at most 998 octets"
                   : NULL;
    }
    while ((got = ss_header_next(&at, end, &field)) == 1) fields++;
    return got < 0 || !fields ? "the content does not begin with the header of a message; as an "
                                "ordinary file it has the type application/octet-stream"
                              : NULL;
}

/* Checks a file that is a message. is_guess: its type was guessed by a browser, from its name; one
 * that does not fit is not the submitter's mistake. */
static int check_type(form_t *f, const char *path, ss_compose_attachment_t *a, int is_guess)
{
    const char *type = a->content_type ? a->content_type : "", *why = NULL;

    if (!strncasecmp(type, "multipart/", 10)) {
        why = "a multipart type has no content of its own; as an ordinary file it has the type "
              "application/octet-stream";
    } else if (ss_compose_is_message(type)) {
        if (a->lifted && take_back(f, a)) return -1;
        why = why_no_message(type, a->bytes, a->len);
    }
    if (why && !is_guess) return wrong(f, path, why);
    if (why) a->content_type = NULL;
    return 0;
}

static int attachment(form_t *f, const char *path, json_t *value)
{
    ss_compose_attachment_t *a = apr_array_push(f->model.attachments);
    const char *key, *at;
    int has_content = 0;
    json_t *item;

    memset(a, 0, sizeof(*a));
    if (!json_is_object(value))
        return wrong(f, path, "not an object with filename, contentType, content, cid");
    json_object_foreach(value, key, item)
    {
        at = member_path(f, path, key);
        if (!strcmp(key, "content")) {
            if (content(f, at, item, a)) return -1;
            has_content = 1;
        } else if (!strcmp(key, "filename")) {
            if (file_line(f, at, item, &a->filename)) return -1;
        } else if (!strcmp(key, "contentType")) {
            if (file_line(f, at, item, &a->content_type)) return -1;
            if (!ss_compose_is_type(a->content_type))
                return wrong(f, at, "not a media type like image/png");
        } else if (!strcmp(key, "cid")) {
            if (file_line(f, at, item, &a->cid)) return -1;
            if (!is_cid(a->cid))
                return wrong(f, at, "not a content id: it must not have blanks or brackets");
        } else
            return unknown(f, at, key,
                           "unknown field; an attachment has filename, contentType, content, cid",
                           "filename contentType content cid name>filename file>filename "
                           "type>contentType mimeType>contentType mediaType>contentType "
                           "data>content base64>content body>content contentId>cid id>cid");
    }
    if (!has_content) return wrong(f, member_path(f, path, "content"), "is missing");
    return check_type(f, member_path(f, path, "contentType"), a, 0);
}

static int read_attachments(form_t *f, const char *path, json_t *value)
{
    if (!json_is_array(value)) return wrong(f, path, "not a list");
    if (json_array_size(value) > ATTACHMENTS_MAX) return wrong(f, path, "too many attachments");
    f->model.attachments = apr_array_make(f->m->pool, 4, sizeof(ss_compose_attachment_t));
    for (size_t i = 0; i < json_array_size(value); i++) {
        if (attachment(f, item_path(f, path, i), json_array_get(value, i))) return -1;
    }
    return 0;
}

static int add_rcpts(form_t *f, const char *path, const apr_array_header_t *list)
{
    for (int i = 0; list && i < list->nelts; i++) {
        if (ss_mail_add_rcpt(f->m, APR_ARRAY_IDX(list, i, ss_address_t).address, f->notify, path,
                             f->problem))
            return -1;
    }
    return 0;
}

static int read_envelope(form_t *f, const char *path, json_t *value)
{
    const char *key;
    json_t *item;
    apr_array_header_t *list;

    if (!json_is_object(value)) return wrong(f, path, "not an object with from and to");
    json_object_foreach(value, key, item)
    {
        const char *at = member_path(f, path, key);
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
            return unknown(f, at, key, "unknown field; an envelope has from and to",
                           "from to mailFrom>from sender>from returnPath>from rcptTo>to "
                           "recipients>to rcpt>to");
    }
    return 0;
}

static int read_message_id(form_t *f, const char *path, json_t *value)
{
    const char *s;
    size_t n;

    if (text(f, path, value, 1, &s)) return -1;
    if (*s && *s != '<') s = apr_pstrcat(f->m->pool, "<", s, ">", NULL);
    n = strlen(s);
    if (n < 5 || n > 900 || s[n - 1] != '>' || strcspn(s + 1, "<> \t") != n - 2 || !strchr(s, '@'))
        return wrong(f, path, "not a message id like <id@example.com>");
    f->model.message_id = s;
    return 0;
}

static int read_notify(form_t *f, const char *path, json_t *value)
{
    const char *s;
    size_t count = json_is_array(value) ? json_array_size(value) : 1;

    for (size_t i = 0; i < count; i++) {
        const char *at = json_is_array(value) ? item_path(f, path, i) : path;
        if (text(f, at, json_is_array(value) ? json_array_get(value, i) : value, 1, &s)) return -1;
        if (ss_dsn_notify(s, &f->notify))
            return wrong(f, f->notify & SS_NOTIFY_NEVER ? path : at,
                         "must be never, or a list of success, failure and delay");
    }
    return 0;
}

/* A flat object, as its JSON text. */
static int read_object(form_t *f, const ss_attributes_row_t *row, json_t *value)
{
    const char *key, *copy;
    json_t *item;
    char *dump;

    if (!json_is_object(value)) return wrong(f, row->name, "not an object");
    json_object_foreach(value, key, item)
    {
        if (json_is_object(item) || json_is_array(item))
            return wrong(f, member_path(f, row->name, key),
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

static int read_attribute(form_t *f, const ss_attributes_row_t *row, json_t *value)
{
    const char *s, *why;

    if (row->kind == SS_ATTRIBUTE_OBJECT) return read_object(f, row, value);
    if (row->kind == SS_ATTRIBUTE_DURATION && json_is_integer(value))
        s = apr_psprintf(f->m->pool, "%" APR_INT64_T_FMT, (apr_int64_t)json_integer_value(value));
    else if (text(f, row->name, value, 1, &s))
        return -1;
    else
        s = apr_pstrdup(f->m->pool, s);
    why = ss_attributes_read(row, &f->m->attr, s, f->m->pool);
    return why ? wrong(f, row->name, why) : 0;
}

/* The value of the calendar's METHOD, NULL: it has none. -1: it is not a name. */
static int find_method(form_t *f, const char *calendar, const char **method)
{
    *method = NULL;
    for (const char *line = calendar; line; line = strpbrk(line, "\r\n")) {
        line += strspn(line, "\r\n");
        if (strncasecmp(line, "METHOD:", 7)) continue;
        line += 7;
        apr_size_t len = strspn(line, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-");
        if (!len || len > 32 || (line[len] && !strchr("\r\n \t", line[len]))) return -1;
        *method = apr_pstrmemdup(f->m->pool, line, len);
        return 0;
    }
    return 0;
}

static int read_calendar(form_t *f, const char *path, json_t *value)
{
    if (text(f, path, value, 0, &f->model.calendar)) return -1;
    if (strncasecmp(f->model.calendar, "BEGIN:VCALENDAR", 15))
        return wrong(f, path, "not iCalendar text, which begins with BEGIN:VCALENDAR");
    return find_method(f, f->model.calendar, &f->model.method)
               ? wrong(f, path, "its METHOD is not a name like REQUEST")
               : 0;
}

static int read_individually(form_t *f, const char *path, json_t *value)
{
    if (!json_is_boolean(value)) return wrong(f, path, "must be true or false");
    f->m->individually = json_is_true(value);
    return 0;
}

typedef enum {
    ADDRESSES, /* with a place in form_t */
    LINE,
    TEXT,
    ONE, /* with a reader; in a form, given once */
    LIST,
    SWITCH,
    OBJECT
} shape_t;

/* Everything that is not an attribute. notify comes first: recipients copy it. */
static const struct {
    const char *name;
    shape_t shape;
    int (*read)(form_t *f, const char *path, json_t *value);
    apr_size_t place;
} members[] = { { "notify", LIST, read_notify, 0 },
                { "from", ONE, read_from, 0 },
                { "to", ADDRESSES, NULL, offsetof(form_t, model.to) },
                { "cc", ADDRESSES, NULL, offsetof(form_t, model.cc) },
                { "bcc", ADDRESSES, NULL, offsetof(form_t, bcc) },
                { "replyTo", ADDRESSES, NULL, offsetof(form_t, model.reply_to) },
                { "subject", LINE, NULL, offsetof(form_t, model.subject) },
                { "text", TEXT, NULL, offsetof(form_t, model.text) },
                { "html", TEXT, NULL, offsetof(form_t, model.html) },
                { "calendar", ONE, read_calendar, 0 },
                { "headers", OBJECT, read_headers, 0 },
                { "attachments", OBJECT, read_attachments, 0 },
                { "envelope", OBJECT, read_envelope, 0 },
                { "messageId", ONE, read_message_id, 0 },
                { "individually", SWITCH, read_individually, 0 } };
#define MEMBERS (sizeof(members) / sizeof(members[0]))

static int read_member(form_t *f, size_t i, json_t *value)
{
    void *place = (char *)f + members[i].place;

    switch (members[i].shape) {
    case ADDRESSES: return addresses(f, members[i].name, value, place);
    case LINE:
    case TEXT: return text(f, members[i].name, value, members[i].shape == LINE, place);
    default: return members[i].read(f, members[i].name, value);
    }
}

/* What other mailers call the members. */
#define ALIASES                                                                                    \
    "sender>from author>from recipients>to recipient>to replyAddress>replyTo body>text "           \
    "message>text content>text plain>text bodyText>text textBody>text htmlBody>html "              \
    "bodyHtml>html title>subject files>attachments attachment>attachments file>attachments "       \
    "header>headers sendAt>at scheduledAt>at delay>at ttl>expire expires>expire "                  \
    "returnPath>envelope tags>metadata callback>webhook ics>calendar ical>calendar "               \
    "icalEvent>calendar invite>calendar"

static const char *all_names(apr_pool_t *pool)
{
    const char *names = ALIASES;

    for (size_t i = 0; i < MEMBERS; i++)
        names = apr_pstrcat(pool, names, " ", members[i].name, NULL);
    for (const ss_attributes_row_t *row = ss_attributes_rows; row->name; row++) {
        if (row->set_by & SS_SET_DOCUMENT) names = apr_pstrcat(pool, names, " ", row->name, NULL);
    }
    return names;
}

/* Its place in the table, or MEMBERS. */
static size_t member_of(const char *name)
{
    size_t i = 0;

    while (i < MEMBERS && strcmp(members[i].name, name)) i++;
    return i;
}

static int read_fields(form_t *f, json_t *document)
{
    const char *key;
    json_t *item;

    json_object_foreach(document, key, item)
    {
        if (member_of(key) == MEMBERS && !ss_attributes_find(key, SS_SET_DOCUMENT))
            return unknown(f, key, key, "there is no such field", all_names(f->m->pool));
    }
    for (size_t i = 0; i < MEMBERS; i++) {
        item = json_object_get(document, members[i].name);
        if (item && !json_is_null(item) && read_member(f, i, item)) return -1;
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
    return ss_mail_problem(f->problem, 413, "content",
                           "the message has %" APR_UINT64_T_FMT
                           " octets, the limit is %" APR_SIZE_T_FMT,
                           head + tail->len, max);
}

static apr_status_t drop(void *document)
{
    json_decref(document);
    return APR_SUCCESS;
}

/* Makes MIME of the model, and the message of that. Of document, MIME and message no more than two
 * are in memory at once. */
static int compose(form_t *f, const ss_parse_options_t *options)
{
    ss_mail_message_t *m = f->m;
    apr_pool_t *pool;
    const char *bytes;
    apr_size_t len;

    apr_pool_create(&pool, m->pool);
    int failed = ss_compose(&bytes, &len, &f->model, f->problem, pool);
    apr_pool_cleanup_run(m->pool, f->document, drop);
    f->document = NULL;
    if (failed || ss_parse_message(m, bytes, len, options, f->problem)) return -1;
    if (m->content < bytes || m->content > bytes + len) apr_pool_destroy(pool);
    return 0;
}

static int finish(form_t *f)
{
    ss_parse_options_t options = *f->options;

    if (!f->has_envelope_to && (add_rcpts(f, "to", f->model.to) ||
                                add_rcpts(f, "cc", f->model.cc) || add_rcpts(f, "bcc", f->bcc)))
        return -1;
    if (!f->m->rcpts->nelts)
        return refuse(f, SS_PROBLEM_RECIPIENT, "to",
                      "the message has no recipient: to, cc, bcc or envelope.to");
    if (!f->model.from.address) f->model.from.address = f->options->default_from;
    if (!f->model.from.address || !*f->model.from.address)
        return refuse(f, SS_PROBLEM_SENDER, "from", "is missing");
    f->model.author = f->options->author;
    f->model.host = f->options->host;
    f->model.now = f->options->now;
    f->model.random = f->options->random;
    f->model.lift = f->options->lift;
    options.takes_rcpts = 0;
    options.default_domain = NULL; /* all addresses have one by now */
    if (compose(f, &options)) return -1;
    return ss_lift_has(f->options->lift, f->m->content, f->m->content_len) ? lower(f) : 0;
}

/* Files of a form; their names and types are untrusted. */
static int add_files(form_t *f, const apr_array_header_t *files)
{
    for (int i = 0; files && i < files->nelts; i++) {
        ss_compose_attachment_t a = APR_ARRAY_IDX(files, i, ss_compose_attachment_t);
        const char *path = apr_psprintf(f->m->pool, "file %d", i + 1);
        if (!f->model.attachments)
            f->model.attachments = apr_array_make(f->m->pool, 4, sizeof(ss_compose_attachment_t));
        if (f->model.attachments->nelts >= ATTACHMENTS_MAX)
            return wrong(f, path, "too many attachments");
        if (a.filename && check_file_line(f, path, a.filename)) return -1;
        if (a.content_type &&
            (check_file_line(f, path, a.content_type) || !ss_compose_is_type(a.content_type)))
            return wrong(f, path, "its Content-Type is not a media type like image/png");
        if (a.cid && (check_file_line(f, path, a.cid) || !is_cid(a.cid)))
            return wrong(f, path, "its Content-ID is not a content id");
        if (check_type(f, path, &a, 1)) return -1;
        APR_ARRAY_PUSH(f->model.attachments, ss_compose_attachment_t) = a;
    }
    return 0;
}

/* ---- documents ---- */

/* Takes over the document. files: further attachments, of ss_compose_attachment_t, or NULL. */
static int read_document(form_t *f, json_t *document, const apr_array_header_t *files)
{
    f->document = document;
    apr_pool_cleanup_register(f->m->pool, document, drop, apr_pool_cleanup_null);
    f->paths = f->m->pool;
    apr_pool_create(&f->scratch, f->m->pool);
    if (!json_is_object(document))
        return ss_mail_problem(f->problem, SS_PROBLEM_BODY, NULL,
                               "the JSON document is not an object");
    return read_fields(f, document) || add_files(f, files) || finish(f) ? -1 : 0;
}

int ss_form_document(ss_mail_message_t *m, json_t *document, const apr_array_header_t *files,
                     const ss_parse_options_t *options, ss_mail_problem_t *problem)
{
    form_t f = { .m = m, .options = options, .problem = problem };

    return read_document(&f, document, files);
}

/* What is wrong with the encoding of a document, or NULL. */
static const char *why_not_utf8(const char *bytes, apr_size_t len)
{
    apr_size_t head = len < 4 ? len : 4;

    if (len >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3))
        return "it begins with a byte order mark (U+FEFF), which JSON must not have";
    return memchr(bytes, '\0', head) ||
                   (len >= 2 && (!memcmp(bytes, "\xff\xfe", 2) || !memcmp(bytes, "\xfe\xff", 2)))
               ? "it is UTF-16 or UTF-32, and JSON must be UTF-8"
               : NULL;
}

int ss_form_json(ss_mail_message_t *m, const char *bytes, apr_size_t len,
                 const ss_parse_options_t *options, ss_mail_problem_t *problem)
{
    form_t f = { .m = m, .options = options, .problem = problem };
    const char *why = why_not_utf8(bytes, len);
    json_error_t error;

    if (why)
        return ss_mail_problem(problem, SS_PROBLEM_BODY, NULL, "the JSON cannot be read: %s", why);
    json_t *document = ss_json_read(bytes, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    if (document) return read_document(&f, document, NULL);
    return ss_mail_problem(problem, SS_PROBLEM_BODY, NULL,
                           "the JSON cannot be read: line %d, column %d: %s%s",
                           error.line + options->lines_before, error.column, error.text,
                           strncmp(error.text, "unable to decode", 16) ? "" : ": it is not UTF-8");
}

/* ---- the fields of an HTML form become a document ---- */

/* What a name holds; names that do not exist are left to read_fields, which refuses them. */
static shape_t shape_of(const char *name)
{
    size_t i = member_of(name);

    if (i < MEMBERS) return members[i].shape;
    const ss_attributes_row_t *row = ss_attributes_find(name, SS_SET_DOCUMENT);
    return row && row->kind == SS_ATTRIBUTE_OBJECT ? OBJECT : ONE;
}

/* Adds a value; a second one of the same name makes a list. */
static void put(json_t *object, const char *name, json_t *value)
{
    json_t *there = json_object_get(object, name);

    if (!there) {
        json_object_set_new(object, name, value);
    } else if (json_is_array(there)) {
        json_array_append_new(there, value);
    } else {
        json_object_set_new(object, name, json_pack("[O,o]", there, value));
    }
}

static int put_switch(form_t *f, json_t *document, const char *name, const char *value)
{
    int is_yes = ss_text_word_index("1 on true yes", value) >= 0;

    if (!is_yes && ss_text_word_index("0 off false no", value) < 0)
        return wrong(f, name, "must be true or false");
    return json_object_set_new(document, name, json_boolean(is_yes));
}

static int put_member(form_t *f, json_t *document, const char *name, const char *member,
                      const char *field, const char *value)
{
    json_t *object = json_object_get(document, name), *text = json_string(value);

    if (!text) return wrong(f, field, "not UTF-8");
    if (!object) {
        object = json_object();
        json_object_set_new(document, name, object);
    }
    if (!json_is_object(object)) {
        json_decref(text);
        return wrong(f, field, "is given as JSON and as single fields");
    }
    put(object, member, text);
    return 0;
}

static int put_json(form_t *f, json_t *document, const char *name, const char *value)
{
    json_error_t error;
    json_t *parsed = ss_json_read(value, strlen(value), JSON_REJECT_DUPLICATES, &error);

    if (!parsed)
        return wrong(f, name, "in a form this is JSON, or single fields like headers.X-Name");
    if (json_object_get(document, name)) {
        json_decref(parsed);
        return wrong(f, name, "is given more than once");
    }
    json_object_set_new(document, name, parsed);
    return 0;
}

static int put_field(form_t *f, json_t *document, const ss_form_field_t *field)
{
    apr_size_t len = strlen(field->name);
    int is_php_list = len > 2 && !strcmp(field->name + len - 2, "[]");
    const char *name = is_php_list ? apr_pstrmemdup(f->m->pool, field->name, len - 2) : field->name;
    const char *dot = strchr(name, '.');
    json_t *text;

    if (!*field->value) return 0;
    if (dot && dot > name && dot[1]) {
        const char *object = apr_pstrmemdup(f->m->pool, name, (apr_size_t)(dot - name));
        if (shape_of(object) == OBJECT && strcmp(object, "attachments"))
            return put_member(f, document, object, dot + 1, name, field->value);
    }
    switch (shape_of(name)) {
    case SWITCH: return put_switch(f, document, name, field->value);
    case OBJECT: return put_json(f, document, name, field->value);
    case ADDRESSES:
    case LIST: break;
    default:
        if (json_object_get(document, name)) return wrong(f, name, "is given more than once");
    }
    text = json_string(field->value);
    if (!text) return wrong(f, name, "not UTF-8");
    put(document, name, text);
    return 0;
}

int ss_form_fields(ss_mail_message_t *m, const apr_array_header_t *fields,
                   const apr_array_header_t *files, const ss_parse_options_t *options,
                   ss_mail_problem_t *problem)
{
    form_t f = { .m = m, .options = options, .problem = problem };
    json_t *document = json_object();
    int failed = 0;

    for (int i = 0; i < fields->nelts && !failed; i++)
        failed = put_field(&f, document, &APR_ARRAY_IDX(fields, i, ss_form_field_t));
    if (!failed) return read_document(&f, document, files);
    json_decref(document);
    return -1;
}
