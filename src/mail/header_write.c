#include "mail/header_write.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

#include "base/problem_kind.h"
#include "base/text.h"
#include "mail/header_parameters.h"
#include "mail/mail.h"
#include "mail/words.h"

#define LINE_CODED 76 /* octets of a line with encoded words (RFC 2047 2) */
/* an encoded field grows at most so much */
#define GROWTH_MAX 20
#define SEALED_MAX 4096 /* octets of names that signatures cover; with more, they cover all */

static const struct {
    ss_header_kind_t kind;
    const char *names;
} kinds[] = {
    { SS_HEADER_SENDERS, "From Sender Resent-From Resent-Sender" },
    { SS_HEADER_ADDRESSES,
      "Reply-To To Cc Bcc Resent-Reply-To Resent-To "
      "Resent-Cc "
      "Disposition-Notification-To Return-Receipt-To Errors-To Mail-Followup-To Mail-Reply-To "
      "Return-Path" },
    { SS_HEADER_IDS, "Message-ID In-Reply-To References Resent-Message-ID Content-ID "
                     "Original-Message-ID List-ID" },
    { SS_HEADER_URIS,
      "List-Unsubscribe List-Subscribe List-Post List-Help List-Owner List-Archive Archived-At" },
    { SS_HEADER_PARAMETERS, "Content-Type Content-Disposition" },
    { SS_HEADER_TRACE,
      "Received Date Resent-Date Authentication-Results DKIM-Signature Received-SPF MIME-Version "
      "Content-Transfer-Encoding" }
};

static ss_header_kind_t kind_of(const ss_header_field_t *field)
{
    char name[40];

    if (field->name_len >= sizeof(name)) return SS_HEADER_TEXT;
    apr_cpystrn(name, field->start, field->name_len + 1);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (ss_text_word_index(kinds[i].names, name) >= 0) return kinds[i].kind;
    return SS_HEADER_TEXT;
}

/* ---- folding ---- */

typedef struct {
    const char *p, *end;
    ss_header_kind_t kind;
    int is_quoted, is_angle, depth; /* where p is */
} place_t;

static int is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Notes an octet. */
static void pass(place_t *at)
{
    char c = *at->p;

    if (c == '\\' && (at->is_quoted || at->depth) && at->p + 1 < at->end && at->p[1] != '\r')
        at->p++;
    else if (c == '"' && !at->depth)
        at->is_quoted = !at->is_quoted;
    else if (at->is_quoted)
        return;
    else if (c == '(')
        at->depth++;
    else if (c == ')' && at->depth)
        at->depth--;
    else if (!at->depth && c == '<')
        at->is_angle = 1;
    else if (!at->depth && c == '>')
        at->is_angle = 0;
}

/* Whether the line may be folded between two octets that are not blanks: where a blank changes
 * nothing. */
static int is_gap(const place_t *at, char before, char c)
{
    if (at->is_quoted || at->depth || at->is_angle || is_blank(before) || is_blank(c)) return 0;
    if (c == '<' && (before == '>' || before == ',') && at->kind == SS_HEADER_IDS) return 1;
    return (before == ',' && (SS_HEADER_HAS_ADDRESSES(at->kind) || at->kind == SS_HEADER_URIS)) ||
           (before == ';' &&
            (SS_HEADER_HAS_ADDRESSES(at->kind) || at->kind == SS_HEADER_PARAMETERS));
}

/* Whether the line may be folded before the octet at p: a blank behind text and with text behind
 * it, so that no line consists of blanks; or a gap. */
static int is_fold(const place_t *at, const char *line)
{
    const char *p = at->p;

    if (p == line || *p == '\r') return 0;
    if (!is_blank(*p)) return is_gap(at, p[-1], *p);
    if (is_blank(p[-1])) return 0;
    while (p < at->end && is_blank(*p)) p++;
    return p < at->end && *p != '\r';
}

/* Appends len octets of field, the last line end left out, in lines of at most `most` octets where
 * it can be folded so, and never over SS_MAIL_LINE_MAX. 0, or -1: it cannot be folded. */
static int fold(ss_buf_t *out, const char *text, apr_size_t len, ss_header_kind_t kind,
                apr_size_t most)
{
    place_t at = { text, text + len, kind, 0, 0, 0 };
    const char *line = text, *start = text, *found = NULL, *first = NULL;
    apr_size_t added = 0; /* a blank in front of this line */

    for (; at.p < at.end; at.p++) {
        if (*at.p == '\n') {
            ss_buf_append(out, line, (apr_size_t)(at.p + 1 - line));
            line = start = at.p + 1;
            found = first = NULL;
            added = 0;
            continue;
        }
        /* The place behind the field's name only if there is no other. */
        int is_place = is_fold(&at, start), is_first = is_place && at.p[-1] == ':' && !first;
        if (is_first) first = at.p;
        apr_size_t used = (apr_size_t)(at.p - line) + added;
        if (is_place && !is_first && used <= most) found = at.p;
        if (used >= SS_MAIL_LINE_MAX && !found) found = first;
        if (used >= most && is_place && !is_first && !found) found = at.p;
        if (used >= most && found && *at.p != '\r') {
            ss_buf_append(out, line, (apr_size_t)(found - line));
            ss_buf_puts(out, is_blank(*found) ? "\r\n" : "\r\n ");
            added = !is_blank(*found);
            line = found;
            start = found + 1;
            found = first = NULL;
            used = (apr_size_t)(at.p - line) + added;
        }
        if (used >= SS_MAIL_LINE_MAX && *at.p != '\r') return -1;
        pass(&at);
    }
    return ss_buf_append(out, line, (apr_size_t)(at.end - line)) == APR_SUCCESS ? 0 : -1;
}

/* ---- one field ---- */

static int has_long_line(const char *p, apr_size_t len)
{
    const char *end = p + len;

    while ((apr_size_t)(end - p) > SS_MAIL_LINE_MAX) {
        const char *lf = memchr(p, '\n', (apr_size_t)(end - p)), *stop = lf ? lf : end;
        if (lf && stop > p && stop[-1] == '\r') stop--;
        if (stop - p > SS_MAIL_LINE_MAX) return 1;
        if (!lf) break;
        p = lf + 1;
    }
    return 0;
}

static int is_sealed(const ss_header_field_t *field, const char *sealed)
{
    if (!sealed) return 0;
    if (strlen(sealed) > SEALED_MAX || field->name_len > SEALED_MAX) return 1;
    char name[SEALED_MAX + 3];
    apr_snprintf(name, sizeof(name), ":%.*s:", (int)field->name_len, field->start);
    return ss_text_contains(sealed, name);
}

/* The value in UTF-8, if it is not a list of parameters. */
static ss_header_result_t encode(ss_buf_t *to, const char *text, apr_size_t name, apr_size_t len,
                                 ss_header_kind_t kind, const char *charset, apr_pool_t *pool)
{
    const char *value = text + name;
    apr_size_t value_len = len - name;
    ss_header_encoding_t found;

    ss_buf_append(to, text, name);
    if (kind == SS_HEADER_PARAMETERS) {
        found = ss_header_parameters(to, value, value_len, charset, pool);
    } else {
        value = ss_words_q_octets(pool, value, &value_len);
        value = ss_words_utf8(pool, charset, value, value_len);
        found = ss_header_encode(to, kind, value, strlen(value), pool);
    }
    switch (found) {
    case SS_HEADER_HAS_ADDRESS: return SS_HEADER_NEEDS_UTF8;
    case SS_HEADER_HAS_ID: return SS_HEADER_NO_CODING;
    case SS_HEADER_ENCODED: break;
    }
    return SS_HEADER_WRITTEN;
}

/* Encodes the text of a field, which has no line end, and folds it. */
static ss_header_result_t write_encoded(ss_buf_t *out, const ss_header_field_t *field,
                                        apr_size_t len, const ss_header_how_t *how,
                                        ss_header_kind_t kind, apr_pool_t *pool)
{
    const char *colon = field->name_len ? memchr(field->start, ':', len) : NULL;
    apr_size_t name = colon ? (apr_size_t)(colon + 1 - field->start) : 0, before = out->len;
    ss_buf_t coded;

    ss_buf_init(&coded, len * GROWTH_MAX + 1024);
    ss_header_result_t result = encode(&coded, field->start, name, len, kind, how->charset, pool);
    if (result == SS_HEADER_WRITTEN && fold(out, coded.data, coded.len, kind, LINE_CODED)) {
        out->len = before;
        result = SS_HEADER_NO_FOLD;
    }
    ss_buf_free(&coded);
    return result;
}

static ss_header_result_t write_field(ss_buf_t *out, const ss_header_field_t *field, apr_size_t len,
                                      const ss_header_how_t *how, apr_pool_t *pool)
{
    int is_high = !ss_text_is_ascii(field->start, len), must_encode = how->is_ascii && is_high;
    ss_header_kind_t kind = kind_of(field);
    if (kind == SS_HEADER_ADDRESSES && how->hides_addresses) kind = SS_HEADER_HIDDEN;
    apr_size_t before = out->len;
    ss_header_result_t result;

    if (!must_encode && !has_long_line(field->start, len))
        return ss_buf_append(out, field->start, len) == APR_SUCCESS ? SS_HEADER_WRITTEN
                                                                    : SS_HEADER_NO_ROOM;
    if (is_sealed(field, how->sealed)) return SS_HEADER_SEALED;
    if (!must_encode) {
        if (!fold(out, field->start, len, kind, SS_MAIL_LINE_MAX)) return SS_HEADER_WRITTEN;
        out->len = before;
        if (!is_high && kind != SS_HEADER_PARAMETERS) return SS_HEADER_NO_FOLD;
    }
    result = write_encoded(out, field, len, how, kind, pool);
    if (result != SS_HEADER_WRITTEN && how->is_nested && is_high)
        result = write_encoded(out, field, len, how, SS_HEADER_TEXT, pool);
    return result;
}

/* The octets with CRLF as line ends; bare CRs and zero bytes are blanks. A name keeps its length.
 */
static const char *with_line_ends(const char *p, apr_size_t *len, apr_pool_t *pool)
{
    const char *end = p + *len;
    apr_size_t more = 0, bad = memchr(p, '\0', *len) != NULL;

    for (const char *c = p; c < end; c++) {
        more += *c == '\n' && (c == p || c[-1] != '\r');
        bad += *c == '\r' && (c + 1 == end || c[1] != '\n');
    }
    if (!more && !bad) return p;
    char *start = apr_palloc(pool, *len + more + 1), *out = start;
    for (; p < end; p++) {
        if (*p == '\n') {
            *out++ = '\r';
            *out++ = '\n';
        } else if (*p != '\r' || p + 1 == end || p[1] != '\n')
            *out++ = *p && *p != '\r' ? *p : ' ';
    }
    *len = (apr_size_t)(out - start);
    return start;
}

ss_header_result_t ss_header_write(ss_buf_t *out, const ss_header_field_t *field,
                                   const ss_header_how_t *how, apr_pool_t *pool)
{
    apr_size_t len = field->len, before = out->len;
    ss_header_field_t clean = *field;
    apr_pool_t *own;

    while (len && (field->start[len - 1] == '\n' || field->start[len - 1] == '\r')) len--;
    apr_pool_create(&own, pool);
    clean.start = with_line_ends(field->start, &len, own);
    ss_header_result_t result = write_field(out, &clean, len, how, own);
    apr_pool_destroy(own);
    if (result == SS_HEADER_WRITTEN && ss_buf_puts(out, "\r\n") != APR_SUCCESS) {
        out->len = before;
        return SS_HEADER_NO_ROOM;
    }
    return result;
}

int ss_header_problem(ss_mail_problem_t *problem, const ss_header_field_t *field,
                      ss_header_result_t result, apr_pool_t *pool)
{
    static const char *const what[] = {
        [SS_HEADER_NEEDS_UTF8] =
            "has an address outside ASCII, which only a server with SMTPUTF8 takes",
        [SS_HEADER_NO_CODING] =
            "has characters outside ASCII where they cannot be encoded; use ASCII there",
        [SS_HEADER_NO_FOLD] = "has more than " APR_STRINGIFY(
            SS_MAIL_LINE_MAX) " octets without a place where the line can be folded; fold it",
        [SS_HEADER_SEALED] = "must be changed to be sent, but it is signed (DKIM or ARC)",
        [SS_HEADER_NO_ROOM] = "grows too large when it is encoded"
    };
    const char *name =
        field->name_len ? apr_pstrmemdup(pool, field->start, field->name_len) : "header";

    return ss_mail_problem(problem, result == SS_HEADER_NO_ROOM ? 413 : SS_PROBLEM_HEADER, name,
                           "the field %.80s %s", name, what[result]);
}

ss_header_result_t ss_header_write_all(ss_buf_t *out, const char *header, apr_size_t len,
                                       const char *without, const ss_header_how_t *how,
                                       ss_mail_problem_t *problem, apr_pool_t *pool)
{
    const char *p = header, *end = header + len;

    while (p < end) {
        ss_header_field_t field;
        if (ss_header_next(&p, end, &field) != 1) {
            const char *lf = memchr(p, '\n', (apr_size_t)(end - p)), *stop = lf ? lf + 1 : end;
            field = (ss_header_field_t){ .start = p, .len = (apr_size_t)(stop - p) };
            p = stop;
        } else if (without && ss_header_is(&field, without))
            continue;
        ss_header_result_t result = ss_header_write(out, &field, how, pool);
        if (result == SS_HEADER_WRITTEN) continue;
        ss_header_problem(problem, &field, result, pool);
        return result;
    }
    return SS_HEADER_WRITTEN;
}

/* ---- signatures ---- */

/* Appends the names of the tag "h=" of a signature. */
static void add_names(ss_buf_t *names, const ss_header_field_t *field)
{
    const char *p = field->value, *end = p + field->value_len;

    while (p < end) {
        const char *semicolon = memchr(p, ';', (apr_size_t)(end - p)),
                   *stop = semicolon ? semicolon : end;
        while (p < stop && strchr(" \t\r\n", *p)) p++;
        if (stop - p > 1 && apr_tolower(*p) == 'h' && strchr(" \t\r\n=", p[1])) {
            for (p++; p < stop; p++) {
                if (!strchr(" \t\r\n=", *p)) ss_buf_append(names, p, 1);
            }
            ss_buf_puts(names, ":");
        }
        p = semicolon ? semicolon + 1 : end;
    }
}

const char *ss_header_sealed(const char *header, apr_size_t len, apr_pool_t *pool)
{
    const char *p = header, *end = header + len, *sealed = NULL;
    ss_header_field_t field;
    ss_buf_t names;
    int got;

    ss_buf_init(&names, len + 64);
    while ((got = ss_header_next(&p, end, &field)) != 0) {
        if (got < 0) {
            const char *lf = memchr(p, '\n', (apr_size_t)(end - p));
            p = lf ? lf + 1 : end;
        } else if (ss_header_is(&field, "DKIM-Signature") ||
                   ss_header_is(&field, "ARC-Message-Signature")) {
            if (!names.len) ss_buf_puts(&names, ":dkim-signature:arc-message-signature:arc-seal:");
            add_names(&names, &field);
        }
    }
    if (names.len) sealed = apr_pstrmemdup(pool, names.data, names.len);
    ss_buf_free(&names);
    return sealed;
}

/* ---- fields of our own ---- */

const char *ss_header_compose(const char *name, const char *value, ss_header_result_t *why,
                              apr_pool_t *pool)
{
    static const ss_header_how_t how = { .is_ascii = 1 };
    ss_header_field_t field = { .start = apr_pstrcat(pool, name, ": ", value, NULL),
                                .name_len = strlen(name) };
    ss_buf_t out;
    const char *text = NULL;

    if (kind_of(&field) == SS_HEADER_TEXT)
        field.start = apr_pstrcat(pool, name, ": ", ss_words_encode(pool, value), NULL);
    field.len = strlen(field.start);
    ss_buf_init(&out, field.len * GROWTH_MAX + 1024);
    *why = ss_header_write(&out, &field, &how, pool);
    if (*why == SS_HEADER_WRITTEN) text = apr_pstrmemdup(pool, out.data, out.len);
    ss_buf_free(&out);
    return text;
}
